"""Edges kept, new and lost, against sets."""

import numpy as np
import pytest

from bgnn_studio.core.edge_difference import CHANGES, EdgeDifference, edge_difference
from bgnn_studio.errors import BgnnError

N = 30


def graphs(k: int, other: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(k + other)
    return tuple(np.stack([rng.permutation(N)[:n] for _ in range(N)]).astype(np.int32) for n in (k, other))


def edge_sets(difference: EdgeDifference, **options: object) -> dict[str, set[tuple[int, int]]]:
    pairs, change = difference.pairs(**options)
    found = [(CHANGES[c], tuple(pair)) for pair, c in zip(pairs.tolist(), change.tolist(), strict=True)]
    assert len(set(found)) == len(found)
    return {name: {pair for c, pair in found if c == name} for name in CHANGES}


def as_edges(knn: np.ndarray, inside: np.ndarray | None = None) -> set[tuple[int, int]]:
    return {(i, int(j)) for i, row in enumerate(knn) for place, j in enumerate(row) if inside is None or inside[i, place]}


@pytest.mark.parametrize(("k", "other"), [(5, 5), (5, 9), (7, 2), (1, 1)])
def test_counts_and_pairs_are_those_of_the_sets(k: int, other: int) -> None:
    knn, reference = graphs(k, other)
    mine, theirs = as_edges(knn), as_edges(reference)
    expected = {"kept": mine & theirs, "new": mine - theirs, "lost": theirs - mine}
    found = edge_difference(knn, reference)
    assert edge_sets(found) == expected
    assert {change: found.count(change) for change in CHANGES} == {change: len(edges) for change, edges in expected.items()}
    sets = [(set(a), set(b)) for a, b in zip(knn.tolist(), reference.tolist(), strict=True)]
    assert found.jaccard == pytest.approx(np.mean([len(a & b) / len(a | b) for a, b in sets]))


def test_pairs_stay_inside_what_a_brush_leaves() -> None:
    knn, reference = graphs(5, 9)
    rng = np.random.default_rng(3)
    inside, there = rng.random(knn.shape) < 0.5, rng.random(reference.shape) < 0.5
    found = edge_sets(edge_difference(knn, reference), inside=inside, inside_reference=there)
    mine, theirs = as_edges(knn), as_edges(reference)
    left = as_edges(knn, inside)
    assert found == {"kept": left & theirs, "new": left - theirs, "lost": as_edges(reference, there) - mine}


@pytest.mark.parametrize("budget", [0, 1, 100, 149, 10_000])
def test_a_budget_takes_a_repeatable_part_of_all_kinds(budget: int) -> None:
    knn, reference = graphs(5, 9)
    difference = edge_difference(knn, reference)
    every, some = edge_sets(difference), edge_sets(difference, budget=budget)
    assert sum(map(len, some.values())) == min(budget, sum(map(len, every.values())))
    assert all(some[change] <= every[change] for change in CHANGES)
    assert some == edge_sets(difference, budget=budget)


def test_kept_edges_come_first_and_the_others_by_point() -> None:
    pairs, change = edge_difference(*graphs(5, 9)).pairs()
    first = int((change == 0).sum())
    assert (change[:first] == 0).all()
    assert (np.diff(pairs[first:, 0]) >= 0).all()
    assert {1, 2} <= set(change[first : first + 40].tolist())


def test_the_neighbours_of_a_point_are_in_rank_order_with_the_lost_ones_behind() -> None:
    knn = np.array([[0, 1, 2], [1, 0, 2], [2, 1, 0], [3, 0, 1]])
    reference = np.array([[0, 3], [1, 0], [2, 3], [3, 0]])
    points, change = edge_difference(knn, reference).of_point(0)
    assert (points.tolist(), [CHANGES[c] for c in change]) == ([0, 1, 2, 3], ["kept", "new", "new", "lost"])


def test_a_graph_beside_itself_is_kept_and_other_points_are_refused() -> None:
    knn = np.array([[0, 1], [1, 2], [2, 0]])
    same = edge_difference(knn, knn)
    assert ([same.count(change) for change in CHANGES], same.jaccard) == ([6, 0, 0], 1.0)
    with pytest.raises(BgnnError, match="graph of 3 points"):
        edge_difference(knn, knn[:2])
    with pytest.raises(BgnnError, match="between 0 and 2"):
        same.of_point(3)
