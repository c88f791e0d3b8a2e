"""Rows of the table of neighbours, against brute force over sets and lists."""

import csv

import numpy as np
import pytest

from bgnn_studio.core.graphs import neighbourhood
from bgnn_studio.core.neighbours import NeighbourRow, neighbour_rows, neighbours_csv
from bgnn_studio.core.views import layer_features
from tests.traces import synthetic_cloud, synthetic_inference

CLOUD = synthetic_cloud(90)
BITS, REAL = (synthetic_inference(CLOUD, on_bits=on_bits).trace for on_bits in (True, False))


@pytest.mark.parametrize(("trace", "reference"), [(BITS, REAL), (REAL, BITS)])
def test_rows_are_kept_new_and_lost(trace, reference):
    features, knn, there = layer_features(CLOUD, trace, 3), trace.knn[2], reference.knn[2]
    seen = set()
    for i in range(0, 90, 7):
        rows = neighbour_rows(neighbourhood(knn, trace.distances[2], CLOUD, i, there), features, CLOUD, there[i])
        mine, other = knn[i].tolist(), there[i].tolist()
        assert [r.point for r in rows] == [*mine, *(j for j in other if j not in mine)]
        assert [r.rank for r in rows] == [*range(1, len(mine) + 1), *[None] * (len(rows) - len(mine))]
        for row in rows:
            expected = "lost" if row.point not in mine else "kept" if row.point in other else "new"
            assert row.change == expected
            assert row.reference_rank == (other.index(row.point) + 1 if row.point in other else None)
            assert row.spatial_distance == pytest.approx(float(np.linalg.norm(CLOUD[row.point].astype(float) - CLOUD[i])))
            if features.dtype == np.uint64:
                assert row.feature_distance == np.bitwise_count(features[row.point] ^ features[i]).sum()
            else:
                assert row.feature_distance == pytest.approx(float(np.square(features[row.point] - features[i]).sum()), rel=1e-4)
        seen |= {r.change for r in rows}
    assert seen == {"kept", "new", "lost"}


def test_without_a_reference_nothing_is_said_of_it():
    rows = neighbour_rows(neighbourhood(BITS.knn[1], BITS.distances[1], CLOUD, 4), BITS.features[0], CLOUD)
    assert [r.point for r in rows] == BITS.knn[1][4].tolist()
    assert {(r.change, r.reference_rank) for r in rows} == {(None, None)}


@pytest.mark.parametrize(("trace", "reference", "space"), [(BITS, REAL, "Hamming distance (bits)"), (REAL, None, "squared L2 distance")])
def test_csv_gives_every_value_back(trace, reference, space):
    there = None if reference is None else reference.knn[2]
    found = neighbourhood(trace.knn[2], trace.distances[2], CLOUD, 5, there)
    rows = neighbour_rows(found, trace.features[1], CLOUD, None if there is None else there[5])
    header, *lines = csv.reader(neighbours_csv(rows, on_bits=trace is BITS).splitlines())
    assert header[2].startswith(space)
    assert "(cloud radii)" in header[3]
    read = [NeighbourRow(int(a) if a else None, int(b), float(c), float(d), e or None, int(f) if f else None) for a, b, c, d, e, f in lines]
    assert tuple(read) == rows
