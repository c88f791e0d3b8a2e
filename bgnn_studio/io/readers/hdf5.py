"""HDF5 in ModelNet40's published layout, through h5py: ``data (n, P, 3)`` holds n clouds, of which one is read."""

import io
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from bgnn_studio.errors import ReaderError
from bgnn_studio.io.readers.arrays import MAX_COLUMNS
from bgnn_studio.io.readers.columns import MAX_ATTRIBUTES, Array, named, unnamed
from bgnn_studio.io.readers.registry import CloudFile, Found, check_room, reader

if TYPE_CHECKING:
    import h5py


@reader(".h5", ".hdf5", kind="HDF5 file", signature=rb"\x89HDF\r\n\x1a\n", indexed=True)
def read_hdf5(file: CloudFile) -> Found:
    """Read one cloud of ``data (n, P, 3)``, with its columns after the third and what other data sets (n, P) or (n, P, C) say of it."""
    import h5py

    with h5py.File(io.BytesIO(file.data), "r") as archive:
        data = _dataset(archive)
        if data.ndim != 3 or not len(data) or not 3 <= data.shape[2] <= MAX_COLUMNS or data.dtype.kind not in "fiu":
            raise ReaderError(f"Expected clouds 'data' of numbers (n, P, 3) (got {data.dtype} {data.shape}).")
        if file.index >= len(data):
            raise ReaderError(f"Expected a cloud from #0 to #{len(data) - 1} (got #{file.index}).")
        values = _cloud(data, file)
        beside: dict[str, Array] = {}
        for name in archive:
            other = archive[name] if name != "data" and isinstance(archive.get(name, getlink=True), h5py.HardLink) else None
            if isinstance(other, h5py.Dataset) and _is_beside(other, data) and len(beside) < MAX_ATTRIBUTES:
                beside[name] = _cloud(other, file)
    named_ones = named(beside)
    taken = {attribute.name for attribute in named_ones}
    columns = unnamed(values[:, 3:], range(3, values.shape[1]))
    return Found(values[:, :3], [*named_ones, *(a for a in columns if a.name not in taken)])


def _is_beside(other: "h5py.Dataset", data: "h5py.Dataset") -> bool:
    """Whether a data set has numbers for each point of `data`."""
    wide = other.ndim == 2 or (other.ndim == 3 and 1 <= other.shape[2] <= MAX_COLUMNS)
    return wide and other.dtype.kind in "fiu" and other.shape[:2] == data.shape[:2]


def _cloud(data: "h5py.Dataset", file: CloudFile) -> Array:
    """Return the values of the cloud that is wanted, (P, ...)."""
    if data.is_virtual or data.external or not data.id.get_storage_size():
        raise ReaderError(
            f"Expected the values of '{data.name.strip('/')}' in this file (found none, or only where else they are). Copy them into it."
        )
    for values in (prod(data.shape[1:]), prod(data.chunks or ())):
        check_room(values * data.dtype.itemsize, len(file.data))
    return np.asarray(data[file.index])


def _dataset(archive: "h5py.File") -> "h5py.Dataset":
    import h5py

    if not isinstance(archive.get("data", getlink=True), h5py.HardLink) or not isinstance(data := archive["data"], h5py.Dataset):
        names = ", ".join(name for name, _ in zip(archive, range(8), strict=False))
        raise ReaderError(f"Expected ModelNet40's layout: clouds 'data' (n, P, 3) (found {names or 'nothing'}). Rename your data set.")
    return data
