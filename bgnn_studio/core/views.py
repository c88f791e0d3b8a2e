"""What to paint on the points of a cloud, for a layer and a colour mode: shared by the window and the command line.

Layer 1 is the input graph, on xyz; layer l from 2 on has its graph in the space of `Trace.features[l - 2]`.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from bgnn_studio.core import graphs
from bgnn_studio.core.inference import Trace
from bgnn_studio.errors import BgnnError

ColourMode = Literal["height", "distance", "bit", "in-degree", "drift", "critical"]
COLOUR_MODES: tuple[ColourMode, ...] = get_args(ColourMode)
EdgeMode = Literal["none", "picked", "all"]
EDGE_MODES: tuple[EdgeMode, ...] = get_args(EdgeMode)
UP = {"x": 0, "y": 1, "z": 2}


@dataclass(frozen=True)
class PointView:
    """One value per point and how to show it.

    Attributes
    ----------
    values : (N,) float32
    value_range : (low, high)
        What the two ends of the palette stand for.
    title, unit : str
        For the legend; the unit may be empty.
    palette : str
        A name of `core.palettes.PALETTES`.
    categories : tuple of str or None
        Names of the values 0, 1, ... where they are classes and not a scale.
    """

    values: NDArray[np.float32]
    value_range: tuple[float, float]
    title: str
    unit: str
    palette: str
    categories: tuple[str, ...] | None = None


def layer_name(layer: int, on_bits: bool | None = None) -> str:
    """Name the graph of a layer for titles: ``input graph (xyz)``, ``layer 3 graph (Hamming)``."""
    space = {None: "", True: " (Hamming)", False: " (L2)"}[on_bits]
    return "input graph (xyz)" if layer == 1 else f"layer {layer} graph{space}"


def layer_graph(trace: Trace, layer: int) -> NDArray[np.int32]:
    """Return the (N, k) graph of a layer, counted from 1; raises `BgnnError` when there is no such layer."""
    _check_layer(trace, layer)
    return trace.knn[layer - 1]


def layer_features(points: NDArray[np.floating], trace: Trace | None, layer: int) -> graphs.Features:
    """Return what the graph of a layer was built on: the points for layer 1, else packed words or real features."""
    if layer == 1:
        return points
    if trace is None:
        raise BgnnError(f"Layer {layer} has no features yet. Run a model on this cloud first.")
    _check_layer(trace, layer)
    return trace.features[layer - 2]


def point_view(
    mode: ColourMode,
    points: NDArray[np.floating],
    trace: Trace | None = None,
    *,
    layer: int = 1,
    pick: int | None = None,
    bit: int = 0,
    reference: Trace | None = None,
    up: str = "z",
) -> PointView:
    """Map what is selected to one value per point.

    Parameters
    ----------
    mode : str
        ``height``, ``distance`` (to the picked point, in the space of the layer's graph), ``bit`` (one bit plane of that
        space; layers from 2 on of a model on bits), ``in-degree``, ``drift`` (neighbours that the reference's graph of
        the same layer lacks), ``critical`` (channels of the embedding whose maximum over the points this point gave).
    points : (N, 3)
    trace, reference : Trace or None
        Of the model shown, and of the one it is compared with; height, and distance in layer 1, need neither.
    layer : int
        From 1.
    pick : int or None
        Picked point, for ``distance``.
    bit : int
        Channel, for ``bit``.
    up : str
        Axis that is height: ``x``, ``y`` or ``z``.

    Raises
    ------
    BgnnError
        Something that the mode needs is missing: the message says what to do.
    """
    if mode == "height":
        z = points[:, UP[up]]
        return PointView(z.astype(np.float32), _span(z), f"Height {up}", "cloud units", "height")
    if mode == "distance":
        return _distance(layer_features(points, trace, layer), layer, pick)
    if mode == "bit":
        return _bit(layer_features(points, trace, layer), layer, bit)
    if mode not in COLOUR_MODES:
        raise BgnnError(f"Expected a colour mode among {', '.join(COLOUR_MODES)} (got {mode!r}).")
    if trace is None:
        raise BgnnError(f"Colouring by {mode} needs an inference. Run a model on this cloud first.")
    if mode == "critical":
        won = graphs.channels_won(trace.winners, len(points))
        return PointView(won.astype(np.float32), (0.0, float(won.max())), "Max pooling, won", "channels", "critical")
    knn = layer_graph(trace, layer)
    if mode == "in-degree":
        degree = graphs.in_degree(knn)
        return PointView(degree.astype(np.float32), (0.0, float(degree.max())), f"In-degree, layer {layer}", "edges", "degree")
    if reference is None:
        raise BgnnError("Graph drift compares two models. Choose a reference model.")
    lost = graphs.drift(knn, layer_graph(reference, layer))
    return PointView((100 * lost).astype(np.float32), (0.0, 100.0), f"Graph drift, layer {layer}", "%", "drift")


def _distance(features: graphs.Features, layer: int, pick: int | None) -> PointView:
    if pick is None:
        raise BgnnError("Colouring by distance needs a picked point. Click a point, or give its index.")
    values = graphs.distances_to(features, pick)
    on_bits = graphs.are_bits(features)
    title = f"{'Hamming' if on_bits else 'Squared L2'} distance to {pick}, layer {layer}"
    high = float(values.max())
    return PointView(values.astype(np.float32), (0.0, high if high > 0 else 1.0), title, _unit(layer, on_bits=on_bits), "distance")


def _bit(features: graphs.Features, layer: int, bit: int) -> PointView:
    if not graphs.are_bits(features):
        where = "xyz" if layer == 1 else "real features"
        raise BgnnError(f"The graph of layer {layer} is built on {where}, which have no bit planes. Choose layer 2 or later of a bf model.")
    plane = graphs.bit_plane(features, bit)
    return PointView(plane.astype(np.float32), (0.0, 1.0), f"Bit {bit}, layer {layer}", "", "bit", ("+1", "\N{MINUS SIGN}1"))


def _unit(layer: int, *, on_bits: bool) -> str:
    """Return the unit of a layer's distances; real features have none."""
    return "bits" if on_bits else "cloud units\N{SUPERSCRIPT TWO}" if layer == 1 else ""


def _check_layer(trace: Trace, layer: int) -> None:
    if not 1 <= layer <= len(trace.knn):
        raise BgnnError(f"Expected a layer between 1 and {len(trace.knn)} (got {layer}).")


def _span(values: NDArray[np.floating]) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    return (low, high) if high > low else (low - 0.5, high + 0.5)
