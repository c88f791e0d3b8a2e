"""Labelled sets on disk: one NPZ archive, or a folder of cloud files by class, ModelNet40's published folders among them.

- ``FILE.npz``: ``points`` (n, N, 3) real, ``labels`` (n,) whole numbers from 0, ``classes`` (names, as strings). It is one split.
- ``FOLDER/CLASS/SPLIT/FILE``: ModelNet40's meshes; any kind of cloud that `read_cloud` reads.
- ``FOLDER/CLASS/FILE``: no splits.
- `modelnet40_ply_hdf5_2048`: see `hdf5_sets`.
- PyG's ``ModelNet``, a folder with ``raw`` or ``processed``: see `pyg_sets`.
- `modelnet40_normal_resampled`: ``modelnet40_shape_names.txt``, lists ``modelnet40_SPLIT.txt``, files ``CLASS/CLASS_0001.txt``.

The classes of a folder are its folders' names in alphabetical order; the clouds are read one by one, as they are asked for.
"""

import os
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bgnn_studio.core.evaluation import LabelledSet
from bgnn_studio.core.files import read_plain
from bgnn_studio.errors import ReaderError
from bgnn_studio.io.hdf5_sets import hdf5_splits, is_hdf5_set, read_hdf5_set
from bgnn_studio.io.pyg_sets import is_pyg_set, is_raw_pyg_set, pyg_splits, read_pyg_set
from bgnn_studio.io.readers import read_cloud, supported_extensions
from bgnn_studio.io.readers.arrays import read_member

KEYS = ("points", "labels", "classes")
DEFAULT_SPLIT = "test"
MAX_LIST_BYTES = 16 << 20
LAYOUTS = "CLASS/SPLIT/FILE or CLASS/FILE, with files in a format of point clouds"


def read_labelled(path: str | os.PathLike[str], split: str | None = None) -> LabelledSet:
    """Open a labelled set of any layout above.

    Parameters
    ----------
    path : path
        A folder or an NPZ archive.
    split : str, optional
        By default ``test``, or everything where the set has no splits.

    Raises
    ------
    ReaderError
        With the path: nothing there, another layout, arrays that do not fit, or no such split.
    BgnnError
        No cloud, or labels that are not of the classes.
    """
    path = Path(path)
    try:
        if is_hdf5_set(path):
            return read_hdf5_set(path, split or DEFAULT_SPLIT)
        if is_pyg_set(path) and not is_raw_pyg_set(path):
            return read_pyg_set(path, split or DEFAULT_SPLIT)
        if path.is_dir():
            path = path / "raw" if is_raw_pyg_set(path) else path
            names = path / "modelnet40_shape_names.txt"
            return _listed(path, names, split or DEFAULT_SPLIT) if names.is_file() else _by_class(path, split)
        return _archive(path, split)
    except OSError as error:
        raise ReaderError(f"{error.filename or path}: could not be read ({error.strerror}). Check the name and the permissions.") from error


def splits_of(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """Return the splits that a folder or archive has, in alphabetical order; none where it is one split, or no labelled set."""
    path = Path(path)
    if is_hdf5_set(path):
        return hdf5_splits(path)
    if is_raw_pyg_set(path):
        path = path / "raw"
    elif is_pyg_set(path):
        return pyg_splits(path)
    if (path / "modelnet40_shape_names.txt").is_file():
        listed = (p.stem.removeprefix("modelnet40_") for p in path.glob("modelnet40_*.txt"))
        return tuple(sorted(name for name in listed if name != "shape_names"))
    try:
        return tuple(_splits(_parts(path)) if path.is_dir() else ())
    except OSError as error:
        raise ReaderError(f"{error.filename or path}: could not be read ({error.strerror}). Check the name and the permissions.") from error


def _archive(path: Path, split: str | None) -> LabelledSet:
    if split is not None:
        raise ReaderError(f"{path}: expected no --split: an archive is one split (got '{split}'). Leave it out.")
    try:
        with zipfile.ZipFile(path) as archive:
            members = {m.filename.removesuffix(".npy"): m for m in archive.infolist()}
            arrays = [read_member(archive, members[key]) for key in KEYS if key in members]
    except OSError:
        raise
    except ReaderError as error:
        raise ReaderError(f"{path}: {error}") from error
    except Exception as error:  # whatever zipfile and numpy make of another or a damaged file
        raise ReaderError(f"{path}: expected a folder of clouds, or an NPZ archive of {', '.join(KEYS)} (got: {error}).") from error
    if len(arrays) < len(KEYS):
        raise ReaderError(f"{path}: expected the arrays {', '.join(KEYS)} (found {', '.join(sorted(members)) or 'none'}).")
    points, labels, classes = arrays
    n = len(points) if points.ndim == 3 else 0
    for key, good, expected, array in (
        ("points", points.ndim == 3 and points.shape[2] == 3 and points.dtype.kind in "fiu", "(n, N, 3) of real numbers", points),
        ("labels", labels.shape in ((n,), (n, 1)) and labels.dtype.kind in "iu", f"({n},) of whole numbers", labels),
        ("classes", classes.ndim == 1 and classes.dtype.kind == "U", "(classes,) of strings", classes),
    ):
        if not good:
            raise ReaderError(f"{path}: expected '{key}' of shape {expected} (got {array.shape} of {array.dtype}).")
    names = tuple(f"cloud {i}" for i in range(n))
    return LabelledSet(str(path), None, tuple(map(str, classes)), labels.reshape(-1).astype(np.int64), names, points.__getitem__)


def _by_class(root: Path, split: str | None) -> LabelledSet:
    loose = {folder.name: _files(folder) for folder in _folders(root)}
    parts = _parts(root)
    splits = _splits(parts)
    if not splits:
        if split is not None:
            raise ReaderError(f"{root}: expected a set with the split '{split}' (found no CLASS/{split} folder with clouds).")
        files = {name: found for name, found in loose.items() if found}
    else:
        split = split or DEFAULT_SPLIT
        if split not in splits:
            raise ReaderError(f"{root}: expected a split among {', '.join(splits)} (got '{split}'). Expected layout: {LAYOUTS}.")
        stray = next((found[0] for found in loose.values() if found), None)
        if stray is not None:
            raise ReaderError(f"{root}: expected every cloud in a split, as CLASS/{split} (found {stray.relative_to(root)} outside).")
        files = {name: part.get(split, []) for name, part in parts.items() if any(part.values())}
    if not files:
        raise ReaderError(f"{root}: expected {LAYOUTS} (found no cloud).")
    return _of_files(root, split, sorted(files), [(path, name) for name in sorted(files) for path in files[name]])


def _parts(root: Path) -> dict[str, dict[str, list[Path]]]:
    """Return the clouds in the folders of the folders."""
    return {folder.name: {inner.name: _files(inner) for inner in _folders(folder)} for folder in _folders(root)}


def _splits(parts: dict[str, dict[str, list[Path]]]) -> list[str]:
    return sorted({name for part in parts.values() for name, files in part.items() if files})


def _listed(root: Path, names: Path, split: str) -> LabelledSet:
    listed = root / f"modelnet40_{split}.txt"
    classes, clouds = _lines(names), _lines(listed)
    pairs = [(root / name / f"{cloud}.txt", name) for cloud in clouds for name in [cloud.rpartition("_")[0]]]
    strange = next((path.stem for path, name in pairs if name not in classes), None)
    if strange is not None:
        raise ReaderError(f"{listed}: expected lines as CLASS_0001 with a class of {names.name} (got '{strange}').")
    return _of_files(root, split, classes, pairs)


def _of_files(root: Path, split: str | None, classes: Sequence[str], pairs: Sequence[tuple[Path, str]]) -> LabelledSet:
    labels = np.array([classes.index(name) for _, name in pairs], dtype=np.int64)
    clouds = tuple(str(path.relative_to(root)) for path, _ in pairs)
    return LabelledSet(str(root), split, tuple(classes), labels, clouds, lambda i: read_cloud(pairs[i][0]).points)


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def _files(folder: Path) -> list[Path]:
    """Return the files that are clouds by their extension; notes, lists and hidden files are none."""
    known = supported_extensions()
    return sorted(p for p in folder.iterdir() if p.is_file() and p.suffix.lower() in known and not p.name.startswith("."))


def _lines(path: Path) -> list[str]:
    return [line.strip() for line in read_plain(path, MAX_LIST_BYTES).decode(errors="replace").splitlines() if line.strip()]
