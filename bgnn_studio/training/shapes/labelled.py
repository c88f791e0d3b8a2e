"""The shape set as the labelled set that accuracy is measured on."""

from collections.abc import Callable

from bgnn_studio.core.evaluation import LabelledSet
from bgnn_studio.errors import BgnnError
from bgnn_studio.training.shapes.dataset import GENERATOR_VERSION, TEST_SHA256, ShapeSet, make_dataset

DATASET = f"bgnn-studio shapes, generator version {GENERATOR_VERSION}"


def as_labelled(data: ShapeSet, split: str) -> LabelledSet:
    """Return clouds of a split under the set's name, to be taken as they are."""
    names = tuple(f"cloud {i}" for i in range(len(data.labels)))
    return LabelledSet(DATASET, split, data.classes, data.labels, names, data.points.__getitem__, prepared=True)


def labelled_shapes(split: str, progress: Callable[[int, int], None] | None = None) -> LabelledSet:
    """Make a split, telling `progress` as `make_dataset` does.

    Raises `BgnnError` for another name, and where this machine's numpy makes other bytes of the test split.
    """
    data = make_dataset(split, progress=progress)
    if split == "test" and data.sha256 != TEST_SHA256:
        raise BgnnError(f"Expected the test split {TEST_SHA256[:12]} (got {data.sha256[:12]}): figures measured on it would not compare.")
    return as_labelled(data, split)
