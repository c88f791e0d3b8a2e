"""Accuracy of predicted labels: the two figures that the field reports."""

import numpy as np
from numpy.typing import NDArray


def accuracy(predicted: NDArray[np.integer], labels: NDArray[np.integer]) -> tuple[float, float]:
    """Return overall and class-mean accuracy of (n,) labels, fractions; classes without a cloud do not count."""
    correct = np.asarray(predicted) == np.asarray(labels)
    return float(correct.mean()), float(np.mean([correct[labels == label].mean() for label in np.unique(labels)]))
