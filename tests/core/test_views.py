from dataclasses import replace

import numpy as np
import pytest

from bgnn_studio.core import views
from bgnn_studio.core.bits import unpack_bits
from bgnn_studio.core.views import point_view
from bgnn_studio.errors import BgnnError
from tests.traces import squared_l2, synthetic_cloud, synthetic_inference

CLOUD = synthetic_cloud(120)
BITS = synthetic_inference(CLOUD).trace
REAL = synthetic_inference(CLOUD, on_bits=False).trace


@pytest.mark.parametrize(("up", "axis"), [("x", 0), ("y", 1), ("z", 2)])
def test_height_is_a_coordinate(up, axis):
    view = point_view("height", CLOUD, up=up)
    np.testing.assert_array_equal(view.values, CLOUD[:, axis])
    assert view.value_range == (CLOUD[:, axis].min(), CLOUD[:, axis].max())
    assert (view.title, view.unit) == (f"Height {up}", "cloud units")


def test_height_of_a_flat_cloud_has_a_range():
    low, high = point_view("height", np.zeros((5, 3), np.float32)).value_range
    assert low < 0 < high


def test_distance_is_that_of_the_layers_graph():
    """The k nearest by the painted values are the picked point's row of the graph."""
    for trace in (BITS, REAL):
        for layer in (1, 2, 3):
            view = point_view("distance", CLOUD, trace, layer=layer, pick=11)
            knn = views.layer_graph(trace, layer)
            order = np.argsort(view.values, kind="stable")[: knn.shape[1]]
            np.testing.assert_allclose(np.sort(view.values[knn[11]]), view.values[order], rtol=1e-6)
            assert view.values[11] == 0
            assert view.value_range == (0.0, view.values.max())


def test_distance_in_layer_1_needs_no_trace():
    view = point_view("distance", CLOUD, pick=3)
    np.testing.assert_allclose(view.values, squared_l2(CLOUD)[3], rtol=1e-6)
    assert "L2" in view.title
    assert view.unit == "cloud units\N{SUPERSCRIPT TWO}"
    assert point_view("distance", CLOUD, REAL, layer=2, pick=3).unit == ""


def test_hamming_distances_say_so():
    view = point_view("distance", CLOUD, BITS, layer=2, pick=3)
    assert "Hamming" in view.title
    assert view.unit == "bits"


def test_a_bit_plane_has_two_classes():
    view = point_view("bit", CLOUD, BITS, layer=3, bit=70)
    np.testing.assert_array_equal(view.values, unpack_bits(BITS.features[1], 128)[:, 70])
    assert view.categories == ("+1", "\N{MINUS SIGN}1")


def test_in_degree_sums_to_the_number_of_edges():
    view = point_view("in-degree", CLOUD, BITS, layer=2)
    assert view.values.sum() == BITS.knn[1].size
    assert view.value_range[0] == 0


def test_drift_is_a_percentage():
    assert point_view("drift", CLOUD, BITS, layer=3, reference=BITS).values.max() == 0
    drifted = point_view("drift", CLOUD, BITS, layer=3, reference=REAL)
    kept = [len(set(a) & set(b)) for a, b in zip(BITS.knn[2].tolist(), REAL.knn[2].tolist(), strict=True)]
    np.testing.assert_allclose(drifted.values, 100 - 100 * np.array(kept) / 8, rtol=1e-6)
    assert drifted.value_range == (0.0, 100.0)


def test_critical_points_won_channels():
    view = point_view("critical", CLOUD, BITS)
    assert view.values.tolist() == [BITS.winners.tolist().count(i) for i in range(len(CLOUD))]
    assert (view.value_range, view.unit) == ((0.0, view.values.max()), "channels")


@pytest.mark.parametrize(
    ("mode", "options", "message"),
    [
        ("distance", {}, "Click a point"),
        ("distance", {"pick": 120}, "between 0 and 119"),
        ("distance", {"pick": 0, "layer": 2}, "Run a model"),
        ("distance", {"pick": 0, "layer": 4, "trace": BITS}, "between 1 and 3 .got 4"),
        ("bit", {"trace": BITS}, "layer 1 is built on xyz"),
        ("bit", {"trace": REAL, "layer": 2}, "real features, which have no bit planes"),
        ("bit", {"trace": BITS, "layer": 2, "bit": 64}, "between 0 and 63"),
        ("in-degree", {}, "Run a model"),
        ("in-degree", {"trace": BITS, "layer": 0}, "between 1 and 3 .got 0"),
        ("drift", {"trace": BITS}, "Choose a reference"),
        ("critical", {}, "Run a model"),
        ("critical", {"trace": replace(BITS, winners=np.array([3, 120], np.int32))}, "between 0 and 119 .got 3 to 120"),
        ("colour", {"trace": BITS}, "Expected a colour mode among height"),
    ],
)
def test_what_is_missing_is_said(mode, options, message):
    with pytest.raises(BgnnError, match=message):
        point_view(mode, CLOUD, **options)


def test_layers_are_named_by_their_space():
    assert views.layer_name(1) == "input graph (xyz)"
    assert views.layer_name(3, on_bits=True) == "layer 3 graph (Hamming)"
    assert views.layer_name(2, on_bits=False) == "layer 2 graph (L2)"
