"""Models run over a labelled set, one cloud at a time: the one way in which accuracy is measured."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bgnn_studio.core.accuracy import Figures, accuracy
from bgnn_studio.core.card import Accuracy
from bgnn_studio.core.inference import Inference
from bgnn_studio.core.opened import OpenModel
from bgnn_studio.core.preparation import DEFAULT_POINTS, AskedPoints
from bgnn_studio.core.timing import WARMUP, Latency, measure
from bgnn_studio.errors import BgnnError, ModelFileError

SAMPLE_SEED = 0


class Classifier(OpenModel, Protocol):
    """A model that runs."""

    def infer(self, points: NDArray[np.float32], *, threads: int = 1) -> Inference: ...  # noqa: D102


@dataclass(frozen=True, eq=False)
class LabelledSet:
    """Labelled clouds, read one at a time.

    Attributes
    ----------
    name : str
        What reports and messages call the set.
    split : str or None
        None where the set has no splits.
    classes : tuple of str
    labels : (n,) int64
        Indices of `classes`.
    clouds : tuple of n str
        What reports and messages call each cloud.
    load : callable
        From the number of a cloud to its points (N, 3).
    prepared : bool
        The points are to be taken as they are; otherwise each model gets them centred, scaled and resampled.

    Raises
    ------
    BgnnError
        No cloud, two classes of one name, a label outside of the classes.
    """

    name: str
    split: str | None
    classes: tuple[str, ...]
    labels: NDArray[np.int64]
    clouds: tuple[str, ...]
    load: Callable[[int], NDArray[np.floating]] = field(repr=False)
    prepared: bool = False

    def __post_init__(self) -> None:
        if not len(self.labels):
            raise BgnnError(f"{self.name}: expected at least one labelled cloud (found none).")
        twice = sorted({name for name in self.classes if self.classes.count(name) > 1})
        if twice:
            raise BgnnError(f"{self.name}: expected classes of different names (got {', '.join(twice)} more than once).")
        wrong = np.flatnonzero((self.labels < 0) | (self.labels >= len(self.classes)))
        if wrong.size:
            raise BgnnError(
                f"{self.name}: expected labels from 0 to {len(self.classes) - 1}, one for each class "
                f"(got {self.labels[wrong[0]]} for {self.clouds[wrong[0]]})."
            )

    def sample(self, count: int) -> "LabelledSet":
        """Return `count` clouds drawn at random, always the same ones, in the order of the set; all where there are no more."""
        if count >= len(self.labels):
            return self
        kept = np.sort(np.random.default_rng(SAMPLE_SEED).permutation(len(self.labels))[:count])
        names = tuple(self.clouds[i] for i in kept)
        return replace(self, labels=self.labels[kept], clouds=names, load=lambda i: self.load(int(kept[i])))

    def prepared_for(self, points: int) -> "LabelledSet":
        """Return the clouds as models trained with `points` points get them; each is prepared when it is first loaded, and then kept."""
        if self.prepared:
            return self
        kept: dict[int, NDArray[np.float32]] = {}

        def load(i: int) -> NDArray[np.float32]:
            if i not in kept:
                loaded = self.load(i)
                try:
                    kept[i] = DEFAULT_POINTS.apply(loaded, points).points
                except BgnnError as error:
                    raise BgnnError(f"{self.name}, {self.clouds[i]}: {error}") from error
            return kept[i]

        return replace(self, load=load, prepared=True)

    def path(self, i: int) -> Path | None:
        """Return the file of a cloud, or None where clouds are not files of their own."""
        path = Path(self.name) / self.clouds[i]
        return path if path.is_file() else None


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What one model made of a labelled set.

    Attributes
    ----------
    predictions : (n,) int64
        Indices of the set's classes.
    confidences : (n,) float64
        Softmax of the logits at the prediction; not calibrated.
    points : (int, int)
        The fewest and the most points that a cloud had when it ran.
    latency : Latency
        Wall times of the n inferences.
    isa : str
        The instruction set that ran.
    """

    model: Classifier
    data: LabelledSet
    predictions: NDArray[np.int64]
    confidences: NDArray[np.float64]
    points: tuple[int, int]
    latency: Latency
    isa: str

    @property
    def figures(self) -> Figures:
        """Accuracy in all its forms."""
        return accuracy(self.predictions, self.data.labels, len(self.data.classes))

    @property
    def card(self) -> Accuracy:
        """What a model file says of its accuracy."""
        found = self.figures
        return Accuracy(self.data.name, self.data.split or "", found.count, found.overall, found.class_mean)


def evaluate(
    models: Sequence[Classifier],
    data: LabelledSet,
    *,
    threads: int = 1,
    asked: AskedPoints = DEFAULT_POINTS,
    progress: Callable[[int, int], None] | None = None,
) -> list[Evaluation]:
    """Run every cloud through every model; each cloud is loaded once, and prepared once for models of the same number of points.

    Parameters
    ----------
    threads : int
        Of each inference.
    asked : AskedPoints
        What is done to the points of each cloud of a set that is not `prepared`; raises `BgnnError` for one that is.
    progress : callable, optional
        Told the clouds done and all clouds, after each; what it raises ends the evaluation.

    Raises
    ------
    ModelFileError
        A model of other classes than the set's, before any cloud is loaded. The same classes in another order are fine.
    BgnnError
        A cloud that cannot be loaded or run, by its name.
    """
    if data.prepared and asked != DEFAULT_POINTS:
        raise BgnnError(f"Expected no --raw, --points, --up, --resample or --seed: the clouds of {data.name} are prepared already.")
    numbers = [_class_numbers(model, data) for model in models]
    predictions = np.empty((len(models), len(data.labels)), dtype=np.int64)
    confidences = np.empty(predictions.shape)
    sizes = np.empty(predictions.shape, dtype=np.int64)
    times: list[list[int]] = [[] for _ in models]
    isas = [""] * len(models)
    for i, name in enumerate(data.clouds):
        points = data.load(i)
        prepared: dict[int, NDArray[np.float32]] = {}
        for m, model in enumerate(models):
            most = model.spec.points
            try:
                if most not in prepared:
                    prepared[most] = np.asarray(points, np.float32) if data.prepared else asked.apply(points, most).points
                latency, (inference,) = measure(partial(model.infer, prepared[most], threads=threads), 1, 0 if i else WARMUP)
            except BgnnError as error:
                raise BgnnError(f"{data.name}, {name}, model {model.name}: {error}") from error
            predictions[m, i] = numbers[m][inference.logits.argmax()]
            confidences[m, i] = inference.probabilities.max()
            sizes[m, i] = len(prepared[most])
            times[m] += latency.samples_ns
            isas[m] = inference.isa
        if progress is not None:
            progress(i + 1, len(data.clouds))
    return [
        Evaluation(
            model,
            data,
            predictions[m],
            confidences[m],
            (int(sizes[m].min()), int(sizes[m].max())),
            Latency(tuple(times[m])),
            isas[m],
        )
        for m, model in enumerate(models)
    ]


def other_classes(model: OpenModel, data: LabelledSet, most: int | None = None) -> str | None:
    """Say which classes only the set has and which only the model has, or None where both have the same, in whatever order.

    At most `most` of either are named, if that is given, and the others counted.
    """
    ours, theirs = model.spec.classes, data.classes
    parts = [
        f"{has} {', '.join(names[:most])}" + (f" and {len(names) - most} more" if most is not None and len(names) > most else "")
        for has, names in (
            ("the model lacks", [name for name in theirs if name not in ours]),
            ("the set lacks", [name for name in ours if name not in theirs]),
        )
        if names
    ]
    if parts:
        return "; ".join(parts)
    return None if sorted(ours) == sorted(theirs) else "the model has a class twice"


def _class_numbers(model: Classifier, data: LabelledSet) -> NDArray[np.int64]:
    """Return the set's number of each of the model's classes."""
    ours, theirs = model.spec.classes, data.classes
    if (difference := other_classes(model, data)) is not None:
        raise ModelFileError(
            f"{model.path or model.name}: expected a model of the classes of {data.name} ({len(theirs)}: {', '.join(theirs)}; "
            f"the model's are {len(ours)}: {', '.join(ours)}; {difference}). Give the data that it was trained for."
        )
    return np.array([theirs.index(name) for name in ours])
