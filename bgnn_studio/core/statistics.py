"""Order statistics of samples: percentiles, the interval of a median, and of the difference of two medians.

The intervals say what repeating the same run would do, at 95 %. They know nothing of what differs between runs (heat, other
work, another build), and take samples for independent, which passes on a busy machine are not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, sqrt

import numpy as np
from numpy.typing import NDArray

FEWEST = 8  # samples below which no interval of a median is given
DRAWS = 20_000

Samples = Sequence[int] | NDArray[np.int64]


def median_interval(samples: Samples) -> tuple[float, float] | None:
    """Return the 95 % interval of the median, free of any distribution; None below 8 samples.

    Its ends are order statistics, the ranks those of the normal approximation to the binomial, n/2 -+ 0.98 sqrt(n), rounded outwards
    (Le Boudec, "Performance Evaluation of Computer and Communication Systems", 2010, section 2.2), as in bgnn-runner.
    """
    n = len(samples)
    if n < FEWEST:
        return None
    reach = 0.98 * sqrt(n)
    first, last = floor(n / 2 - reach), min(ceil(n / 2 + 1 + reach), n)  # from 1
    part = np.partition(np.asarray(samples), [first - 1, last - 1])
    return float(part[first - 1]), float(part[last - 1])


def spread(samples: Samples) -> float | None:
    """Return half the width of the median's interval over the median; None below 8 samples."""
    interval = median_interval(samples)
    return None if interval is None else (interval[1] - interval[0]) / 2 / float(np.median(samples))


@dataclass(frozen=True)
class Difference:
    """How the median of samples B differs from that of samples A.

    Attributes
    ----------
    absolute, ratio : float
        Median B - median A, in the unit of the samples, and median B / median A.
    absolute_interval, ratio_interval : (low, high) or None
        95 % bootstrap intervals; None where either side has fewer than 8 samples.
    """

    absolute: float
    ratio: float
    absolute_interval: tuple[float, float] | None
    ratio_interval: tuple[float, float] | None

    @property
    def shown(self) -> bool:
        """Whether the samples show a difference: the interval leaves 0 out."""
        return self.absolute_interval is not None and not self.absolute_interval[0] <= 0 <= self.absolute_interval[1]


def median_difference(a: Samples, b: Samples, seed: int = 0) -> Difference:
    """Compare the medians of two independent samples, with percentile bootstrap intervals (Efron, 1979)."""
    before, after = float(np.median(a)), float(np.median(b))
    if min(len(a), len(b)) < FEWEST:
        return Difference(after - before, after / before, None, None)
    rng = np.random.default_rng(seed)
    from_a, from_b = bootstrap_medians(a, rng), bootstrap_medians(b, rng)
    return Difference(after - before, after / before, _middle(from_b - from_a), _middle(from_b / from_a))


def bootstrap_medians(samples: Samples, rng: np.random.Generator, draws: int = DRAWS) -> NDArray[np.float64]:
    """Draw medians of resamples with replacement, (draws,) float64, at a cost that does not grow with the samples.

    A resample of n is n uniform numbers u, each standing for sorted sample floor(n u), so its median needs the middle order
    statistics of n uniforms only: the m-th is Beta(m, n - m + 1), and the next above it is the least of n - m uniforms on what is left.
    """
    ordered = np.sort(np.asarray(samples))
    n = len(ordered)
    m = (n + 1) // 2
    low = rng.beta(m, n - m + 1, draws)
    high = low if n % 2 else low + (1 - low) * (1 - (1 - rng.random(draws)) ** (1 / (n - m)))
    index = np.minimum((n * np.stack([low, high])).astype(np.int64), n - 1)
    return np.asarray(ordered[index].mean(axis=0), np.float64)


def _middle(draws: NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.percentile(draws, (2.5, 97.5))
    return float(low), float(high)
