"""Clouds as the commands feed them to models, and files that the commands write."""

from collections.abc import Callable
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from bgnn_studio.core.clouds import Cloud, preprocess, preprocess_for
from bgnn_studio.core.files import replacing
from bgnn_studio.errors import BgnnError
from bgnn_studio.io.readers import read_cloud
from bgnn_studio.native import Model


def open_points(
    path: Path, model: Model | None = None, *, raw: bool = False, count: int | None = None
) -> tuple[Cloud, NDArray[np.float32]]:
    """Read a cloud; return it with its points centred, scaled and resampled, or as they are if `raw`.

    They are resampled to `count`, or else, where there are more, to the number that the model was trained with. The window does the same.
    """
    if raw and count is not None:
        raise BgnnError("Expected --raw or --points, not both: raw points are never resampled. Drop one of them.")
    cloud = read_cloud(path)
    if raw:
        return cloud, cloud.points
    if count is None and model is not None:
        return cloud, preprocess_for(cloud.points, model.spec.points)
    return cloud, preprocess(cloud.points, count)


def describe_points(cloud: Cloud, points: NDArray[np.float32], *, raw: bool) -> str:
    """Say how many points went in and what was done to them."""
    have, got = len(cloud.points), len(points)
    if raw:
        return f"{have} points, as they are"
    change = "" if got == have else f", resampled to {got}" + (f" ({got - have} of them repeats)" if got > have else "")
    return f"{have} points, unit sphere{change}"


def write_file(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Write a file by a function of the open file; raises `BgnnError` when it cannot be written."""
    try:
        with replacing(path) as file:
            write(file)
    except OSError as error:
        raise BgnnError(f"{path}: could not be written ({error.strerror}). Choose another folder, or free some space.") from error
