"""Two models' graphs side by side, against sets."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from bgnn_studio.core.comparison import overlap, why_incomparable
from bgnn_studio.core.spec import NetworkSpec
from bgnn_studio.errors import BgnnError
from tests.random_model import small_spec


@dataclass(frozen=True, eq=False)
class Opened:
    name: str
    spec: NetworkSpec
    path: Path | None = None


@pytest.mark.parametrize(("k", "other"), [(5, 5), (5, 9), (7, 2)])
def test_overlap_counts_the_intersections_of_neighbour_sets(k: int, other: int) -> None:
    rng = np.random.default_rng(k + other)
    knn, reference = (np.stack([rng.permutation(30)[:n] for _ in range(30)]) for n in (k, other))
    pairs = [(set(a), set(b)) for a, b in zip(knn.tolist(), reference.tolist(), strict=True)]
    found = overlap(knn, reference)
    assert (found.kept, found.edges) == (sum(len(a & b) for a, b in pairs), 30 * k)
    assert found.jaccard == pytest.approx(sum(len(a & b) / len(a | b) for a, b in pairs) / 30)


def test_overlap_of_a_graph_with_itself_is_everything_and_of_other_points_is_refused() -> None:
    knn = np.array([[0, 1], [1, 2], [2, 0]])
    assert (overlap(knn, knn).kept, overlap(knn, knn).jaccard) == (6, 1.0)
    with pytest.raises(BgnnError, match="graph of 3 points"):
        overlap(knn, knn[:2])


def test_what_stands_against_a_comparison_is_said() -> None:
    model, shallow = Opened("model", small_spec("bf2")), Opened("shallow", small_spec("dgcnn", widths=(16, 32)))
    assert why_incomparable(shallow, model, 40, 2) is None
    reasons = [
        (why_incomparable(shallow, None, 40), "No model yet"),
        (why_incomparable(None, model, 40), "No reference"),
        (why_incomparable(model, model, 40), "is the reference itself"),
        (why_incomparable(shallow, model, 4), "4 points are too few"),
        (why_incomparable(shallow, model, 40, 3), "no layer 3"),
    ]
    assert all(reason is not None and words in reason for reason, words in reasons)
