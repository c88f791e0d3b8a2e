"""The labelled sets that the window has read, each once until it is asked to read it anew."""

from collections.abc import Callable
from dataclasses import dataclass

from bgnn_studio.core.evaluation import LabelledSet
from bgnn_studio.io.datasets import DEFAULT_SPLIT, read_labelled

SHAPES = "shapes"
SHAPES_SPLITS = ("test", "train", "validation")


@dataclass(frozen=True)
class Choice:
    """Which clouds: ``shapes`` or a path, a split (None: the set has none), and how many of them, drawn at random (None: all)."""

    data: str = SHAPES
    split: str | None = DEFAULT_SPLIT
    limit: int | None = None


class LabelledSets:
    """Sets by data and split, and their clouds as models of some number of points get them."""

    def __init__(self) -> None:
        self._whole: dict[tuple[str, str | None], LabelledSet] = {}
        self._prepared: dict[tuple[str, str | None, int], LabelledSet] = {}

    def keep(self, choice: Choice, whole: LabelledSet) -> None:
        """Keep a split that was read."""
        self._whole[choice.data, choice.split] = whole

    def forget(self, data: str) -> None:
        """Drop every split of a set."""
        self._whole = {key: found for key, found in self._whole.items() if key[0] != data}
        self._prepared = {key: found for key, found in self._prepared.items() if key[0] != data}

    def whole(self, choice: Choice) -> LabelledSet | None:
        """Return the split, once it is read."""
        return self._whole.get((choice.data, choice.split))

    def clouds(self, choice: Choice) -> LabelledSet | None:
        """Return the clouds chosen as they come from their files, once the split is read."""
        whole = self.whole(choice)
        return None if whole is None else _limited(whole, choice)

    def prepared(self, choice: Choice, points: int) -> LabelledSet:
        """Return the clouds chosen for models trained with `points` points; whatever the limit, each is prepared once and then kept."""
        key = (choice.data, choice.split, points)
        if key not in self._prepared:
            self._prepared[key] = self._whole[key[:2]].prepared_for(points)
        return _limited(self._prepared[key], choice)


def read_split(choice: Choice, told: Callable[[int, int], None]) -> LabelledSet:
    """Make a split of the shapes, telling how far it is, or open one of a path; raises `BgnnError`."""
    if choice.data != SHAPES:
        return read_labelled(choice.data, choice.split)
    from bgnn_studio.training.shapes import labelled_shapes

    return labelled_shapes(choice.split or DEFAULT_SPLIT, told)


def _limited(data: LabelledSet, choice: Choice) -> LabelledSet:
    return data if choice.limit is None else data.sample(choice.limit)
