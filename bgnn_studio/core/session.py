"""What the window shows, without a window: open clouds and models, what is selected, and who wants to know.

Every change goes through one small method, which tells the listeners once, with the names of all fields that it changed.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from bgnn_studio.core.bit_facts import BitFacts
from bgnn_studio.core.comparison import why_incomparable
from bgnn_studio.core.graphs import Graph
from bgnn_studio.core.inference import Inference
from bgnn_studio.core.opened import OpenCloud, OpenModel
from bgnn_studio.core.views import COLOUR_MODES, EDGE_MODES, ColourMode, EdgeMode
from bgnn_studio.errors import BgnnError

Listener = Callable[[frozenset[str]], None]


M = TypeVar("M", bound=OpenModel)


class Session(Generic[M]):
    """State of the window.

    Attributes
    ----------
    clouds, models : tuple
        In the order of opening.
    cloud, model : OpenCloud or None, OpenModel or None
        The selected ones.
    points : (N, 3) float32 or None
        What is shown and inferred: the selected cloud at the number of points that the selected model was trained with
        (all of a smaller cloud). A model run at another N errs where it need not.
    inference : Inference or None
        Of the selected model on the selected cloud, once it has run.
    passes : int
        The inference is the median of so many passes after a warm-up; 0: the only one, warm-up included.
    reference : OpenModel or None
        What the selected model is compared with; stays when other models are selected.
    reference_inference : Inference or None
        Of the reference on the same points, once it has run.
    facts : BitFacts or None
        Of the bits that the graph shown is built on, once they are counted; None where it is not built on bits.
    pick : int or None
        Picked point.
    layer : int
        Graph shown, from 1 (the input graph).
    colour : ColourMode
    bit : int
        Bit plane for the colour mode ``bit``.
    edges : EdgeMode
    brush : (low, high) or None
        Only edges with a distance in this closed range are drawn.
    """

    def __init__(self) -> None:
        self.clouds: tuple[OpenCloud, ...] = ()
        self.models: tuple[M, ...] = ()
        self.cloud: OpenCloud | None = None
        self.model: M | None = None
        self.points: NDArray[np.float32] | None = None
        self.inference: Inference | None = None
        self.passes = 0
        self.reference: M | None = None
        self.reference_inference: Inference | None = None
        self.facts: BitFacts | None = None
        self.pick: int | None = None
        self.layer = 1
        self.colour: ColourMode = "height"
        self.bit = 0
        self.edges: EdgeMode = "all"
        self.brush: tuple[float, float] | None = None
        self._listeners: list[Listener] = []

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` after each change with the names of the fields that changed; return what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def add_cloud(self, cloud: OpenCloud) -> None:
        """Append a cloud to the list; one from the same file replaces the older one."""
        self._change(clouds=(*(c for c in self.clouds if not _same_file(c.cloud.path, cloud.cloud.path)), cloud))

    def add_model(self, model: M) -> None:
        """Append a model to the list; one from the same file replaces the older one, as the reference too."""
        replaced = self.reference is not None and _same_file(self.reference.path, model.path)
        models = (*(m for m in self.models if not _same_file(m.path, model.path)), model)
        self._change(models=models, **(self._with_reference(model) if replaced else {}))

    def remove_cloud(self, cloud: OpenCloud) -> None:
        """Drop a cloud; when it was selected, another takes its place."""
        left = tuple(c for c in self.clouds if c is not cloud)
        fitting = next((c for c in left if _fit(c, self.model)), None)
        self._change(clouds=left, **({} if cloud is not self.cloud else self._with_cloud(fitting)))

    def remove_model(self, model: M) -> None:
        """Drop a model; when it was selected, another takes its place."""
        left = tuple(m for m in self.models if m is not model)
        fitting = next((m for m in left if _fit(self.cloud, m)), None)
        changes = {} if model is not self.model else self._with_model(fitting)
        self._change(models=left, **{**changes, **({} if model is not self.reference else self._with_reference(None))})

    def select_cloud(self, cloud: OpenCloud) -> None:
        """Select a cloud of the list; raises `BgnnError` when the selected model needs more points."""
        self._check_fit(cloud, self.model)
        if cloud is not self.cloud:
            self._change(**self._with_cloud(cloud))

    def select_model(self, model: M) -> None:
        """Select a model of the list; raises `BgnnError` when it needs more points than the cloud has.

        The picked point stays picked unless the model takes another number of points.
        """
        self._check_fit(self.cloud, model)
        if model is not self.model:
            self._change(**self._with_model(model))

    def set_inference(self, inference: Inference, passes: int) -> None:
        """Store what the selected model gave on the selected cloud; see `core.timing.median_pass` for `passes`."""
        self._change(inference=inference, passes=passes, facts=None)

    def set_facts(self, facts: BitFacts) -> None:
        """Store the facts of the layer shown."""
        self._change(facts=facts)

    def set_reference(self, reference: M | None) -> None:
        """Compare with a model of the list, or with none."""
        if reference is not self.reference:
            self._change(**self._with_reference(reference))

    def set_reference_inference(self, inference: Inference) -> None:
        """Store what the reference gave on the points that are shown."""
        self._change(reference_inference=inference)

    def select_point(self, point: int | None) -> None:
        """Pick a point, or none; raises `BgnnError` for a point that the cloud does not have."""
        count = 0 if self.points is None else len(self.points)
        if point is not None and not 0 <= point < count:
            raise BgnnError(f"Expected a point between 0 and {count - 1} (got {point}).")
        self._change(pick=point, **({} if point is not None else self._without_pick()))

    def select_layer(self, layer: int) -> None:
        """Show the graph of a layer, from 1; the brush goes, for its unit changes, and the bit stays within the layer's width."""
        layers = self.layers
        if not 1 <= layer <= layers:
            raise BgnnError(f"Expected a layer between 1 and {layers} (got {layer}).")
        if layer != self.layer:
            self._change(layer=layer, brush=None, facts=None, **self._for_layer(self.model, layer, self.points))

    def set_colour(self, mode: ColourMode) -> None:
        """Colour points by a mode; raises `BgnnError` for one that the selection cannot show."""
        if mode not in COLOUR_MODES:
            raise BgnnError(f"Expected a colour mode among {', '.join(COLOUR_MODES)} (got {mode!r}).")
        if (reason := self.why_not(mode)) is not None:
            raise BgnnError(reason)
        self._change(colour=mode)

    def set_bit(self, bit: int) -> None:
        """Show another bit plane; raises `BgnnError` beyond the layer's width."""
        if not 0 <= bit < max(self.bits, 1):
            raise BgnnError(f"Expected a bit between 0 and {self.bits - 1} (got {bit}).")
        self._change(bit=bit)

    def set_edges(self, mode: EdgeMode) -> None:
        """Draw no edges, those of the picked point, or all."""
        if mode not in EDGE_MODES:
            raise BgnnError(f"Expected edges among {', '.join(EDGE_MODES)} (got {mode!r}).")
        self._change(edges=mode)

    def set_brush(self, brush: tuple[float, float] | None) -> None:
        """Draw only edges with a distance in a closed range, or all of them again."""
        self._change(brush=brush)

    @property
    def layers(self) -> int:
        """Graph layers of the selected model, or 1: the input graph."""
        return len(self.model.spec.widths) if self.model else 1

    @property
    def bits(self) -> int:
        """Bit planes of the layer shown; 0 where its graph is not built on bits."""
        return _bits(self.model, self.layer)

    @property
    def why_no_reference(self) -> str | None:
        """Say why the layer shown cannot be compared with the reference's, or None where it can."""
        return self._why_incomparable(self.model, self.layer, self.points)

    @property
    def reference_graph(self) -> Graph | None:
        """The reference's (N, its k) graph of the layer shown; None where there is none to compare with, or none yet."""
        trace = self.reference_inference.trace if self.reference_inference and self.why_no_reference is None else None
        return trace.knn[self.layer - 1] if trace else None

    def why_not(self, mode: ColourMode) -> str | None:
        """Say what a colour mode still needs, or None when it can be shown."""
        if mode == "height":
            return None
        if self.model is None:
            return "No model yet: open one to see the graph that it builds."
        if mode == "distance" and self.pick is None:
            return "No point is picked: click one in the 3D view."
        if mode == "bit" and not self.model.spec.on_bits:
            return f"{self.model.name} ({self.model.spec.variant}) keeps real features between layers, which have no bit planes."
        if mode == "bit" and self.layer == 1:
            return "The input graph is built on xyz, which has no bit planes: choose layer 2 or later."
        return self.why_no_reference if mode == "drift" else None

    def _check_fit(self, cloud: OpenCloud | None, model: M | None) -> None:
        if cloud is not None and model is not None and not _fit(cloud, model):
            raise BgnnError(
                f"{cloud.cloud.name} has {len(cloud.points)} points, but {model.name} joins each to its {model.spec.k} nearest. "
                f"Choose a cloud of at least {model.spec.k} points."
            )

    def _without_pick(self) -> dict[str, object]:
        return {"colour": "height" if self.colour == "distance" else self.colour}

    def _with_cloud(self, cloud: OpenCloud | None) -> dict[str, object]:
        """Return the selection with another cloud."""
        points = _points(cloud, self.model)
        changes = {"cloud": cloud, "points": points, "inference": None, "reference_inference": None, "pick": None, "brush": None}
        lost = self.colour == "drift" and self._why_incomparable(self.model, self.layer, points)
        return {**changes, "facts": None, "colour": "height" if lost else self._without_pick()["colour"]}

    def _with_model(self, model: M | None) -> dict[str, object]:
        """Return the selection with another model."""
        points = _points(self.cloud, model)
        kept = points is self.points
        layer = min(self.layer, len(model.spec.widths) if model else 1)
        changes: dict[str, object] = {"model": model, "points": points, "inference": None, "facts": None, "brush": None, "layer": layer}
        changes |= self._for_layer(model, layer, points) | ({} if kept else {"reference_inference": None})
        return changes if kept else {**changes, "pick": None, **({"colour": "height"} if changes["colour"] == "distance" else {})}

    def _with_reference(self, reference: M | None) -> dict[str, object]:
        """Return the selection with another reference."""
        changes: dict[str, object] = {"reference": reference, "reference_inference": None}
        points = 0 if self.points is None else len(self.points)
        lost = self.colour == "drift" and why_incomparable(reference, self.model, points, self.layer)
        return {**changes, "colour": "height"} if lost else changes

    def _why_incomparable(self, model: M | None, layer: int, points: NDArray[np.float32] | None) -> str | None:
        return why_incomparable(self.reference, model, 0 if points is None else len(points), layer)

    def _for_layer(self, model: M | None, layer: int, points: NDArray[np.float32] | None) -> dict[str, object]:
        """Return the bit and colour mode to go on with at a layer."""
        bits = _bits(model, layer)
        lost = (self.colour == "bit" and not bits) or (self.colour != "height" and model is None)
        lost = lost or (self.colour == "drift" and self._why_incomparable(model, layer, points) is not None)
        return {"bit": min(self.bit, max(bits - 1, 0)), "colour": "height" if lost else self.colour}

    def _change(self, **values: object) -> None:
        changed = frozenset(name for name, value in values.items() if _differ(getattr(self, name), value))
        for name in changed:
            setattr(self, name, values[name])
        if changed:
            for listener in tuple(self._listeners):
                listener(changed)


def _differ(old: object, new: object) -> bool:
    """Compare plain values by value, and clouds, models and inferences (which hold arrays) by identity."""
    return old is not new and not (isinstance(new, (int, str, tuple)) and old == new)


def _points(cloud: OpenCloud | None, model: OpenModel | None) -> NDArray[np.float32] | None:
    return None if cloud is None else cloud.points if model is None else cloud.at(model.spec.points)


def _fit(cloud: OpenCloud | None, model: OpenModel | None) -> bool:
    return cloud is None or model is None or len(cloud.points) >= model.spec.k


def _bits(model: OpenModel | None, layer: int) -> int:
    return model.spec.in_channels[layer - 1] if model and model.spec.on_bits and layer > 1 else 0


def _same_file(a: Path | None, b: Path | None) -> bool:
    return a is not None and b is not None and a.resolve() == b.resolve()
