"""Accuracy of predicted labels: overall with its interval, per class, and who was taken for whom."""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95


@dataclass(frozen=True, eq=False)
class Figures:
    """Figures of n > 0 classified clouds, all fractions between 0 and 1.

    Attributes
    ----------
    confusion : (classes, classes) int64
        Clouds of class i (row) that were taken for class j (column).
    """

    confusion: NDArray[np.int64]

    @property
    def count(self) -> int:
        """Clouds, of all classes."""
        return int(self.confusion.sum())

    @property
    def overall(self) -> float:
        """The part of all clouds that is right."""
        return int(self.confusion.trace()) / self.count

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of `overall`, for clouds drawn at random."""
        return wilson(int(self.confusion.trace()), self.count)

    @property
    def per_class(self) -> NDArray[np.float64]:
        """The part of each class's clouds that is right, (classes,); NaN for a class without a cloud."""
        with np.errstate(invalid="ignore"):
            return self.confusion.diagonal() / self.confusion.sum(axis=1)

    @property
    def class_mean(self) -> float:
        """The mean of `per_class` over the classes that have a cloud."""
        return float(np.nanmean(self.per_class))

    def worst_classes(self) -> list[int]:
        """Return the classes with an error, the lowest accuracy first, ties in the order of the classes."""
        per_class = self.per_class
        return sorted(np.flatnonzero(per_class < 1).tolist(), key=lambda i: per_class[i])

    def confusions(self) -> list[tuple[int, int, int]]:
        """Return (class, taken for, clouds) of every kind of error, the most frequent first, ties in the order of the classes."""
        kinds = [(int(i), int(j), int(self.confusion[i, j])) for i, j in zip(*np.nonzero(self.confusion), strict=True) if i != j]
        return sorted(kinds, key=lambda kind: -kind[2])


def accuracy(predicted: NDArray[np.integer], labels: NDArray[np.integer], classes: int) -> Figures:
    """Count (n,) predicted labels against the true ones; both are indices of `classes` classes."""
    confusion = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(confusion, (labels, predicted), 1)
    return Figures(confusion)


def wilson(correct: int, count: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the score interval of a fraction, `correct` of `count` (Wilson, JASA 1927): inside [0, 1], sound near both ends."""
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    p, spread = correct / count, z * z / count
    middle, half = p + spread / 2, z * sqrt(p * (1 - p) / count + spread / (4 * count))
    return max(0.0, (middle - half) / (1 + spread)), min(1.0, (middle + half) / (1 + spread))
