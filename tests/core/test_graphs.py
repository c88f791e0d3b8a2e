import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bgnn_studio.core import graphs
from bgnn_studio.core.bits import pack_signs, unpack_signs
from bgnn_studio.errors import BgnnError

KNN = np.array([[0, 2], [1, 0], [2, 0], [0, 1]], np.int32)


def test_edges_are_row_by_row():
    expected = [(i, int(j)) for i, row in enumerate(KNN) for j in row]
    pairs = graphs.edges(KNN)
    assert pairs.dtype == np.int64
    assert [tuple(p) for p in pairs.tolist()] == expected


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 6))
@settings(max_examples=50, deadline=None)
def test_undirected_edges_are_the_set_of_unordered_pairs(seed, count, k):
    knn = np.random.default_rng(seed).integers(0, count, (count, k))
    expected = {(min(i, j), max(i, j)) for i, row in enumerate(knn.tolist()) for j in row if i != j}
    pairs = [tuple(p) for p in graphs.edges(knn, undirected=True).tolist()]
    assert len(pairs) == len(set(pairs))
    assert set(pairs) == expected


def test_budget_keeps_a_seeded_ordered_subset():
    knn = np.random.default_rng(1).integers(0, 300, (300, 20))
    everything = graphs.edges(knn)
    some = graphs.edges(knn, budget=500, seed=3)
    assert len(some) == 500
    np.testing.assert_array_equal(some, graphs.edges(knn, budget=500, seed=3))
    assert not np.array_equal(some, graphs.edges(knn, budget=500, seed=4))
    remaining = iter(map(tuple, everything.tolist()))
    assert all(tuple(pair) in remaining for pair in some.tolist())  # an ordered sub-sequence
    assert len(graphs.edges(knn, budget=6000)) == 6000


def test_the_budget_keeps_the_same_slots_in_every_layer():
    one = np.tile(np.arange(5), (200, 1))
    pairs, others = graphs.edges(one, budget=100), graphs.edges(one + 7, budget=100)
    np.testing.assert_array_equal(pairs + np.array([0, 7]), others)


def test_in_degree_counts_columns():
    np.testing.assert_array_equal(graphs.in_degree(KNN), [4, 2, 2, 0])


def test_drift_is_the_lost_fraction():
    reference = np.array([[2, 0, 3], [3, 2, 1], [1, 3, 0], [2, 3, 2]])
    np.testing.assert_allclose(graphs.drift(KNN, reference), [0, 0.5, 0.5, 1.0])
    np.testing.assert_array_equal(graphs.drift(KNN, KNN), 0)
    with pytest.raises(BgnnError, match="same points"):
        graphs.drift(KNN, reference[:3])


@pytest.mark.parametrize("channels", [1, 63, 64, 65, 128, 200])
def test_hamming_distances_count_differing_signs(channels):
    values = np.random.default_rng(channels).standard_normal((50, channels))
    words = pack_signs(values)
    signs = unpack_signs(words, channels)
    np.testing.assert_array_equal(graphs.distances_to(words, 7), (signs != signs[7]).sum(axis=1))


def test_real_distances_are_squared_l2():
    values = np.random.default_rng(5).standard_normal((40, 9)).astype(np.float32)
    expected = [sum((float(a) - float(b)) ** 2 for a, b in zip(row, values[4], strict=True)) for row in values]
    np.testing.assert_allclose(graphs.distances_to(values, 4), expected, rtol=1e-12)


@pytest.mark.parametrize("bit", [0, 63, 64, 99])
def test_bit_plane_is_one_where_negative(bit):
    values = np.random.default_rng(6).standard_normal((70, 100))
    np.testing.assert_array_equal(graphs.bit_plane(pack_signs(values), bit), values[:, bit] < 0)


def test_bit_plane_refuses_what_has_no_such_bit():
    words = np.zeros((4, 2), np.uint64)
    with pytest.raises(BgnnError, match=r"between 0 and 127 \(got 128"):
        graphs.bit_plane(words, 128)
    with pytest.raises(BgnnError, match="no bits"):
        graphs.bit_plane(np.zeros((4, 2), np.float32), 0)


def test_neighbourhood_has_ranks_distances_and_changes():
    points = np.array([[0, 0, 0], [3, 4, 0], [0, 0, 2], [1, 0, 0]], np.float32)
    knn = np.array([[0, 3, 1]] * 4)
    reference = np.array([[1, 2, 0]] * 4)
    distances = np.array([[0, 5, 9]] * 4, np.float32)
    found = graphs.neighbourhood(knn, distances, points, 0, reference)
    np.testing.assert_array_equal(found.index, [0, 3, 1])
    np.testing.assert_array_equal(found.feature_distance, [0, 5, 9])
    np.testing.assert_allclose(found.spatial_distance, [0, 1, 5])
    np.testing.assert_array_equal(found.reference_rank, [2, -1, 0])
    np.testing.assert_array_equal(found.lost, [2])
    alone = graphs.neighbourhood(knn, distances, points, 0)
    assert alone.reference_rank is None
    assert len(alone.lost) == 0
    with pytest.raises(BgnnError, match=r"between 0 and 3 \(got 4"):
        graphs.neighbourhood(knn, distances, points, 4)


@pytest.mark.parametrize(
    ("knn", "points", "message"),
    [
        (np.zeros((3, 2), np.float32), None, "integer dtype .got float32"),
        (np.zeros(3, int), None, "shape .N, k."),
        (np.zeros((0, 2), int), None, "shape .N, k."),
        (np.array([[0], [2]]), None, "between 0 and 1 .got 0 to 2"),
        (np.array([[-1], [0]]), None, "got -1 to 0"),
        (KNN, 5, "graph of 5 points .got one of 4"),
    ],
)
def test_bad_graphs_are_refused(knn, points, message):
    with pytest.raises(BgnnError, match=message):
        graphs.check_graph(knn, points)
