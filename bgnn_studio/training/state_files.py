"""Reading the flat state dict of a checkpoint file; nothing in the file is executed, and no file asks for more memory than it fills."""

import io
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from bgnn_studio.core.files import read_plain
from bgnn_studio.errors import ModelFileError

MAX_BYTES = 1 << 30
_WRAPPERS = ("model", "state_dict", "model_state_dict", "net")
_TENSORS_ONLY = "expected a checkpoint with tensors only, as torch.save(model.state_dict(), path) writes it"


def read_state(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file or of `torch.save`, wrappers and `module.` prefixes removed.

    Raises
    ------
    ModelFileError
        No such file, something else, code in a pickle, damage, or tensors that are larger than what the file holds.
    """
    try:
        data = read_plain(path, MAX_BYTES)
    except OSError as error:
        raise ModelFileError(f"{path}: could not be opened ({error.strerror}). Check the path.") from error
    if data.startswith(b"GGUF"):
        raise ModelFileError(f"{path}: is a model file already. Open it as it is; convert takes torch checkpoints.")
    loaded = _safetensors(path, data) if data[8:9] == b"{" else _pickled(path, data)
    state = {str(name).removeprefix("module."): t for name, t in loaded.items() if isinstance(t, Tensor)}
    for name, t in state.items():
        if t.layout != torch.strided or t.is_meta or t.numel() * t.element_size() > len(data):
            raise ModelFileError(
                f"{path}: tensor '{name[:60]}' of shape {tuple(t.shape)} is not in the file, which has {len(data)} bytes. Save it again."
            )
    return state


def _pickled(path: Path, data: bytes) -> Mapping[object, object]:
    try:
        if data.startswith(b"PK"):
            _check_archive(data)
        loaded = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ModelFileError(
            f"{path}: {_TENSORS_ONLY}. This is something else, or holds code, which is never run. Save the state dict again."
        ) from error
    except Exception as error:  # whatever torch makes of another or a damaged file
        raise ModelFileError(f"{path}: {_TENSORS_ONLY} (got {_first_line(error)}). Save the state dict again.") from error
    while isinstance(loaded, Mapping) and (inner := [loaded[w] for w in _WRAPPERS if isinstance(loaded.get(w), Mapping)]):
        loaded = inner[0]
    if not isinstance(loaded, Mapping):
        raise ModelFileError(f"{path}: expected a state dict (got {type(loaded).__name__}). Save model.state_dict().")
    return loaded


def _check_archive(data: bytes) -> None:
    """Raise `ValueError` for an archive that promises more than it holds: torch stores its records as they are."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        promised = sum(record.file_size for record in archive.infolist())
    if promised > len(data):
        raise ValueError(f"an archive that promises {promised} bytes in {len(data)}")


def _safetensors(path: Path, data: bytes) -> Mapping[str, Tensor]:
    from safetensors.torch import load

    try:
        return load(data)
    except Exception as error:  # as above
        raise ModelFileError(f"{path}: expected a safetensors file (damaged: {_first_line(error)}). Save or download it again.") from error


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
