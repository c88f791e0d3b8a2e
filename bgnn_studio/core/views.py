"""What to paint on the points of a cloud, for a layer and a colour mode: shared by the window and the command line.

Layer 1 is the input graph, on xyz; layer l from 2 on has its graph in the space of `Trace.features[l - 2]`.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from bgnn_studio.core import graphs
from bgnn_studio.core.attributes import Attribute
from bgnn_studio.core.inference import Trace
from bgnn_studio.errors import BgnnError

ColourMode = str  # one of COLOUR_MODES, or the name of an attribute, which is none of these
COLOUR_MODES = ("height", "distance", "bit", "in-degree", "drift", "critical")
EdgeMode = Literal["none", "picked", "all"]
EDGE_MODES: tuple[EdgeMode, ...] = get_args(EdgeMode)
UP = {"x": 0, "y": 1, "z": 2}


@dataclass(frozen=True)
class PointView:
    """One value per point and how to show it.

    Attributes
    ----------
    values : (N,) float
    value_range : (low, high)
        What the two ends of the palette stand for.
    title, unit : str
        For the legend; the unit may be empty.
    palette : str
        A name of `core.palettes.PALETTES`.
    categories : tuple of str or None
        Names of the values 0, 1, ... where they are classes and not a scale.
    colours : (N, 3) uint8 or None
        The colours themselves, where they are no values on a scale.
    """

    values: NDArray[np.floating]
    value_range: tuple[float, float]
    title: str
    unit: str
    palette: str
    categories: tuple[str, ...] | None = None
    colours: NDArray[np.uint8] | None = None


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


def point_view(  # noqa: PLR0911 (one line for each mode)
    mode: ColourMode,
    points: NDArray[np.floating],
    trace: Trace | None = None,
    *,
    layer: int = 1,
    pick: int | None = None,
    bit: int = 0,
    reference: Trace | None = None,
    attribute: Attribute | None = None,
    up: str = "z",
) -> PointView:
    """Map what is selected to one value per point.

    Parameters
    ----------
    mode : str
        ``height``, ``distance`` (to the picked point, in the space of the layer's graph), ``bit`` (one bit plane of that
        space; layers from 2 on of a model on bits), ``in-degree``, ``drift`` (neighbours that the reference's graph of
        the same layer lacks), ``critical`` (channels of the embedding whose maximum over the points this point gave), or the
        name of the attribute.
    points : (N, 3)
    trace, reference : Trace or None
        Of the model shown, and of the one it is compared with; height, and distance in layer 1, need neither.
    layer : int
        From 1.
    pick : int or None
        Picked point, for ``distance``.
    bit : int
        Channel, for ``bit``.
    attribute : Attribute or None
        Of these points, for its name.
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
        return attribute_view(mode, attribute, len(points))
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


def attribute_view(name: str, attribute: Attribute | None, count: int) -> PointView:
    """Show an attribute of `count` points: colours as they are, directions of normals as colours, classes, or a scale.

    Raises
    ------
    BgnnError
        There is none, or one of another name or number of points.
    """
    if attribute is None or attribute.name != name:
        raise BgnnError(f"Expected a colour mode among {', '.join(COLOUR_MODES)}, or what the cloud's file says (got {name!r}).")
    if len(attribute.values) != count:
        raise BgnnError(f"Expected '{name}' of {count} points (got {len(attribute.values)}).")
    values = attribute.values
    nothing = np.zeros(len(values), np.float32)
    if attribute.kind == "colour":
        return PointView(nothing, (0.0, 1.0), "Colour of the file", "", "height", colours=values)
    if attribute.kind == "normals":
        return PointView(nothing, (0.0, 1.0), "Normals, red x, green y, blue z", "", "height", colours=_directions(values))
    if attribute.kind == "scalar":
        title = attribute.name + (", 1 % at each end cut off" if attribute.clipped else "")
        return PointView(np.clip(values.astype(np.float64), *attribute.span), attribute.span, title, "", "height")
    classes = np.array(attribute.classes)
    places = np.searchsorted(classes, values).clip(max=len(classes) - 1)
    others = classes[places] != values
    names = tuple(attribute.names.get(number, str(number)) for number in attribute.classes)
    shown = np.where(others, len(classes), places).astype(np.float32)
    categories = (*names, "other") if others.any() else names
    return PointView(shown, (0.0, float(len(categories))), attribute.name, "", "label", categories)


def _directions(normals: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return one colour for each direction, x, y, z from -1 to 1 as red, green, blue; the middle grey where there is none."""
    exact = normals.astype(np.float64)
    length = np.sqrt(np.square(exact).sum(axis=1, keepdims=True))
    unit = np.divide(exact, length, out=np.zeros_like(exact), where=(length > 0) & np.isfinite(length))
    return np.round(127.5 + 127.5 * unit).astype(np.uint8)


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
