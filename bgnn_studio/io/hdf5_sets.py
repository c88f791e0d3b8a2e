"""ModelNet40 as published in HDF5: ``shape_names.txt`` and ``ply_data_SPLIT*.h5``, each with data (n, P, 3) and label (n, 1)."""

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from bgnn_studio.core.evaluation import LabelledSet
from bgnn_studio.errors import ReaderError
from bgnn_studio.io.readers.registry import check_room

NAMES = "shape_names.txt"
_FILE = re.compile(r"ply_data_([A-Za-z]+)(\d+)\.h5")


def is_hdf5_set(root: Path) -> bool:
    """Return whether a folder is such a set."""
    return (root / NAMES).is_file()


def hdf5_splits(root: Path) -> tuple[str, ...]:
    """Return its splits, in alphabetical order."""
    return tuple(sorted({name for name, _, _ in _found(root)}))


def read_hdf5_set(root: Path, split: str) -> LabelledSet:
    """Open a split; its files are read one by one, as their clouds are asked for.

    Raises
    ------
    ReaderError
        No such split, or a file without such data and labels.
    """
    paths = [path for name, _, path in sorted(_found(root)) if name == split]
    if not paths:
        raise ReaderError(f"{root}: expected a split among {', '.join(hdf5_splits(root))} (found no file ply_data_{split}0.h5).")
    labels = [_labels(path) for path in paths]
    places = [(path, i) for path, some in zip(paths, labels, strict=True) for i in range(len(some))]
    read = lru_cache(maxsize=1)(_clouds)
    classes = tuple(line.strip() for line in (root / NAMES).read_text(encoding="utf-8").splitlines() if line.strip())
    names = tuple(f"{path.name}#{i}" for path, i in places)
    return LabelledSet(str(root), split, classes, np.concatenate(labels), names, lambda i: read(places[i][0])[places[i][1]])


def _found(root: Path) -> Iterator[tuple[str, int, Path]]:
    """Return split, number and path of every file."""
    for path in root.glob("*.h5"):
        if name := _FILE.fullmatch(path.name):
            yield name[1], int(name[2]), path


def _labels(path: Path) -> np.ndarray[Any, Any]:
    with _opened(path) as archive:
        data, labels = archive.get("data"), archive.get("label")
        if data is None or labels is None or data.ndim != 3 or data.shape[2] < 3 or data.dtype.kind not in "fiu":
            raise ReaderError(f"{path}: expected 'data' (n, P, 3) of real numbers and 'label' (n, 1) (found {', '.join(archive)}).")
        if labels.shape not in ((len(data),), (len(data), 1)) or labels.dtype.kind not in "iu":
            raise ReaderError(f"{path}: expected 'label' ({len(data)}, 1) of whole numbers (got {labels.shape} of {labels.dtype}).")
        check_room(data.size * data.dtype.itemsize + labels.size * labels.dtype.itemsize, path.stat().st_size)
        return np.asarray(labels).reshape(-1).astype(np.int64)


def _clouds(path: Path) -> np.ndarray[Any, Any]:
    with _opened(path) as archive:
        return np.asarray(archive["data"][:, :, :3])


def _opened(path: Path) -> Any:  # noqa: ANN401
    import h5py

    try:
        if not path.is_file():
            raise ReaderError(f"{path}: expected an HDF5 file (got a folder or device). Copy it again.")
        return h5py.File(path, "r")
    except OSError as error:
        raise ReaderError(f"{path}: expected an HDF5 file (got: {error}). Copy it again.") from error
