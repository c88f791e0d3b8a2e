"""Numpy files: NPY with one array (N, >= 3), NPZ with such an array under ``points``, ``data`` or any other name."""

import io
import zipfile
from math import prod
from typing import IO, Any

import numpy as np

from bgnn_studio.errors import ReaderError
from bgnn_studio.io.readers.registry import Points, reader

MAX_ARRAY_BYTES = 1 << 29  # of one member of an archive, unpacked: forty million points
MAX_COLUMNS = 32  # coordinates, normals, colours; more are a transposed array or no cloud


@reader(".npy", kind="NPY array", signature=rb"\x93NUMPY")
def read_npy(data: bytes) -> Points:
    """Read the first three columns of an array (N, >= 3)."""
    return _columns(_load(io.BytesIO(data), len(data)), "the array")


@reader(".npz", kind="NPZ archive", signature=rb"PK\x03\x04")
def read_npz(data: bytes) -> Points:
    """Read the first three columns of ``points``, else of ``data``, else of the first array (N, >= 3)."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {m.filename.removesuffix(".npy"): m for m in archive.infolist() if m.filename.endswith(".npy")}
        for name in ("points", "data"):
            if name in members:
                return _columns(read_member(archive, members[name]), f"'{name}'")
        for name, member in members.items():
            with archive.open(member) as stream:
                shape, _ = _header(stream)
            if len(shape) == 2 and 3 <= shape[1] <= MAX_COLUMNS:
                return _columns(read_member(archive, member), f"'{name}'")
    raise ReaderError(f"Expected an array (N, 3) named 'points' (found {', '.join(sorted(members)) or 'no array'}).")


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray[Any, Any]:
    """Read one array of an archive; raises `ReaderError` for one that is too large, cut short, or of Python objects."""
    if member.file_size > MAX_ARRAY_BYTES:
        raise ReaderError(f"Expected arrays of up to {MAX_ARRAY_BYTES >> 20} MiB ('{member.filename}' has {member.file_size >> 20} MiB).")
    with archive.open(member) as stream:
        return _load(io.BytesIO(stream.read()), member.file_size)


def _load(stream: IO[bytes], size: int) -> np.ndarray[Any, Any]:
    """Load an array after its header was found to promise no more than there is."""
    shape, dtype = _header(stream)
    promised, rest = prod(shape) * dtype.itemsize, size - stream.tell()
    if dtype.hasobject or promised > rest:
        what = "Python objects" if dtype.hasobject else f"{promised} bytes, {rest} are there"
        raise ReaderError(f"Expected an array of numbers (the header promises {what}). Save it again with numpy.save.")
    stream.seek(0)
    return np.asarray(np.load(stream, allow_pickle=False))


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    if version not in ((1, 0), (2, 0)):
        raise ReaderError(f"Expected an array file of version 1 or 2 (got {version[0]}.{version[1]}). Save plain numbers.")
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(stream)
    return shape, dtype


def _columns(values: np.ndarray[Any, Any], name: str) -> Points:
    if values.ndim != 2 or not 3 <= values.shape[1] <= MAX_COLUMNS:
        hint = "Save one cloud alone." if values.ndim == 3 else "Save one row of x, y, z for each point."
        raise ReaderError(f"Expected {name} of shape (N, 3) (got {values.shape}). {hint}")
    return values[:, :3]
