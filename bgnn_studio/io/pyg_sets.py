"""PyG's ``ModelNet``: a folder with ``processed/training.pt`` and ``processed/test.pt``, or only ``raw/CLASS/SPLIT/FILE.off``.

A processed file is what `torch.save` makes of a dictionary of tensors (``pos``, ``y``, ``face`` unless the points were sampled), their
slices and a class. It is read without torch: its pickle may name tensors and dictionaries, and nothing else in it runs.
"""

import io
import math
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bgnn_studio.core.evaluation import LabelledSet
from bgnn_studio.errors import ReaderError
from bgnn_studio.io.readers.surface import mesh_points

Array = np.ndarray[Any, Any]
_FILES = {"train": "training.pt", "test": "test.pt"}
# ModelNet's classes, those of ModelNet10 in capitals.
_NAMES = """airplane BATHTUB BED bench bookshelf bottle bowl car CHAIR cone cup curtain DESK door DRESSER flower_pot glass_box guitar
keyboard lamp laptop mantel MONITOR NIGHT_STAND person piano plant radio range_hood sink SOFA stairs stool TABLE tent TOILET tv_stand vase
wardrobe xbox"""
_FORTY = tuple(_NAMES.lower().split())
_TEN = tuple(name.lower() for name in _NAMES.split() if name.isupper())
_STORAGES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "ByteStorage": "u1",
}


def is_pyg_set(root: Path) -> bool:
    """Return whether a folder is such a set."""
    return any((root / "processed" / name).is_file() for name in _FILES.values()) or is_raw_pyg_set(root)


def is_raw_pyg_set(root: Path) -> bool:
    """Return whether a folder has only the meshes of such a set: nobody has processed them."""
    return (root / "raw").is_dir() and not any((root / "processed" / name).is_file() for name in _FILES.values())


def pyg_splits(root: Path) -> tuple[str, ...]:
    """Return the splits that are processed, in alphabetical order."""
    return tuple(sorted(split for split, name in _FILES.items() if (root / "processed" / name).is_file()))


def read_pyg_set(root: Path, split: str) -> LabelledSet:
    """Open a processed split; a mesh gives points on its surface as one in a file does.

    Raises
    ------
    ReaderError
        No such split, or a file that is not of that kind.
    """
    if split not in pyg_splits(root):
        raise ReaderError(f"{root}: expected a split among {', '.join(pyg_splits(root))} (got '{split}').")
    path = root / "processed" / _FILES[split]
    tensors, slices = _load(path)
    pos, faces, labels = tensors["pos"], tensors.get("face"), tensors["y"].reshape(-1).astype(np.int64)
    starts, corners = slices["pos"], slices.get("face")

    def load(i: int) -> Array:
        points = pos[starts[i] : starts[i + 1]]
        return points if faces is None or corners is None else mesh_points(points, faces[:, corners[i] : corners[i + 1]].T)

    names = tuple(f"{path.name}#{i}" for i in range(len(labels)))
    return LabelledSet(str(root), split, _classes(root, labels), labels, names, load)


def _classes(root: Path, labels: Array) -> tuple[str, ...]:
    """Return the folders of the meshes, which PyG numbers in alphabetical order, else ModelNet's names."""
    raw = root / "raw"
    named = sorted(path.name for path in raw.iterdir() if path.is_dir()) if raw.is_dir() else []
    if len(named) > labels.max(initial=0):
        return tuple(named)
    return _TEN if labels.max(initial=0) < len(_TEN) else _FORTY


def _load(path: Path) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return tensors and slices of a processed file."""
    try:
        with zipfile.ZipFile(path) as archive:
            loaded = _Unpickler(archive).load()
    except (OSError, ReaderError) as error:
        raise error if isinstance(error, OSError) else ReaderError(f"{path}: {error}") from error
    except Exception as error:  # whatever zipfile and pickle make of another or a damaged file
        raise ReaderError(f"{path}: expected a set that PyG has processed (got: {error}). Process it again.") from error
    parts = loaded[:2] if isinstance(loaded, tuple) and len(loaded) >= 2 else ()
    if not all(isinstance(part, dict) for part in parts) or len(parts) < 2:
        raise ReaderError(f"{path}: expected tensors and their slices (got another object). Process it again with PyG 2.4 or newer.")
    tensors, slices = ({key: value for key, value in part.items() if isinstance(value, np.ndarray)} for part in parts)
    _check(path, tensors, slices)
    return tensors, slices


def _check(path: Path, tensors: dict[str, Array], slices: dict[str, Array]) -> None:
    missing = [key for key in ("pos", "y") if key not in tensors or key not in slices]
    if missing:
        raise ReaderError(f"{path}: expected the tensors pos and y (found {', '.join(sorted(tensors)) or 'none'}).")
    pos, y, face = tensors["pos"], tensors["y"], tensors.get("face")
    n = y.size
    for key, good, expected, array in (
        ("pos", pos.ndim == 2 and pos.shape[1] == 3 and pos.dtype.kind in "fi", "(points, 3) of real numbers", pos),
        ("y", y.dtype.kind == "i" and y.size > 0, "(n) of whole numbers", y),
        ("face", face is None or (face.ndim == 2 and face.shape[0] == 3 and face.dtype.kind == "i"), "(3, faces) of whole numbers", face),
        ("pos's slices", _rises(slices["pos"], n, len(pos)), f"({n + 1},), rising to {len(pos)}", slices["pos"]),
        (
            "face's slices",
            face is None or ("face" in slices and _rises(slices["face"], n, face.shape[1])),
            f"({n + 1},), rising",
            slices.get("face"),
        ),
    ):
        if not good:
            got = "none" if array is None else f"{array.shape} of {array.dtype}"
            raise ReaderError(f"{path}: expected {key} of shape {expected} (got {got}).")


def _rises(slices: Array, n: int, end: int) -> bool:
    whole = slices.shape == (n + 1,) and slices.dtype.kind == "i"
    return whole and slices[0] == 0 and slices[-1] == end and bool((np.diff(slices) >= 0).all())


class _Unpickler(pickle.Unpickler):
    """Reads tensors as arrays; whatever else a pickle names is refused."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        name = next((name for name in archive.namelist() if name.endswith("/data.pkl")), "data.pkl")
        super().__init__(io.BytesIO(archive.read(name)))
        self._archive, self._folder = archive, name.removesuffix("data.pkl")

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401
        """Return what stands for a name in the pickle."""
        known: dict[tuple[str, str], Callable[..., Any]] = {
            ("torch._utils", "_rebuild_tensor_v2"): _tensor,
            ("collections", "OrderedDict"): OrderedDict,
        }
        if module == "torch" and name in _STORAGES:
            return name
        if module.startswith("torch_geometric.data"):
            return None  # the class of the set's items, which is not made
        if (module, name) not in known:
            raise ReaderError(f"expected tensors alone (found {module}.{name}, which is not run).")
        return known[module, name]

    def persistent_load(self, pid: Sequence[Any]) -> Array:
        """Return a storage."""
        _, kind, key, *_ = pid
        name = f"{self._folder}data/{int(key)}"
        if self._archive.getinfo(name).compress_type != zipfile.ZIP_STORED:
            raise ReaderError("expected tensors as torch stores them (found compressed ones).")
        return np.frombuffer(self._archive.read(name), _STORAGES[kind])


def _tensor(storage: Array, offset: int, size: Sequence[int], stride: Sequence[int], *_: object) -> Array:
    """Return the tensor of a storage; raises `ReaderError` where it reaches beyond it."""
    reach = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True)) + 1 if math.prod(size) else 0
    if min((offset, *size, *stride), default=0) < 0 or reach > storage.size:
        raise ReaderError(f"expected a tensor within its {storage.size} numbers (got {tuple(size)} from {offset}).")
    steps = tuple(step * storage.itemsize for step in stride)
    return np.ndarray(tuple(size), storage.dtype, storage, offset * storage.itemsize, steps)
