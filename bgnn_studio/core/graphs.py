"""k-NN graphs in numpy: their edges, hubs, drift between models, and distances in the space a layer's graph was built in.

A graph is the (N, k) integer array of each point's neighbours, ordered by (distance, index); edges point from i to each of
its neighbours.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeGuard

import numpy as np
from numpy.typing import NDArray

from bgnn_studio.core.bits import hamming
from bgnn_studio.errors import BgnnError

Graph = NDArray[np.integer]
Features = NDArray[np.uint64] | NDArray[np.floating]


def are_bits(features: Features) -> TypeGuard[NDArray[np.uint64]]:
    """Whether features are packed words, compared by Hamming distance, and not real, compared by L2."""
    return features.dtype == np.uint64


def check_graph(knn: Graph, points: int | None = None) -> None:
    """Refuse an array that is not a graph: (N, k) integers between 0 and N - 1; raises `BgnnError`."""
    if knn.ndim != 2 or not np.issubdtype(knn.dtype, np.integer) or knn.size == 0:
        raise BgnnError(f"Expected neighbours of shape (N, k) with integer dtype (got {knn.dtype} {knn.shape}).")
    if points is not None and knn.shape[0] != points:
        raise BgnnError(f"Expected the graph of {points} points (got one of {knn.shape[0]}). Run the model on this cloud.")
    if knn.min() < 0 or knn.max() >= knn.shape[0]:
        raise BgnnError(f"Expected neighbours between 0 and {knn.shape[0] - 1} (got {knn.min()} to {knn.max()}).")


def edges(knn: Graph, *, undirected: bool = False, budget: int | None = None, seed: int = 0) -> NDArray[np.int64]:
    """Return the edges of a graph, one pair (i, j) per neighbour.

    Parameters
    ----------
    knn : (N, k) integers
    undirected : bool
        Keep one of i -> j and j -> i, as (smaller, larger), and drop loops.
    budget : int or None
        Keep that many edges at most, chosen at random from `seed`, in their original order.

    Returns
    -------
    (E, 2) int64
        All N * k edges in row order when nothing is dropped.
    """
    count, k = knn.shape
    if budget is not None and not undirected and knn.size > budget:
        kept = _chosen(knn.size, budget, seed)
        return np.stack([kept // k, knn.ravel()[kept]], axis=1)
    pairs = np.empty((count * k, 2), np.int64)
    pairs[:, 0] = np.repeat(np.arange(count), k)
    pairs[:, 1] = knn.ravel()
    if undirected:
        keys = np.unique(pairs.min(axis=1) * count + pairs.max(axis=1))
        pairs = np.stack([keys // count, keys % count], axis=1)  # (E, 2)
        pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    return pairs if budget is None or len(pairs) <= budget else pairs[_chosen(len(pairs), budget, seed)]


@lru_cache(maxsize=8)
def _chosen(total: int, budget: int, seed: int) -> NDArray[np.int64]:
    """Choose `budget` of `total` at random, in order; kept, for the layers of a network choose the same ones over and over."""
    kept = np.sort(np.random.default_rng(seed).choice(total, budget, replace=False, shuffle=False))
    kept.flags.writeable = False
    return kept


def in_degree(knn: Graph) -> NDArray[np.int64]:
    """Count how often each point is somebody's neighbour, (N,) int64; hubs have far more than k."""
    return np.bincount(knn.ravel(), minlength=knn.shape[0])


def channels_won(winners: NDArray[np.integer], count: int) -> NDArray[np.int64]:
    """Count the channels that each of `count` points won in the max pooling, (N,) int64, from `Trace.winners`."""
    if winners.size and not 0 <= winners.min() <= winners.max() < count:
        raise BgnnError(
            f"Expected winners between 0 and {count - 1} (got {winners.min()} to {winners.max()}). Run the model on this cloud."
        )
    return np.bincount(winners, minlength=count)


def drift(knn: Graph, reference: Graph) -> NDArray[np.float64]:
    """Return the fraction of each point's neighbours that the reference graph does not have, (N,) between 0 and 1."""
    return np.asarray(1.0 - shared_edges(knn, reference).mean(axis=1))


def shared_edges(knn: Graph, reference: Graph) -> NDArray[np.bool_]:
    """Return which edges of an (N, k) graph the (N, any k) reference has too, (N, k); 0.3 ms at N = 1024, k = 20."""
    if len(knn) != len(reference):
        raise BgnnError(f"Expected two graphs of the same points (got {len(knn)} and {len(reference)}).")
    shared = np.zeros(knn.shape, bool)
    for column in reference.T:  # k comparisons of (N, k) stay in the cache: np.isin takes 30 times as long
        shared |= knn == column[:, None]
    return shared


def distances_to(features: Features, i: int) -> NDArray[np.int32] | NDArray[np.float64]:
    """Distance of every point to point i in the space of the features.

    Parameters
    ----------
    features : (N, W) uint64 packed words, or (N, C) floats
        Points (N, 3) count as real features.

    Returns
    -------
    (N,) int32 Hamming distances, or (N,) float64 squared L2 distances
        What graphs are ordered by, and what `Trace.distances` holds.
    """
    check_point(i, len(features))
    if are_bits(features):
        return hamming(features, features[i])
    real = features.astype(np.float64)
    return np.asarray(np.square(real - real[i]).sum(axis=1))


def bit_plane(words: Features, c: int) -> NDArray[np.uint8]:
    """Return bit c of each row of (N, W) packed words, (N,) uint8: 1 where the value was negative."""
    if not are_bits(words) or words.ndim != 2:
        raise BgnnError(f"Expected packed words of shape (N, W), uint64 (got {words.dtype} {words.shape}). Real features have no bits.")
    if not 0 <= c < 64 * words.shape[1]:
        raise BgnnError(f"Expected a bit between 0 and {64 * words.shape[1] - 1} (got {c}).")
    return ((words[:, c // 64] >> np.uint64(c % 64)) & np.uint64(1)).astype(np.uint8)


def check_point(i: int, count: int) -> None:
    """Refuse a point that the cloud does not have; raises `BgnnError`."""
    if not 0 <= i < count:
        raise BgnnError(f"Expected a point between 0 and {count - 1} (got {i}).")


@dataclass(frozen=True)
class Neighbourhood:
    """The neighbours of one point, in rank order.

    Attributes
    ----------
    point : int
    index : (k,) int64
        Neighbours; the rank of an entry is its place, from 0. The point itself is usually rank 0.
    feature_distance : (k,) float64
        In the space of the graph: Hamming, or squared L2.
    spatial_distance : (k,) float64
        Euclidean, in the unit of the cloud.
    reference_rank : (k,) int64 or None
        Rank in the reference graph, -1 where it does not have that neighbour (new).
    lost : (m,) int64
        Neighbours that only the reference graph has, in its order; empty without a reference.
    """

    point: int
    index: NDArray[np.int64]
    feature_distance: NDArray[np.float64]
    spatial_distance: NDArray[np.float64]
    reference_rank: NDArray[np.int64] | None
    lost: NDArray[np.int64]


def neighbourhood(
    knn: Graph, distances: NDArray[np.floating], points: NDArray[np.floating], i: int, reference: Graph | None = None
) -> Neighbourhood:
    """Describe the neighbours of point i: rank, distance in feature space and in space, and what the reference keeps.

    Parameters
    ----------
    knn, distances : (N, k)
        A graph and its distances, as in `Trace`.
    points : (N, 3)
    reference : (N, any k) or None
        The same layer's graph in another model.
    """
    check_point(i, len(knn))
    index = knn[i].astype(np.int64)
    rank, lost = None, np.empty(0, np.int64)
    if reference is not None:
        check_graph(reference, len(knn))
        match = index[:, None] == reference[i][None, :]  # (k, k of the reference)
        rank = np.where(match.any(axis=1), match.argmax(axis=1), -1).astype(np.int64)
        lost = reference[i][~match.any(axis=0)].astype(np.int64)
    spatial = np.linalg.norm(points[index].astype(np.float64) - points[i], axis=1)
    return Neighbourhood(i, index, distances[i].astype(np.float64), spatial, rank, lost)
