"""What the window shows, without a window: the user's choices, what was computed for them, and who wants to know.

Every change goes through one small method, which tells the listeners once, with the names of all fields that it changed.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import fields
from typing import TYPE_CHECKING, Generic

from bgnn_studio.core.attributes import Attribute
from bgnn_studio.core.bit_facts import BitFacts
from bgnn_studio.core.choices import Choices, M
from bgnn_studio.core.graphs import Graph
from bgnn_studio.core.history import History
from bgnn_studio.core.inference import Inference
from bgnn_studio.core.opened import OpenCloud, PointCount
from bgnn_studio.core.perturbation import Perturbation
from bgnn_studio.core.perturbed import PerturbedPass
from bgnn_studio.core.views import ColourMode, EdgeMode
from bgnn_studio.errors import BgnnError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Listener = Callable[[frozenset[str]], None]


class Session(Generic[M]):
    """State of the window.

    Attributes
    ----------
    choices : Choices
        What the user chose. Each of its fields is an attribute of the session, too: `cloud`, `layer`, ...; but `pick`, which is
        the picked point among those shown, and None while a perturbation takes it away.
    history : History
        Of the choices; results are made again.
    points : (N, 3) float32 or None
        What is shown and inferred: `choices.points` as they were perturbed for the last pass.
    index : (N,) int64 or None
        Which of `choices.points` these are, ascending.
    inference : Inference or None
        Of the selected model on the selected cloud, once it has run.
    passes : int
        The inference is the median of so many passes after a warm-up; 0: the only one, warm-up included.
    live : bool
        The inference is that of a perturbation that may still be moving: what takes longer waits until it rests.
    perturbed : PerturbedPass or None
        The last pass on a perturbed cloud, of the selected cloud and model.
    reference_inference : Inference or None
        Of the reference on the same points, once it has run.
    facts : BitFacts or None
        Of the bits that the graph shown is built on, once they are counted; None where it is not built on bits.
    """

    clouds: tuple[OpenCloud, ...]
    models: tuple[M, ...]
    cloud: OpenCloud | None
    model: M | None
    reference: M | None
    count: PointCount
    perturbation: Perturbation
    pick: int | None
    layer: int
    colour: ColourMode
    bit: int
    edges: EdgeMode
    brush: tuple[float, float] | None
    compared: tuple[M, ...] | None
    shown_k: int | None

    def __init__(self) -> None:
        self.choices: Choices[M] = Choices()
        self.history: History[Choices[M]] = History()
        self.points: NDArray[np.float32] | None = None
        self.inference: Inference | None = None
        self.index: NDArray[np.int64] | None = None
        self.passes = 0
        self.live = False
        self.perturbed: PerturbedPass | None = None
        self.reference_inference: Inference | None = None
        self.facts: BitFacts | None = None
        self._listeners: list[Listener] = []
        vars(self).update(_values(self.choices))

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` after each change with the names of the fields that changed; return what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def add_cloud(self, cloud: OpenCloud) -> None:
        """Append a cloud to the list; one from the same file replaces the older one."""
        self._choose(self.choices.with_open_cloud(cloud), f"open {cloud.cloud.name}")

    def add_model(self, model: M) -> None:
        """Append a model to the list; one from the same file replaces the older one, as the reference too."""
        self._choose(self.choices.with_open_model(model), f"open {model.name}")

    def remove_cloud(self, cloud: OpenCloud) -> None:
        """Drop a cloud; when it was selected, another takes its place."""
        self._choose(self.choices.without_cloud(cloud), f"close {cloud.cloud.name}")

    def remove_model(self, model: M) -> None:
        """Drop a model; when it was selected, another takes its place."""
        self._choose(self.choices.without_model(model), f"close {model.name}")

    def select_cloud(self, cloud: OpenCloud) -> None:
        """Select a cloud of the list; raises `BgnnError` when the selected model needs more points."""
        self._choose(self.choices.with_cloud(cloud), f"select {cloud.cloud.name}")

    def select_model(self, model: M) -> None:
        """Select a model of the list; raises `BgnnError` when it needs more points than the cloud has.

        The picked point stays picked unless the model takes another number of points.
        """
        self._choose(self.choices.with_model(model), f"select {model.name}")

    def set_inference(self, inference: Inference, passes: int) -> None:
        """Store what the selected model gave on the selected cloud; see `core.timing.median_pass` for `passes`."""
        self._change(inference=inference, passes=passes, live=False, facts=None)

    def set_perturbed(self, found: PerturbedPass) -> None:
        """Show a perturbed cloud and what the selected model made of it, in one change."""
        results = {"perturbed": found, "inference": found.inference, "passes": 0, "live": True, "facts": None, "reference_inference": None}
        self._change(**results, **self._on(found.points, found.index))

    def set_facts(self, facts: BitFacts) -> None:
        """Store the facts of the layer shown."""
        self._change(facts=facts)

    def set_reference(self, reference: M | None) -> None:
        """Compare with a model of the list, or with none."""
        self._choose(self.choices.with_reference(reference), f"compare with {reference.name}" if reference else "compare with nothing")

    def set_reference_inference(self, inference: Inference) -> None:
        """Store what the reference gave on the points that are shown."""
        self._change(reference_inference=inference)

    def select_point(self, point: int | None) -> None:
        """Pick a point, or none; raises `BgnnError` for a point that the cloud does not have."""
        count = 0 if self.points is None else len(self.points)
        if point is not None and not 0 <= point < count:
            raise BgnnError(f"Expected a point between 0 and {count - 1} (got {point}).")
        chosen = point if point is None or self.index is None else int(self.index[point])
        self._choose(self.choices.with_pick(chosen), "clear the picked point" if point is None else f"pick point {point}")

    def select_layer(self, layer: int) -> None:
        """Show the graph of a layer, from 1; the brush goes, for its unit changes, and the bit stays within the layer's width."""
        self._choose(self.choices.with_layer(layer), "show the input graph" if layer == 1 else f"show layer {layer}")

    def prepare(self, cloud: OpenCloud, newer: OpenCloud, label: str) -> None:
        """Put the same cloud, prepared in another way, in a cloud's place; raises `BgnnError` where it was closed."""
        self._choose(self.choices.with_prepared(cloud, newer), label)

    def set_colour(self, mode: ColourMode) -> None:
        """Colour points by a mode or an attribute; raises `BgnnError` for one that the selection cannot show."""
        self._choose(self.choices.with_colour(mode), f"colour by {mode}")

    def set_bit(self, bit: int) -> None:
        """Show another bit plane; raises `BgnnError` beyond the layer's width."""
        self._choose(self.choices.with_bit(bit), f"show bit {bit}", kind="bit")

    def set_edges(self, mode: EdgeMode) -> None:
        """Draw no edges, those of the picked point, or all."""
        self._choose(self.choices.with_edges(mode), f"draw {mode} edges" if mode != "none" else "draw no edges")

    def set_brush(self, brush: tuple[float, float] | None) -> None:
        """Draw only edges with a distance in a closed range, or all of them again."""
        self._choose(self.choices.with_brush(brush), "filter edges" if brush else "end the filter of edges", kind="brush" if brush else "")

    def set_compared(self, models: tuple[M, ...]) -> None:
        """Show other open models side by side; raises `BgnnError` for more than four."""
        self._choose(self.choices.with_compared(models), f"compare {len(models)} models")

    def set_count(self, count: PointCount) -> None:
        """Run the model on another number of points; raises `BgnnError` for too few. See `OpenCloud.at` for the time this takes."""
        names = {"model": "run on as many points as in training", "all": "run on all points"}
        self._choose(self.choices.with_count(count), names.get(str(count), f"run on {count} points"))

    def set_shown_k(self, shown_k: int | None) -> None:
        """Draw and list so many neighbours of each point, or all; raises `BgnnError` below 1."""
        self._choose(self.choices.with_shown_k(shown_k), f"show {shown_k or 'all'} neighbours", kind="shown_k")

    def perturb(self, perturbation: Perturbation, label: str = "perturb the cloud", kind: str = "") -> None:
        """Do something else to the points; they and the inference follow with the next `set_perturbed`, where there is a model."""
        self._choose(self.choices.with_perturbation(perturbation), label, kind=kind)

    def restore(self, choices: Choices[M], label: str) -> None:
        """Make other choices, all at once."""
        self._choose(choices.settled(), label)

    def step(self, label: str) -> AbstractContextManager[None]:
        """Make one step of the history of all choices that are made inside."""
        return self.history.group(label)

    def undo(self) -> None:
        """Take the last step back, if there is one."""
        if (earlier := self.history.undo()) is not None:
            self._show(earlier)

    def redo(self) -> None:
        """Bring back the step that was undone last, if there is one."""
        if (later := self.history.redo()) is not None:
            self._show(later)

    def forget_steps(self) -> None:
        """Make the present choices the ground that undo does not go below."""
        self.history.clear()
        self._tell({"history"})

    @property
    def layers(self) -> int:
        """Graph layers of the selected model, or 1: the input graph."""
        return self.choices.layers

    @property
    def bits(self) -> int:
        """Bit planes of the layer shown; 0 where its graph is not built on bits."""
        return self.choices.bits

    @property
    def attribute(self) -> Attribute | None:
        """The attribute to colour by, of the points that are shown; None where `colour` is none."""
        return None if self.index is None else self.choices.attribute(self.index)

    @property
    def why_no_reference(self) -> str | None:
        """Say why the layer shown cannot be compared with the reference's, or None where it can."""
        return self.choices.why_no_reference

    @property
    def reference_graph(self) -> Graph | None:
        """The reference's (N, its k) graph of the layer shown; None where there is none to compare with, or none yet."""
        trace = self.reference_inference.trace if self.reference_inference and self.why_no_reference is None else None
        return trace.knn[self.layer - 1] if trace else None

    def why_not(self, mode: ColourMode) -> str | None:
        """Say what a colour mode still needs, or None when it can be shown."""
        return self.choices.why_not(mode)

    def _choose(self, choices: Choices[M], label: str, kind: str = "") -> None:
        """Make choices and remember how to undo that."""
        if choices != self.choices:
            self.history.record(self.choices, choices, label, kind)
            self._show(choices)

    def _show(self, choices: Choices[M]) -> None:
        """Take over choices, and drop the results that these make void."""
        points, index = choices.points, self.index
        if points is not self.choices.points or choices.model is None:
            points, index = (None, None) if points is None else choices.perturbation.apply(points)
        else:
            points = self.points  # a perturbation shows with its inference, not before
        self.choices = choices
        changed = self._set(**{**_values(choices), **self._on(points, index)})
        changed |= self._set(**dict.fromkeys(name for name, sources in _MADE_FROM.items() if changed & sources))
        self._tell(changed | self._set(live=self.live and self.inference is not None))

    def _on(self, points: "NDArray[np.float32] | None", index: "NDArray[np.int64] | None") -> dict[str, object]:
        """Return the points to show, and the place of the picked one among them."""
        pick, place = self.choices.pick, None
        if pick is not None and index is not None:
            there = int(index.searchsorted(pick))
            place = there if there < len(index) and index[there] == pick else None
        return {"points": points, "index": index, "pick": place}

    def _change(self, **results: object) -> None:
        self._tell(self._set(**results))

    def _tell(self, changed: set[str]) -> None:
        if changed:
            for listener in tuple(self._listeners):
                listener(frozenset(changed))

    def _set(self, **values: object) -> set[str]:
        changed = {name for name, value in values.items() if _differ(getattr(self, name), value)}
        for name in changed:
            setattr(self, name, values[name])
        return changed


_MADE_FROM = {
    "inference": {"points", "cloud", "model"},
    "perturbed": {"points", "cloud", "model"},
    "reference_inference": {"points", "cloud", "reference"},
    "facts": {"points", "cloud", "model", "layer"},
}


def _values(choices: Choices[M]) -> dict[str, object]:
    return {field.name: getattr(choices, field.name) for field in fields(choices)}


def _differ(old: object, new: object) -> bool:
    """Compare plain values by value, and clouds, models and inferences (which hold arrays) by identity."""
    return old is not new and not (isinstance(new, (int, str, tuple)) and old == new)
