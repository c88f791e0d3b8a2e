"""Rows of the table of neighbours, against brute force over sets and lists."""

import numpy as np
import pytest

from bgnn_studio.core.graphs import neighbourhood
from bgnn_studio.core.neighbours import neighbour_rows
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
