from dataclasses import replace

import numpy as np
import pytest

from bgnn_studio.core import views
from bgnn_studio.core.attributes import MOST_CLASSES, attribute
from bgnn_studio.core.bits import unpack_bits
from bgnn_studio.core.views import attribute_view, point_view
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


def test_a_colour_is_shown_as_it_is_and_normals_by_their_direction() -> None:
    bytes_ = np.arange(3 * len(CLOUD)).reshape(-1, 3) % 256
    view = point_view("rgb", CLOUD, attribute=attribute("rgb", "colour", bytes_))
    np.testing.assert_array_equal(view.colours, bytes_)
    directions = np.tile([[0, 0, 5.0], [-2, 0, 0], [0, 0, 0], [np.nan, 0, 1]], (len(CLOUD) // 4 + 1, 1))[: len(CLOUD)]
    view = point_view("normals", CLOUD, attribute=attribute("normals", "normals", directions))
    np.testing.assert_array_equal(view.colours[:4], [[128, 128, 255], [0, 128, 128], [128, 128, 128], [128, 128, 128]])


def test_labels_are_classes_and_the_rarest_of_many_are_others() -> None:
    numbers = np.arange(len(CLOUD)) % 3 * 10
    view = point_view("label", CLOUD, attribute=attribute("label", "labels", numbers, {10: "door"}))
    assert view.categories == ("0", "door", "20")
    np.testing.assert_array_equal(view.values, numbers / 10)
    some = attribute("label", "labels", numbers).take(np.flatnonzero(numbers != 10))
    assert attribute_view("label", some, len(some.values)).categories == ("0", "10", "20")  # the same colours for any choice of points
    many = np.minimum(np.arange(len(CLOUD)), MOST_CLASSES)
    view = point_view("label", CLOUD, attribute=attribute("label", "labels", many))
    assert len(view.categories) == MOST_CLASSES + 1
    assert view.categories[-1] == "other"
    assert view.categories[view.values.astype(int)[-1]] == str(MOST_CLASSES)  # the most frequent one is not among the others


def test_a_scale_leaves_single_far_values_out_and_says_so() -> None:
    values = np.linspace(1, 2, 1000)
    plain = attribute("intensity", "scalar", values)
    assert (plain.span, plain.clipped) == ((1.0, 2.0), False)
    values[:3] = 1e6
    far = attribute("intensity", "scalar", values)
    assert far.clipped
    assert far.span[1] < 2.01
    view = attribute_view("intensity", far, 1000)
    assert view.values.max() == far.span[1]
    assert "cut off" in view.title
    for strange in (np.full(9, np.nan), np.array([1e308, -1e308]), np.array([np.inf, 3.0]), np.array([7, 7])):
        low, high = attribute("strange", "scalar", strange).span
        assert np.isfinite([low, high]).all()
        assert low < high


def test_an_attribute_of_other_points_or_another_name_is_refused() -> None:
    one = attribute("label", "labels", np.arange(3))
    with pytest.raises(BgnnError, match=f"of {len(CLOUD)} points"):
        point_view("label", CLOUD, attribute=one)
    for other in (one, None):
        with pytest.raises(BgnnError, match="colour mode"):
            point_view("taste", CLOUD, attribute=other)
