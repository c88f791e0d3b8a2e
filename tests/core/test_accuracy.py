"""Figures of accuracy against counting by hand, and the interval against its definition and published values."""

import math

import numpy as np
import pytest

from bgnn_studio.core.accuracy import accuracy, wilson

LABELS = np.array([0, 0, 0, 1, 1, 3, 3, 3, 3, 4])
PREDICTED = np.array([0, 1, 1, 1, 0, 3, 0, 0, 3, 4])


def test_class_mean_weighs_classes_and_overall_weighs_clouds() -> None:
    found = accuracy(np.array([0, 0, 1, 2]), np.array([0, 0, 0, 2]), 3)
    assert (found.count, found.overall) == (4, pytest.approx(3 / 4))
    assert found.class_mean == pytest.approx((2 / 3 + 1) / 2)


def test_confusion_has_the_true_class_in_its_rows() -> None:
    found = accuracy(PREDICTED, LABELS, 5)
    by_hand = [[sum((t, p) == (i, j) for t, p in zip(LABELS, PREDICTED, strict=True)) for j in range(5)] for i in range(5)]
    assert found.confusion.tolist() == by_hand
    assert by_hand[0][1] == 2
    np.testing.assert_array_equal(found.per_class, [1 / 3, 1 / 2, np.nan, 1 / 2, 1])
    assert found.class_mean == pytest.approx((1 / 3 + 1 / 2 + 1 / 2 + 1) / 4)


def test_worst_classes_and_confusions_come_in_order() -> None:
    found = accuracy(PREDICTED, LABELS, 5)
    assert found.worst_classes() == [0, 1, 3]
    assert found.confusions() == [(0, 1, 2), (3, 0, 2), (1, 0, 1)]
    perfect = accuracy(LABELS, LABELS, 5)
    assert (perfect.worst_classes(), perfect.confusions(), perfect.overall, perfect.class_mean) == ([], [], 1, 1)


# Newcombe, Statistics in Medicine 17 (1998), table I, method 3 (score, no continuity correction).
@pytest.mark.parametrize(
    ("correct", "count", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_interval_is_the_published_one(correct: int, count: int, low: float, high: float) -> None:
    assert wilson(correct, count) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("correct", "count"), [(887, 1000), (3, 4), (1, 2468), (20, 20), (0, 7)])
def test_interval_ends_where_the_score_test_rejects(correct: int, count: int) -> None:
    for end, outward in zip(wilson(correct, count), (-1, 1), strict=True):
        if end in (0, 1):
            assert correct == end * count
            continue
        score = (correct / count - end) / math.sqrt(end * (1 - end) / count)
        assert score == pytest.approx(-1.959963984540054 * outward, abs=1e-9)


def test_the_interval_of_the_figures_is_that_of_overall() -> None:
    assert accuracy(PREDICTED, LABELS, 5).interval == wilson(5, 10)
    assert wilson(5, 10, confidence=0.5)[1] < wilson(5, 10)[1]
