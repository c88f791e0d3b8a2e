"""What became of each edge between two graphs of the same points: kept, new, or lost."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from bgnn_studio.core.graphs import Graph, check_graph, check_point, shared_edges

Change = Literal["kept", "new", "lost"]
CHANGES: tuple[Change, ...] = get_args(Change)  # a change's number below is its place here
KEPT, NEW, LOST = range(len(CHANGES))


@dataclass(frozen=True, eq=False)
class EdgeDifference:
    """A graph beside the reference's.

    Attributes
    ----------
    knn, reference : (N, k) and (N, any k) integers
        Neighbours of a point are distinct in each.
    kept : (N, k) bool
        Edges of the graph that the reference has too; the others are new.
    lost : (N, k of the reference) bool
        Edges of the reference that the graph does not have.
    """

    knn: Graph
    reference: Graph
    kept: NDArray[np.bool_]
    lost: NDArray[np.bool_]

    def count(self, change: Change) -> int:
        """Return how many edges are kept, new or lost."""
        if change == "lost":
            return int(self.lost.sum())
        kept = int(self.kept.sum())
        return kept if change == "kept" else self.kept.size - kept

    @property
    def jaccard(self) -> float:
        """Mean over points of ``|A & B| / |A | B|``, with A and B a point's neighbours in the two graphs."""
        kept = self.kept.sum(axis=1)
        return float((kept / (self.knn.shape[1] + self.reference.shape[1] - kept)).mean())

    def pairs(
        self,
        *,
        inside: NDArray[np.bool_] | None = None,
        inside_reference: NDArray[np.bool_] | None = None,
        budget: int | None = None,
        seed: int = 0,
    ) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """Return (E, 2) pairs of points and the number of each one's change, (E,): kept ones first, then new and lost ones by point.

        Parameters
        ----------
        inside, inside_reference : (N, k) and (N, k of the reference) bool or None
            Only these edges of the two graphs.
        budget : int or None
            That many edges at most, a random choice from `seed` of all three kinds alike.
        """
        mine = np.arange(self.kept.size) if inside is None else np.flatnonzero(inside)
        lost = np.flatnonzero(self.lost if inside_reference is None else self.lost & inside_reference)
        total = len(mine) + len(lost)
        if budget is not None and total > budget:  # before anything of all edges' size is made
            taken = np.sort(np.random.default_rng(seed).choice(total, budget, replace=False, shuffle=False))
            split = np.searchsorted(taken, len(mine))
            mine, lost = mine[taken[:split]], lost[taken[split:] - len(mine)]
        kept = self.kept.ravel()[mine]
        points = np.concatenate([mine // self.knn.shape[1], lost // self.reference.shape[1]])
        others = np.concatenate([self.knn.ravel()[mine], self.reference.ravel()[lost]])
        pairs = np.stack([points, others], axis=1).astype(np.int64)
        change = np.concatenate([np.where(kept, KEPT, NEW), np.full(len(lost), LOST)]).astype(np.uint8)
        others = np.flatnonzero(change != KEPT)  # two runs that are in order: merged, not sorted
        order = np.concatenate([np.flatnonzero(change == KEPT), others[np.argsort(pairs[others, 0], kind="stable")]])
        return pairs[order], change[order]

    def of_point(self, i: int) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """Return the neighbours of a point in rank order, then the lost ones, and the number of each one's change."""
        check_point(i, len(self.knn))
        lost = self.reference[i][self.lost[i]]
        change = np.concatenate([np.where(self.kept[i], KEPT, NEW), np.full(len(lost), LOST)])
        return np.concatenate([self.knn[i], lost]).astype(np.int64), change.astype(np.uint8)


def edge_difference(knn: Graph, reference: Graph) -> EdgeDifference:
    """Compare an (N, k) graph with the reference (N, any k).

    Raises
    ------
    BgnnError
        Not two graphs of the same points.
    """
    check_graph(knn)
    check_graph(reference, len(knn))
    return EdgeDifference(knn, reference, shared_edges(knn, reference), ~shared_edges(reference, knn))
