"""The shape set as the labelled set that accuracy is measured on."""

import os
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
from platformdirs import user_cache_path

from bgnn_studio.core.evaluation import LabelledSet
from bgnn_studio.core.files import replacing
from bgnn_studio.errors import BgnnError
from bgnn_studio.training.shapes.dataset import CLASSES, GENERATOR_VERSION, POINTS, TEST_SHA256, ShapeSet, make_dataset

DATASET = f"bgnn-studio shapes, generator version {GENERATOR_VERSION}"


def as_labelled(data: ShapeSet, split: str) -> LabelledSet:
    """Return clouds of a split under the set's name, to be taken as they are."""
    names = tuple(f"cloud {i}" for i in range(len(data.labels)))
    return LabelledSet(DATASET, split, data.classes, data.labels, names, data.points.__getitem__, prepared=True)


def labelled_shapes(split: str, progress: Callable[[int, int], None] | None = None) -> LabelledSet:
    """Make a split on all cores, or take it from the user's cache, where it is kept.

    ``BGNN_CACHE`` names another folder for that; `progress` is told as by `make_dataset`.
    Raises `BgnnError` for another name, and where this machine's numpy makes other bytes of the test split.
    """
    folder = Path(os.environ.get("BGNN_CACHE") or user_cache_path("bgnn-studio", appauthor=False))
    kept = folder / f"shapes-{GENERATOR_VERSION}-{split}-{POINTS}.npz"
    data = _read(kept)
    if data is None:
        data = make_dataset(split, progress=progress, processes=os.cpu_count() or 1)
        _keep(kept, data)
    if split == "test" and data.sha256 != TEST_SHA256:
        raise BgnnError(f"Expected the test split {TEST_SHA256[:12]} (got {data.sha256[:12]}): figures measured on it would not compare.")
    return as_labelled(data, split)


def _read(path: Path) -> ShapeSet | None:
    """Return what `_keep` wrote; None where there is nothing, or not every byte as it was."""
    try:
        with np.load(path) as archive:
            data = ShapeSet(archive["points"], archive["labels"], CLASSES)
            return data if data.sha256 == str(archive["sha256"]) else None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _keep(path: Path, data: ShapeSet) -> None:
    """Write a split; a cache that cannot be written is done without."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            np.savez(file, points=data.points, labels=data.labels, sha256=np.array(data.sha256))
