import numpy as np
import pytest

from bgnn_studio.core.graphs import shared_edges
from bgnn_studio.core.perturbation import IDENTITY, Perturbation
from bgnn_studio.core.perturbed import kept_share, perturbed_pass
from bgnn_studio.errors import BgnnError
from tests.traces import synthetic_cloud, synthetic_inference

CLOUD = synthetic_cloud(80)
BEFORE = synthetic_inference(CLOUD)


def run(perturbation):
    return perturbed_pass(perturbation, CLOUD, synthetic_inference, BEFORE, k=8)


def test_the_identity_keeps_every_edge():
    found = run(IDENTITY)
    assert found.points is CLOUD
    assert found.kept == (1.0, 1.0, 1.0)


def test_turning_keeps_the_input_graph_and_not_the_others():
    found = run(Perturbation(turn=90.0))
    assert found.kept[0] > 0.999
    assert found.kept[1] < 0.999


@pytest.mark.parametrize("perturbation", [Perturbation(drop=0.4), Perturbation(occlude=0.5, jitter=0.05)])
def test_edges_are_compared_by_the_points_they_join(perturbation):
    found = run(perturbation)
    for knn, before, kept in zip(found.inference.trace.knn, BEFORE.trace.knn, found.kept, strict=True):
        edges = {(int(found.index[i]), int(found.index[j])) for i, row in enumerate(knn) for j in row}
        old = {(i, int(j)) for i, row in enumerate(before) for j in row}
        assert kept == pytest.approx(len(edges & old) / len(edges))
        assert 0 < kept < 1


def test_too_few_points_left_is_said():
    with pytest.raises(BgnnError, match=r"left \(4\): each is joined to its 8 nearest"):
        run(Perturbation(drop=0.95))


def test_shared_edges_in_another_order_and_number():
    knn, reference = np.array([[0, 1, 2], [1, 2, 0]]), np.array([[2, 0], [1, 3]])
    np.testing.assert_array_equal(shared_edges(knn, reference), [[True, False, True], [True, False, False]])
    assert kept_share(knn, reference, np.arange(2)) == 0.5
