"""Two models on the same clouds: which ones each gets right, and whether the difference could be chance."""

from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Agreement:
    """Indices of clouds, int64 and ascending: right by both, by the first model only, by the second only, by neither."""

    both: NDArray[np.int64]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    neither: NDArray[np.int64]

    @property
    def count(self) -> int:
        """Clouds, of all four kinds."""
        return len(self.both) + len(self.first) + len(self.second) + len(self.neither)

    @property
    def p_value(self) -> float:
        """Two-sided exact McNemar test: how likely two equally good models differ at least so much on these clouds.

        Only clouds that one of them gets right count: of n of them, each model would win a half, binomially (McNemar,
        Psychometrika 1947). 1 where there is none.
        """
        fewer, n = min(len(self.first), len(self.second)), len(self.first) + len(self.second)
        return min(1.0, 2 * sum(comb(n, i) for i in range(fewer + 1)) / 2**n)


def agreement(first: NDArray[np.integer], second: NDArray[np.integer], labels: NDArray[np.integer]) -> Agreement:
    """Compare (n,) predictions of two models with the (n,) true labels."""
    a, b = first == labels, second == labels
    both, only_a, only_b, neither = (np.flatnonzero(which) for which in (a & b, a & ~b, ~a & b, ~a & ~b))
    return Agreement(both, only_a, only_b, neither)
