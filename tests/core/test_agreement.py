"""Agreement against counting by hand, and its test against every outcome there could have been."""

from itertools import product

import numpy as np
import pytest

from bgnn_studio.core.agreement import Agreement, agreement

NONE = np.empty(0, np.int64)


def with_counts(first: int, second: int) -> Agreement:
    return Agreement(NONE, np.arange(first), np.arange(second), NONE)


def test_clouds_are_told_apart_by_who_is_right() -> None:
    labels = np.array([0, 1, 2, 0, 1, 2, 0])
    first = np.array([0, 1, 0, 1, 1, 1, 2])
    second = np.array([0, 0, 2, 1, 1, 0, 0])  # 5: both wrong, differently
    found = agreement(first, second, labels)
    assert [a.tolist() for a in (found.both, found.first, found.second, found.neither)] == [[0, 4], [1], [2, 6], [3, 5]]
    assert found.count == 7
    swapped = agreement(second, first, labels)
    assert (swapped.first.tolist(), swapped.second.tolist(), swapped.p_value) == ([2, 6], [1], found.p_value)


@pytest.mark.parametrize(("first", "second"), [(0, 0), (1, 0), (1, 1), (2, 1), (5, 0), (3, 7), (6, 5), (2, 9)])
def test_p_value_counts_the_outcomes_at_least_so_uneven(first: int, second: int) -> None:
    n = first + second
    outcomes = [sum(coins) for coins in product((0, 1), repeat=n)]
    extreme = sum(abs(2 * wins - n) >= abs(first - second) for wins in outcomes)
    assert with_counts(first, second).p_value == pytest.approx(extreme / 2**n)


def test_p_value_of_many_clouds_neither_overflows_nor_vanishes() -> None:
    assert with_counts(1234, 1234).p_value == 1
    # Within the normal approximation with continuity correction: z = (|1300 - 1168| - 1) / sqrt(2468) = 2.637, p = 0.00836.
    assert with_counts(1300, 1168).p_value == pytest.approx(0.00836, rel=0.01)
    assert 0 < with_counts(5, 1000).p_value < 1e-200
