"""A camera that goes once around a cloud, and the movie of what it saw."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bgnn_studio.core.files import replacing
from bgnn_studio.core.saved_session import Camera, Triple
from bgnn_studio.errors import BgnnError
from bgnn_studio.scene.camera import AXES

MOVIES = {".webp": "WEBP", ".gif": "GIF"}


def turned(camera: Camera, degrees: float, up: str) -> Camera:
    """Return a camera turned about the axis `up` (``x``, ``y`` or ``z``) through its focal point, counter-clockwise seen from above."""
    position, focal, view_up = (np.array(part) for part in camera)
    return _triple(focal + _turn(position - focal, degrees, up)), camera[1], _triple(_turn(view_up, degrees, up))


def movie_format(path: Path) -> str:
    """Return Pillow's name of the format of a movie file; raises `BgnnError` for an ending that is none."""
    if path.suffix.lower() not in MOVIES:
        raise BgnnError(f"{path}: expected a movie ending in {' or '.join(MOVIES)} (got {path.suffix or 'no ending'}).")
    return MOVIES[path.suffix.lower()]


def write_movie(path: Path, frames: Sequence[NDArray[np.uint8]], seconds: float) -> None:
    """Write (H, W, 3) frames as an animation without end, `seconds` a round: WebP or GIF, by the ending of the name.

    Raises
    ------
    BgnnError
        Another ending.
    OSError
        The file cannot be written.
    """
    kind = movie_format(path)
    first, *others = (Image.fromarray(frame) for frame in frames)
    each = round(1000 * seconds / len(frames))
    with replacing(path) as file:
        first.save(file, format=kind, save_all=True, append_images=others, duration=each, loop=0, quality=85, method=4)


def _turn(vector: NDArray[np.float64], degrees: float, up: str) -> NDArray[np.float64]:
    """Rotate a vector about an axis (Rodrigues)."""
    axis, angle = np.array(AXES[up]), np.radians(degrees)
    along = axis * (axis @ vector)
    return np.asarray(along + np.cos(angle) * (vector - along) + np.sin(angle) * np.cross(axis, vector))


def _triple(vector: NDArray[np.float64]) -> Triple:
    return float(vector[0]), float(vector[1]), float(vector[2])
