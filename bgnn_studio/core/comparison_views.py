"""What the views of a comparison show side by side: point colours on shared ranges, edges by what became of them, captions."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bgnn_studio.core.attributes import Attribute
from bgnn_studio.core.comparison import Comparison
from bgnn_studio.core.edge_difference import CHANGES, Change
from bgnn_studio.core.graphs import Graph, check_point, edges
from bgnn_studio.core.views import COLOUR_MODES, EDGE_MODES, ColourMode, EdgeMode, PointView, point_view
from bgnn_studio.errors import BgnnError


@dataclass(frozen=True, eq=False)
class Panel:
    """One model's view.

    Attributes
    ----------
    name : str
    predicted : str
        Class and confidence, or why there is none.
    note : str
        What the view cannot show, and why; ``Reference`` for that one; empty where there is nothing to say.
    counts : tuple of (Change, int)
        Edges of the layer kept, new and lost; empty for the reference, and where there is nothing to compare.
    jaccard : float or None
    colours : PointView or None
        None where this model has no such values.
    scale : bool
        Whether the legend of the colours stands here: in the last of all views that share it.
    pairs : (E, 2) int64
        Edges to draw.
    changes : (E,) uint8 or None
        Number in `CHANGES` of each edge; None for the reference, whose edges have the colours of their points.
    neighbours : (m,) int64
        Of the picked point, the lost ones last.
    neighbour_changes : (m,) uint8 or None
    """

    name: str
    predicted: str
    note: str
    counts: tuple[tuple[Change, int], ...]
    jaccard: float | None
    colours: PointView | None
    scale: bool
    pairs: NDArray[np.int64]
    changes: NDArray[np.uint8] | None
    neighbours: NDArray[np.int64]
    neighbour_changes: NDArray[np.uint8] | None


@dataclass(frozen=True)
class Show:
    """What all views show; as in `core.views.point_view` and `core.session`.

    Attributes
    ----------
    brush : (low, high) or None
        Only edges of this range of distances, in the views whose graph is built in the space that `brush_on_bits` says.
    shown_k : int or None
        Only the edges to so many nearest neighbours; None: all of them.
    budget : int
        Edges of a view, at most.
    attribute : Attribute or None
        Of the points that all models run on, for the colour of its name.
    """

    layer: int = 1
    edges: EdgeMode = "all"
    colour: ColourMode = "height"
    pick: int | None = None
    bit: int = 0
    up: str = "z"
    brush: tuple[float, float] | None = None
    brush_on_bits: bool = False
    shown_k: int | None = None
    budget: int = 20_480
    attribute: Attribute | None = None


def panels(comparison: Comparison, show: Show) -> tuple[Panel, ...]:
    """Return the views of all models; what one of them cannot show it says in its note, and shows the rest.

    Raises
    ------
    BgnnError
        A layer that no model has, a point that the cloud does not have, an unknown colour or edge mode.
    """
    if not 1 <= show.layer <= comparison.layers:
        raise BgnnError(f"Expected a layer between 1 and {comparison.layers} (got {show.layer}).")
    if show.colour not in COLOUR_MODES and (show.attribute is None or show.attribute.name != show.colour):
        raise BgnnError(f"Expected a colour mode among {', '.join(COLOUR_MODES)}, or an attribute of the cloud (got {show.colour!r}).")
    if show.edges not in EDGE_MODES:
        raise BgnnError(f"Expected edges to be one of {', '.join(EDGE_MODES)} (got {show.edges!r}).")
    if show.pick is not None:
        check_point(show.pick, len(comparison.runs[0].points))
    colours = [_colours(comparison, i, show) for i in range(len(comparison.runs))]
    spans: dict[str, list[tuple[float, float]]] = {}
    for view, _ in colours:
        if view is not None:
            spans.setdefault(view.title, []).append(view.value_range)
    last = {view.title: i for i, (view, _) in enumerate(colours) if view is not None}
    found = []
    for i, (view, reason) in enumerate(colours):
        shared = view
        if view is not None:
            lows, highs = zip(*spans[view.title], strict=True)
            shared = replace(view, value_range=(min(lows), max(highs)))
        found.append(_panel(comparison, i, show, shared, reason, scale=view is not None and last[view.title] == i))
    return tuple(found)


def _colours(comparison: Comparison, i: int, show: Show) -> tuple[PointView | None, str]:
    """Return the values to colour by, or why there are none."""
    run, first = comparison.runs[i], comparison.runs[0]
    if show.colour == "drift" and i == 0:
        return None, ""
    try:
        options = {"layer": show.layer, "pick": show.pick, "bit": show.bit, "up": show.up, "attribute": show.attribute}
        return point_view(show.colour, run.points, run.trace, reference=first.trace, **options), ""  # type: ignore[arg-type]
    except BgnnError as error:
        return None, str(error)


def _panel(comparison: Comparison, i: int, show: Show, colours: PointView | None, reason: str, *, scale: bool) -> Panel:
    run, layer = comparison.runs[i], show.layer
    predicted = "No prediction"
    if run.inference is not None:
        best = int(run.inference.logits.argmax())
        predicted = f"{run.model.spec.classes[best]}  {100 * run.inference.probabilities[best]:.0f} %"
    missing = comparison.why_no_graph(i, layer)
    note = missing or ("Reference" if i == 0 else comparison.why_no_difference(i, layer) or reason)
    nothing = np.empty((0, 2), np.int64)
    panel = Panel(comparison.names[i], predicted, note, (), None, colours, scale, nothing, None, nothing[:, 0], None)
    if missing is not None or run.trace is None:
        return panel
    knn, inside = run.trace.knn[layer - 1], _inside(comparison, i, show)
    difference = comparison.difference(i, layer)
    if difference is None:
        pairs = edges(knn)[slice(None) if inside is None else inside.ravel()]
        pick = _own(knn, inside, show.pick)
        return replace(panel, pairs=_within(pairs, show) if show.edges == "all" else nothing, neighbours=pick)
    counts = tuple((change, difference.count(change)) for change in CHANGES)
    panel = replace(panel, counts=counts, jaccard=difference.jaccard)
    if show.edges == "all":
        pairs, changes = difference.pairs(inside=inside, inside_reference=_inside(comparison, 0, show), budget=show.budget)
        panel = replace(panel, pairs=pairs, changes=changes)
    if show.pick is not None:
        neighbours, kinds = difference.of_point(show.pick)
        there = _inside(comparison, 0, show)
        mine = np.ones(knn.shape[1], bool) if inside is None else inside[show.pick]
        lost = difference.lost[show.pick]
        left = np.concatenate([mine, (np.ones_like(lost) if there is None else there[show.pick])[lost]])
        panel = replace(panel, neighbours=neighbours[left], neighbour_changes=kinds[left])
    return panel


def _inside(comparison: Comparison, i: int, show: Show) -> NDArray[np.bool_] | None:
    """Return which edges are shown, (N, k), or None for all of them; a brush of another unit leaves all."""
    run, layer = comparison.runs[i], show.layer
    if run.trace is None or layer > len(run.trace.knn):
        return None
    distances = run.trace.distances[layer - 1]
    parts = []
    if show.brush is not None and (run.model.spec.on_bits and layer > 1) == show.brush_on_bits:
        parts.append((distances >= show.brush[0]) & (distances <= show.brush[1]))
    if show.shown_k is not None:
        parts.append(np.broadcast_to(np.arange(run.k) < show.shown_k, distances.shape))
    return np.logical_and.reduce(parts) if parts else None


def _own(knn: Graph, inside: NDArray[np.bool_] | None, pick: int | None) -> NDArray[np.int64]:
    if pick is None:
        return np.empty(0, np.int64)
    row = knn[pick] if inside is None else knn[pick][inside[pick]]
    return row.astype(np.int64)


def _within(pairs: NDArray[np.int64], show: Show) -> NDArray[np.int64]:
    """Leave out edges beyond the budget, evenly."""
    return pairs[:: -(-len(pairs) // show.budget) or 1]
