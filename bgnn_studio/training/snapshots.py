"""Snapshots of a training run: everything that it needs to go on as if it had never stopped, written whole or not at all."""

import io
from pathlib import Path
from typing import Any

import torch

from bgnn_studio.core.files import replacing
from bgnn_studio.errors import BgnnError


def save(path: Path, state: dict[str, Any]) -> None:
    """Write a snapshot over the one before, which stays as it was if this one cannot be written (`BgnnError`)."""
    buffer = io.BytesIO()  # torch would make a RuntimeError of a full disk
    torch.save(state, buffer)
    try:
        with replacing(path) as file:
            file.write(buffer.getbuffer())
    except OSError as error:
        raise BgnnError(
            f"{path}: the snapshot could not be written ({error.strerror}). The one before is as it was: free some space, then --resume."
        ) from error


def load(path: Path, recipe: dict[str, Any]) -> dict[str, Any] | None:
    """Read the snapshot of a run with this recipe; None where there is none.

    Raises
    ------
    BgnnError
        Not a snapshot, or one of a run with other settings, which it names.
    """
    if not path.exists():
        return None
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        before = state["recipe"]
    except Exception as error:  # whatever torch makes of another or a damaged file
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise BgnnError(f"{path}: expected a snapshot of a training run ({reason}). Delete it to train this stage again.") from error
    other = [f"{key} {before.get(key)!r}, now {recipe.get(key)!r}" for key in {**before, **recipe} if before.get(key) != recipe.get(key)]
    if other:
        raise BgnnError(
            f"{path}: was made with other settings ({'; '.join(other)}). Choose another folder, or delete this one to start again."
        )
    return state
