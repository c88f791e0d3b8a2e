"""Numpy files: NPY with one array (N, >= 3), NPZ with such an array under ``points``, ``data`` or any other name.

Columns after the third are attributes by their values, other arrays of N rows in an NPZ by their names.
"""

import io
import zipfile
from math import prod
from typing import IO, Any

import numpy as np

from bgnn_studio.errors import ReaderError
from bgnn_studio.io.readers.columns import Array, named, unnamed
from bgnn_studio.io.readers.registry import CloudFile, Found, reader

MAX_ARRAY_BYTES = 1 << 29  # of one member of an archive, unpacked: forty million points
MAX_COLUMNS = 32  # coordinates, normals, colours; more are a transposed array or no cloud


@reader(".npy", kind="NPY array", signature=rb"\x93NUMPY")
def read_npy(file: CloudFile) -> Found:
    """Read an array (N, >= 3), or one of records with x, y and z."""
    values = _load(io.BytesIO(file.data), len(file.data))
    if values.dtype.names is not None and {"x", "y", "z"} <= set(values.dtype.names) and values.ndim == 1:
        points = np.stack([values[axis] for axis in "xyz"], axis=1)
        return Found(points, named({name: values[name] for name in values.dtype.names if name not in ("x", "y", "z")}))
    return _columns(values, "the array")


@reader(".npz", kind="NPZ archive", signature=rb"PK\x03\x04")
def read_npz(file: CloudFile) -> Found:
    """Read ``points``, else ``data``, else the first array (N, >= 3)."""
    with zipfile.ZipFile(io.BytesIO(file.data)) as archive:
        members = {m.filename.removesuffix(".npy"): m for m in archive.infolist() if m.filename.endswith(".npy")}
        shapes = {name: _shape(archive, member) for name, member in members.items()}
        wide = [name for name, shape in shapes.items() if len(shape) == 2 and 3 <= shape[1] <= MAX_COLUMNS]
        chosen = next((name for name in ("points", "data", *wide) if name in members), None)
        if chosen is None:
            raise ReaderError(f"Expected an array (N, 3) named 'points' (found {', '.join(sorted(members)) or 'no array'}).")
        found = _columns(read_member(archive, members[chosen]), f"'{chosen}'")
        count, room, others = len(found.points), MAX_ARRAY_BYTES, {}
        for name, shape in shapes.items():
            if name != chosen and shape[:1] == (count,) and (len(shape) == 1 or (len(shape) == 2 and 1 <= shape[1] <= MAX_COLUMNS)):
                room -= members[name].file_size
                if room < 0:
                    raise ReaderError(f"Expected arrays of up to {MAX_ARRAY_BYTES >> 20} MiB beside '{chosen}' (got more). Leave some out.")
                others[name] = read_member(archive, members[name])
    taken = {attribute.name for attribute in found.attributes}
    return Found(found.points, [*found.attributes, *(a for a in named(others) if a.name not in taken)])


def _shape(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> tuple[int, ...]:
    """Return the shape of an array; () for one that holds no numbers."""
    with archive.open(member) as stream:
        shape, dtype = _header(stream)
    return () if dtype.hasobject else shape


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


def _columns(values: Array, name: str) -> Found:
    if values.ndim != 2 or not 3 <= values.shape[1] <= MAX_COLUMNS:
        hint = "Save one cloud alone." if values.ndim == 3 else "Save one row of x, y, z for each point."
        raise ReaderError(f"Expected {name} of shape (N, 3) (got {values.shape}). {hint}")
    rest = values[:, 3:] if values.dtype.kind in "fiu" else values[:, :0]
    return Found(values[:, :3], unnamed(rest, range(3, values.shape[1])))
