"""HDF5 in ModelNet40's published layout, through h5py: ``data (n, P, 3)`` holds n clouds, of which one is read."""

import io
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from bgnn_studio.errors import ReaderError
from bgnn_studio.io.readers.arrays import MAX_COLUMNS
from bgnn_studio.io.readers.registry import CloudFile, Points, check_room, reader

if TYPE_CHECKING:
    import h5py


@reader(".h5", ".hdf5", kind="HDF5 file", signature=rb"\x89HDF\r\n\x1a\n", indexed=True)
def read_hdf5(file: CloudFile) -> Points:
    """Read one cloud of ``data (n, P, 3)``; columns after the third are ignored."""
    import h5py

    with h5py.File(io.BytesIO(file.data), "r") as archive:
        data = _dataset(archive)
        if data.ndim != 3 or not len(data) or not 3 <= data.shape[2] <= MAX_COLUMNS or data.dtype.kind not in "fiu":
            raise ReaderError(f"Expected clouds 'data' of numbers (n, P, 3) (got {data.dtype} {data.shape}).")
        if file.index >= len(data):
            raise ReaderError(f"Expected a cloud from #0 to #{len(data) - 1} (got #{file.index}).")
        if data.is_virtual or data.external or not data.id.get_storage_size():
            raise ReaderError("Expected the values of 'data' in this file (found none, or only where else they are). Copy them into it.")
        for values in (prod(data.shape[1:]), prod(data.chunks or ())):
            check_room(values * data.dtype.itemsize, len(file.data))
        return np.asarray(data[file.index, :, :3])


def _dataset(archive: "h5py.File") -> "h5py.Dataset":
    import h5py

    if not isinstance(archive.get("data", getlink=True), h5py.HardLink) or not isinstance(data := archive["data"], h5py.Dataset):
        names = ", ".join(name for name, _ in zip(archive, range(8), strict=False))
        raise ReaderError(f"Expected ModelNet40's layout: clouds 'data' (n, P, 3) (found {names or 'nothing'}). Rename your data set.")
    return data
