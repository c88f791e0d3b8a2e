"""Intervals against plain definitions: ranks of sorted samples, resampling by hand, and how often they hold the truth."""

import math
import statistics

import numpy as np
import pytest

from bgnn_studio.core.statistics import bootstrap_medians, median_difference, median_interval, spread


@pytest.mark.parametrize("n", [8, 9, 10, 63, 64, 65, 1000])
def test_the_interval_ends_at_the_ranks_of_the_binomial(n: int) -> None:
    samples = np.random.default_rng(n).permutation(n) + 1  # the value of a sample is its rank
    low, high = median_interval(samples)
    assert low == math.floor(n / 2 - 0.98 * math.sqrt(n))
    assert high == min(n, math.ceil(n / 2 + 1 + 0.98 * math.sqrt(n)))
    # P(low-th <= median <= high-th) = P(low <= Binomial(n, 1/2) < high), exactly
    assert sum(math.comb(n, i) for i in range(int(low), int(high))) / 2**n >= 0.95
    assert spread(samples) == pytest.approx((high - low) / 2 / statistics.median(samples.tolist()))


def test_few_samples_have_no_interval() -> None:
    assert median_interval([5] * 7) is None
    assert spread([5] * 7) is None
    found = median_difference([10] * 7, [20] * 50)
    assert (found.absolute, found.ratio, found.absolute_interval, found.ratio_interval) == (10, 2, None, None)
    assert not found.shown


@pytest.mark.parametrize("n", [8, 9, 40, 41])
def test_drawn_medians_are_those_of_resamples(n: int) -> None:
    rng = np.random.default_rng(5)
    samples = rng.gamma(2.0, 1000.0, n).astype(np.int64)
    drawn = bootstrap_medians(samples, rng)
    by_hand = np.array([statistics.median(rng.choice(samples, n).tolist()) for _ in range(4000)])
    # Kolmogorov-Smirnov distance of two samples of one distribution: above 1.95 sqrt(1/a + 1/b) once in a thousand
    grid = np.unique(np.concatenate([drawn, by_hand]))
    distance = np.abs(np.searchsorted(np.sort(drawn), grid, "right") / len(drawn) - np.searchsorted(np.sort(by_hand), grid, "right") / 4000)
    assert distance.max() < 1.95 * math.sqrt(1 / len(drawn) + 1 / 4000)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    rng, held, difference_held = np.random.default_rng(0), 0, 0
    for trial in range(300):
        a, b = (rng.lognormal(10, 0.3, 60).astype(np.int64) for _ in range(2))
        low, high = median_interval(a)
        held += low <= math.exp(10) <= high
        low, high = median_difference(a, 2 * b, seed=trial).ratio_interval
        difference_held += low <= 2 <= high
    assert 0.93 <= held / 300 <= 0.995
    assert 0.91 <= difference_held / 300 <= 0.995


def test_a_difference_is_shown_where_there_is_one() -> None:
    rng = np.random.default_rng(1)
    a = rng.normal(10_000, 300, 80).astype(np.int64)
    faster, same = rng.normal(9000, 300, 80).astype(np.int64), rng.permutation(a)
    found = median_difference(a, faster)
    assert found.shown
    assert found.absolute == statistics.median(faster.tolist()) - statistics.median(a.tolist())
    assert found.absolute_interval[0] < found.absolute < found.absolute_interval[1] < 0
    assert found.ratio_interval[0] < found.ratio < found.ratio_interval[1] < 1
    assert not median_difference(a, same).shown
    assert median_difference(a, faster) == found  # seeded
