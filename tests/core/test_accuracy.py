"""Accuracy against counting by hand."""

import numpy as np
import pytest

from bgnn_studio.core.accuracy import accuracy


def test_class_mean_weighs_classes_and_overall_weighs_clouds() -> None:
    overall, class_mean = accuracy(np.array([0, 0, 1, 2]), np.array([0, 0, 0, 2]))
    assert overall == pytest.approx(3 / 4)
    assert class_mean == pytest.approx((2 / 3 + 1) / 2)
