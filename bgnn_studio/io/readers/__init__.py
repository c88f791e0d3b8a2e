"""Point-cloud files: `read_cloud` reads any supported kind, told by its content; a new kind is one function with ``@reader``."""

import io
import os
import re
from collections.abc import Callable
from concurrent.futures import CancelledError
from pathlib import Path

import numpy as np

from bgnn_studio.core.clouds import Cloud
from bgnn_studio.core.files import starts_with
from bgnn_studio.errors import BgnnError, ReaderError
from bgnn_studio.io.readers import arrays, gltf, hdf5, las, meshes, obj, pcd, ply, tables  # noqa: F401  (importing them registers their readers)
from bgnn_studio.io.readers.registry import MAX_FILE_BYTES, READERS, CloudFile, Points, find_reader

MODEL_MAGIC = b"GGUF"
PART_BYTES = 1 << 21  # of a file, read at a time
FAR = 1000.0  # extents from the origin: there a float32 tells 16,000 places along the cloud apart


def supported_extensions() -> tuple[str, ...]:
    """Return the usual extensions of point-cloud files, with their dots."""
    return tuple(extension for r in READERS for extension in r.extensions)


def is_model_file(path: str | os.PathLike[str]) -> bool:
    """Whether a file is a model (GGUF) by its first bytes; False for one that cannot be read."""
    return starts_with(Path(path), len(MODEL_MAGIC)) == MODEL_MAGIC


def split_index(path: str | os.PathLike[str]) -> tuple[Path, int | None]:
    """Return the file and the number in ``clouds.h5#12``; None without a number, or where a file has that very name."""
    path = Path(path)
    numbered = re.fullmatch(r"(.+)#([0-9]{1,9})", path.name)
    if numbered is None or os.path.lexists(path):
        return path, None
    return path.with_name(numbered[1]), int(numbered[2])


def read_cloud(path: str | os.PathLike[str], tell: Callable[[int, int], None] | None = None) -> Cloud:
    """Read a point cloud; its name is the file's without the suffix.

    A mesh gives 2048 points on its surface, seeded. Nothing is centred or scaled. Of a file of many clouds ``clouds.h5#12`` is number
    12, counted from 0, and ``clouds.h5`` the first; name and path of the cloud end with the number. Coordinates that are far from
    the origin for their extent are moved near it by whole units, for float32 would round them.

    Parameters
    ----------
    path : path
    tell : callable, optional
        Told how much of how much is read, first in bytes and then in points; the `concurrent.futures.CancelledError` that it raises
        ends the reading.

    Raises
    ------
    ReaderError
        With the path: no such file, not a cloud, damaged, or points that are not finite.
    """
    tell = tell or _untold
    file, index = split_index(path)
    data = _content(file, tell)
    if data.startswith(MODEL_MAGIC):
        raise ReaderError(f"{path}: expected a point cloud (got a model file). Give it as a model.")
    reader = find_reader(data, file.suffix)
    if reader is None:
        kinds = ", ".join(r.kind for r in READERS)
        raise ReaderError(f"{path}: expected a point cloud ({kinds}; got binary data of no known kind). Convert it to PLY or NPY.")
    if index is not None and not reader.indexed:
        raise ReaderError(f"{path}: expected no number (a {reader.kind} holds one cloud). Leave out '#{index}'.")
    number = f"#{index or 0}" if reader.indexed else ""
    try:
        with np.errstate(all="ignore"):  # a number that does not fit its type is judged afterwards
            found = reader.parse(CloudFile(data, file.parent, index or 0, tell))
            tell(len(data), len(data))
            return Cloud(file.stem + number, _near_origin(found.points), file.with_name(file.name + number), found.attributes)
    except CancelledError:
        raise
    except BgnnError as error:
        raise ReaderError(f"{path}: read as {reader.kind}: {_one_line(error)}") from error
    except ImportError as error:
        raise ReaderError(
            f"{path}: reading a {reader.kind} needs a library that is missing ({error}). Install bgnn-studio again."
        ) from error
    except Exception as error:  # whatever a library makes of a damaged file
        raise ReaderError(f"{path}: expected a {reader.kind} (damaged: {_one_line(error)[:200]}). Save or download it again.") from error


def _near_origin(points: Points) -> Points:
    """Return double coordinates that float32 would round visibly moved by whole units, and any others as they are."""
    if points.dtype != np.float64 or points.ndim != 2 or not len(points):
        return points
    low, high = points.min(axis=0), points.max(axis=0)
    far = np.abs([low, high]).max() > FAR * (high - low).max() > 0
    return points - np.floor(low) if far and np.isfinite([low, high]).all() else points


def _untold(_done: int, _total: int) -> None:
    pass


def _one_line(error: Exception) -> str:
    """Return a message whose quotes from a file, or whose library, may have broken it into lines."""
    return " ".join(str(error).split())


def _content(path: Path, tell: Callable[[int, int], None]) -> bytes:
    try:
        if path.exists() and not path.is_file():
            raise ReaderError(f"{path}: expected a file (got a folder or device).")
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise ReaderError(f"{path}: expected up to {MAX_FILE_BYTES >> 20} MiB (got {size >> 20} MiB). Resample the cloud first.")
        with path.open("rb", buffering=0) as file:
            content = io.BytesIO()  # grows in place, where joined parts would stop every other thread for their length
            while part := file.read(min(PART_BYTES, max(size - content.tell(), 0) + 1)):
                content.write(part)
                tell(content.tell(), size)
        data = content.getvalue()
    except OSError as error:
        raise ReaderError(f"{path}: could not be read ({error.strerror}). Check the name and the permissions.") from error
    except ValueError as error:  # a NUL in the name
        raise ReaderError(f"{path}: not a file name ({error}).") from error
    if not data:
        raise ReaderError(f"{path}: expected a point cloud (the file is empty).")
    return data
