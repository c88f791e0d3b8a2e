"""What the views of a comparison show: shared ranges, edges by their change, brushes, and notes."""

from dataclasses import replace

import numpy as np
import pytest

from bgnn_studio.core.comparison import Comparison, compare, run_model
from bgnn_studio.core.comparison_views import Panel, Show, panels
from bgnn_studio.core.edge_difference import CHANGES
from bgnn_studio.errors import BgnnError
from tests.core.test_comparison import POINTS, opened


def run(*names: str, **options: object) -> Comparison:
    kinds = {"real": {"variant": "dgcnn"}, "shallow": {"widths": (16, 32)}, "none": {"k": 97}, "wide": {"k": 9}}
    models = [opened(name, **{"seed": i, **kinds.get(name, {}), **options}) for i, name in enumerate(names)]
    return compare("ball", [run_model(model, POINTS) for model in models])


@pytest.fixture(scope="module")
def three() -> Comparison:
    return run("real", "bits", "other")


def sets(panel: Panel) -> dict[str, set[tuple[int, int]]]:
    return {
        name: {tuple(p) for p, c in zip(panel.pairs.tolist(), panel.changes.tolist(), strict=True) if c == number}
        for number, name in enumerate(CHANGES)
    }


def test_edges_are_those_of_the_graphs(three: Comparison) -> None:
    first, second, _ = panels(three, Show(layer=3))
    knn, mine = (three.runs[i].trace.knn[2] for i in (0, 1))
    reference, edges = ({(i, int(j)) for i, row in enumerate(graph) for j in row} for graph in (knn, mine))
    assert (first.changes, {tuple(p) for p in first.pairs.tolist()}) == (None, reference)
    assert sets(second) == {"kept": edges & reference, "new": edges - reference, "lost": reference - edges}
    assert dict(second.counts) == {change: len(found) for change, found in sets(second).items()}
    assert (first.note, first.counts, first.jaccard) == ("Reference", (), None)
    assert second.jaccard == three.difference(1, 3).jaccard


def test_edges_of_the_picked_point_or_none(three: Comparison) -> None:
    for edges, pick in (("none", None), ("picked", 5)):
        assert [len(panel.pairs) for panel in panels(three, Show(layer=2, edges=edges, pick=pick))] == [0, 0, 0]
    first, second, _ = panels(three, Show(layer=2, edges="picked", pick=5))
    knn, mine = (three.runs[i].trace.knn[1][5].tolist() for i in (0, 1))
    assert (first.neighbours.tolist(), first.neighbour_changes) == (knn, None)
    assert second.neighbours.tolist() == mine + [j for j in knn if j not in mine]
    assert [CHANGES[c] for c in second.neighbour_changes][: len(mine)] == ["kept" if j in knn else "new" for j in mine]


def test_a_brush_filters_the_graphs_of_its_own_space_only(three: Comparison) -> None:
    low, high = 1.0, 3.0
    real, bits, _ = panels(three, Show(layer=2, brush=(low, high), brush_on_bits=True, pick=7))
    trace, reference = three.runs[1].trace, three.runs[0].trace.knn[1]
    inside = (trace.distances[1] >= low) & (trace.distances[1] <= high)
    left = {(i, int(j)) for i, row in enumerate(trace.knn[1]) for place, j in enumerate(row) if inside[i, place]}
    there = {(i, int(j)) for i, row in enumerate(reference) for j in row}
    assert len(real.pairs) == reference.size
    assert sets(bits)["kept"] | sets(bits)["new"] == left
    every = {(i, int(j)) for i, row in enumerate(trace.knn[1]) for j in row}
    assert sets(bits)["lost"] == there - every
    own = trace.knn[1][7][inside[7]].tolist()
    assert bits.neighbours.tolist()[: len(own)] == own
    assert dict(bits.counts)["kept"] == three.difference(1, 2).count("kept")


def test_fewer_neighbours_are_the_nearest_of_both_graphs(three: Comparison) -> None:
    show = Show(layer=3, shown_k=2, pick=9)
    first, second, _ = panels(three, show)
    reference, mine = (three.runs[i].trace.knn[2] for i in (0, 1))
    assert {tuple(pair) for pair in first.pairs.tolist()} == {(i, int(j)) for i, row in enumerate(reference) for j in row[:2]}
    found = sets(second)
    assert found["kept"] | found["new"] == {(i, int(j)) for i, row in enumerate(mine) for j in row[:2]}
    assert found["lost"] == {(i, int(j)) for i, row in enumerate(reference) for j in row[:2] if j not in mine[i]}
    assert second.neighbours.tolist() == [*mine[9][:2].tolist(), *(j for j in reference[9][:2].tolist() if j not in mine[9])]


def test_colours_share_one_range_and_one_legend_where_they_share_a_unit(three: Comparison) -> None:
    found = panels(three, Show(layer=2, colour="distance", pick=3))
    assert [panel.colours.unit for panel in found] == ["", "bits", "bits"]
    assert [panel.scale for panel in found] == [True, False, True]
    assert found[1].colours.value_range == found[2].colours.value_range
    assert found[1].colours.value_range[1] == max(panel.colours.values.max() for panel in found[1:])
    degrees = panels(three, Show(layer=3, colour="in-degree"))
    assert {panel.colours.value_range for panel in degrees} == {(0.0, max(panel.colours.values.max() for panel in degrees))}
    assert [panel.scale for panel in degrees] == [False, False, True]


def test_a_model_that_lacks_the_colours_says_so(three: Comparison) -> None:
    real, bits, _ = panels(three, Show(layer=2, colour="bit", bit=4))
    assert (real.colours, real.scale) == (None, False)
    assert bits.colours.values.tolist() == (three.runs[1].trace.features[0][:, 0] >> np.uint64(4) & np.uint64(1)).tolist()
    drift = panels(three, Show(layer=2, colour="drift"))
    assert drift[0].colours is None
    kept = three.difference(1, 2).kept.mean(axis=1)
    np.testing.assert_allclose(drift[1].colours.values, 100 * (1 - kept), rtol=1e-6)


def test_a_missing_layer_and_a_model_that_cannot_run_are_notes() -> None:
    found = panels(run("bits", "shallow", "none"), Show(layer=3, pick=2))
    assert found[1].note == "shallow has 2 graph layers, and no layer 3."
    assert found[2].note == "The cloud has 96 points, but k is 97."
    assert (found[2].predicted, len(found[1].pairs), len(found[2].neighbours)) == ("No prediction", 0, 0)
    assert found[2].colours is not None
    reference = panels(run("shallow", "bits"), Show(layer=3))
    assert (reference[0].note, reference[1].note) == ("shallow has 2 graph layers, and no layer 3.",) * 2
    assert len(reference[1].pairs) == 96 * 5


def test_another_k_is_no_obstacle() -> None:
    _, wide = panels(run("bits", "wide"), Show(layer=2))
    assert sum(len(pairs) for change, pairs in sets(wide).items() if change != "lost") == 96 * 9


@pytest.mark.parametrize("budget", [1, 100])
def test_a_budget_holds_in_every_view(three: Comparison, budget: int) -> None:
    assert all(0 < len(panel.pairs) <= budget for panel in panels(three, Show(layer=2, budget=budget)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"layer": 4}, "between 1 and 3 .got 4"),
        ({"layer": 0}, "between 1 and 3 .got 0"),
        ({"pick": 96}, "between 0 and 95 .got 96"),
        ({"pick": -1}, "between 0 and 95"),
        ({"colour": "mood"}, "height, distance.*got 'mood'"),
        ({"edges": "some"}, "none, picked, all .got 'some'"),
    ],
)
def test_what_does_not_exist_is_refused(three: Comparison, change: dict[str, object], words: str) -> None:
    with pytest.raises(BgnnError, match=words):
        panels(three, replace(Show(), **change))
