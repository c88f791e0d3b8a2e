"""How well a layer's bits tell points apart: distinct codes, ties at the k-th place, and dead, duplicate and balanced bits."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bgnn_studio.core.bits import unpack_bits

Nearest = Callable[[NDArray[np.uint64], int], tuple[NDArray[np.int32], NDArray[np.float32]]]


@dataclass(frozen=True, eq=False)
class BitFacts:
    """Facts of N codes of C bits.

    Attributes
    ----------
    points, codes : int
        N, and how many of the codes are distinct.
    tied : int
        Points with another point, outside their k neighbours, at the distance of the k-th one: there the order of indices decides.
    negative : (C,) float64
        Share of points at which a bit is 1 (the value is negative).
    duplicate_of : (C,) int64
        The first bit that equals this one, or its complement, at all points; -1 where there is none, and for dead bits.
    """

    points: int
    codes: int
    tied: int
    negative: NDArray[np.float64]
    duplicate_of: NDArray[np.int64]

    @property
    def dead(self) -> NDArray[np.bool_]:
        """Bits that are the same at all points: they add nothing to any distance, (C,)."""
        return (self.negative == 0) | (self.negative == 1)

    @property
    def balance(self) -> NDArray[np.float64]:
        """``1 - |2p - 1|`` with p the share of points at which the bit is 1: 0 for a dead bit, 1 for an even split, (C,)."""
        return np.asarray(1 - np.abs(2 * self.negative - 1))

    @property
    def entropy(self) -> NDArray[np.float64]:
        """``-p log2 p - (1 - p) log2 (1 - p)``, in bits, (C,)."""
        both = np.stack([self.negative, 1 - self.negative])
        return -(both * np.log2(np.where(both > 0, both, 1))).sum(axis=0)


def bit_facts(words: NDArray[np.uint64], channels: int, distances: NDArray[np.floating], nearest: Nearest) -> BitFacts:
    """Count codes, ties, dead and duplicate bits of a layer's input; costs one more Hamming graph.

    Parameters
    ----------
    words : (N, W) uint64
        Packed bits, W = ceil(channels / 64).
    channels : int
    distances : (N, k)
        Hamming distances of the layer's graph, ascending, as in `Trace`.
    nearest : callable
        Gives the k nearest rows of packed words, indices and distances (N, k): `native.kernels.knn_hamming`.
    """
    planes = unpack_bits(words, channels)  # (N, C)
    return BitFacts(
        points=len(words),
        codes=len(np.unique(words, axis=0)),
        tied=_tied(words, distances, nearest),
        negative=planes.mean(axis=0, dtype=np.float64),
        duplicate_of=_duplicates(planes),
    )


def _tied(words: NDArray[np.uint64], distances: NDArray[np.floating], nearest: Nearest) -> int:
    count, k = distances.shape
    if k == count:
        return 0
    next_distance = nearest(words, k + 1)[1][:, k]
    return int((next_distance <= distances[:, -1]).sum())


def _duplicates(planes: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return the first equal or complementary plane of each of (N, C) planes."""
    plain = planes ^ planes[:1]  # a plane and its complement are the same now, and a dead one is 0
    found = np.full(planes.shape[1], -1, np.int64)
    first: dict[bytes, int] = {}
    for c, plane in enumerate(np.packbits(plain, axis=0).T):
        if plane.any():
            before = first.setdefault(plane.tobytes(), c)
            found[c] = -1 if before == c else before
    return found
