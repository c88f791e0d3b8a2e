"""What the user has chosen, as one immutable value: what is open, what is selected, and how it is shown.

Every rule on what a choice does to the others is here; `core.session` keeps the present value and `core.history` the earlier ones.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from bgnn_studio.core.attributes import Attribute
from bgnn_studio.core.comparison import FEWEST, MOST, why_incomparable
from bgnn_studio.core.opened import OpenCloud, OpenModel, PointCount
from bgnn_studio.core.perturbation import IDENTITY, Perturbation
from bgnn_studio.core.preparation import Sample
from bgnn_studio.core.views import COLOUR_MODES, EDGE_MODES, ColourMode, EdgeMode
from bgnn_studio.errors import BgnnError

M = TypeVar("M", bound=OpenModel)


@dataclass(frozen=True)
class Choices(Generic[M]):
    """Everything that undo and a saved session bring back; clouds and models are compared by identity, the rest by value.

    A new field needs a line here, its counterpart in `core.saved_session`, a method that makes a copy with another value, and a
    method of `Session` that names that step.

    Attributes
    ----------
    clouds, models : tuple
        In the order of opening.
    cloud, model : OpenCloud or None, OpenModel or None
        The selected ones.
    reference : OpenModel or None
        What the selected model is compared with; stays when other models are selected.
    count : PointCount
        How many points of the cloud the model runs on: ``model``, as many as it was trained with; a number; or ``all``.
    perturbation : Perturbation
        What is done to these points before the model sees them.
    pick : int or None
        Picked point, as an index into `points`, the unperturbed ones.
    layer : int
        Graph shown, from 1 (the input graph).
    colour : ColourMode
        One of `COLOUR_MODES`, or the name of an attribute of the selected cloud.
    bit : int
        Bit plane for the colour mode ``bit``.
    edges : EdgeMode
    brush : (low, high) or None
        Only edges with a distance in this closed range are drawn.
    compared : tuple or None
        Models that the Compare tab shows side by side, in the order of opening; None: the first four that are open,
        or three of them and the reference.
    shown_k : int or None
        Draw and list so many of each point's neighbours, the nearest; None: all k. The network always uses all.
    """

    clouds: tuple[OpenCloud, ...] = ()
    models: tuple[M, ...] = ()
    cloud: OpenCloud | None = None
    model: M | None = None
    reference: M | None = None
    count: PointCount = "model"
    perturbation: Perturbation = IDENTITY
    pick: int | None = None
    layer: int = 1
    colour: ColourMode = "height"
    bit: int = 0
    edges: EdgeMode = "all"
    brush: tuple[float, float] | None = None
    compared: tuple[M, ...] | None = None
    shown_k: int | None = None

    @property
    def side_by_side(self) -> tuple[M, ...]:
        """The models to compare, their reference first: the one chosen, or a float teacher, or the first of them."""
        models = self.compared
        if models is None:
            models = self.models[:MOST]
            if self.reference is not None and self.reference not in models:
                models = (*models[:-1], self.reference)
        teachers = [model for model in models if model.spec.stage == "teacher"]
        first = next((model for model in (self.reference, *teachers, *models) if model in models), None)
        return tuple(sorted(models, key=lambda model: model is not first))

    @property
    def sample(self) -> Sample | None:
        """The selected cloud at the number of points that `count` asks for, or all of a smaller cloud; not yet perturbed."""
        if self.cloud is None:
            return None
        return self.cloud.shown if self.model is None else self.cloud.for_model(self.model, self.count)

    @property
    def points(self) -> NDArray[np.float32] | None:
        """The (N, 3) points of `sample`."""
        return None if (sample := self.sample) is None else sample.points

    def attribute(self, index: NDArray[np.int64]) -> Attribute | None:
        """Return the attribute to colour by, of some of `points` as they are perturbed; None where `colour` is none."""
        if self.cloud is None or (sample := self.sample) is None:
            return None
        found = self.cloud.attribute(self.colour, index if sample.rows is None else sample.rows[index])
        return None if found is None else found.turned(self.perturbation.turning)

    @property
    def layers(self) -> int:
        """Graph layers of the selected model, or 1: the input graph."""
        return len(self.model.spec.widths) if self.model else 1

    @property
    def bits(self) -> int:
        """Bit planes of the layer shown; 0 where its graph is not built on bits."""
        return self.model.spec.in_channels[self.layer - 1] if self.model and self.model.spec.on_bits and self.layer > 1 else 0

    @property
    def why_no_reference(self) -> str | None:
        """Say why the layer shown cannot be compared with the reference's, or None where it can."""
        points = self.points
        return why_incomparable(self.reference, self.model, 0 if points is None else len(points), self.layer)

    def why_not(self, mode: ColourMode) -> str | None:  # noqa: PLR0911
        """Say what a colour mode still needs, or None when it can be shown."""
        if mode == "height" or (self.cloud is not None and self.cloud.cloud.attribute(mode) is not None):
            return None
        if mode not in COLOUR_MODES:
            return f"The file of the cloud says nothing of '{mode}': colour by {', '.join(COLOUR_MODES)}."
        if self.model is None:
            return "No model yet: open one to see the graph that it builds."
        if mode == "distance" and self.pick is None:
            return "No point is picked: click one in the 3D view."
        if mode == "bit" and not self.model.spec.on_bits:
            return f"{self.model.name} ({self.model.spec.variant}) keeps real features between layers, which have no bit planes."
        if mode == "bit" and self.layer == 1:
            return "The input graph is built on xyz, which has no bit planes: choose layer 2 or later."
        return self.why_no_reference if mode == "drift" else None

    def with_open_cloud(self, cloud: OpenCloud) -> Self:
        """Append a cloud to the list; one from the same file replaces the older one, as the selected one too where it fits."""
        newer = replace(self, clouds=(*(c for c in self.clouds if not _same_cloud(c, cloud)), cloud))
        return newer.with_cloud(_fitting_cloud((cloud, *newer.clouds), self.model)) if _same_cloud(self.cloud, cloud) else newer

    def with_open_model(self, model: M) -> Self:
        """Append a model to the list; one from the same file replaces the older one, as the selected one and the reference too."""
        newer = replace(self, models=(*(m for m in self.models if not _same_model(m, model)), model))
        newer = newer.with_reference(model) if _same_model(self.reference, model) else newer
        if self.compared is not None:
            newer = newer.with_compared(tuple(model if _same_model(m, model) else m for m in self.compared))
        return newer.with_model(_fitting_model((model, *newer.models), self.cloud)) if _same_model(self.model, model) else newer

    def with_prepared(self, cloud: OpenCloud, newer: OpenCloud) -> Self:
        """Put the same cloud, prepared in another way, in a cloud's place; the picked point stays where the points are the same ones."""
        if cloud not in self.clouds:
            raise BgnnError(f"{cloud.cloud.name} is not open any more.")
        left = replace(self, clouds=tuple(newer if c is cloud else c for c in self.clouds))
        if cloud is not self.cloud:
            return left
        left = replace(left, cloud=newer)
        before, after = (choices.sample.rows for choices in (self, left) if choices.sample is not None)
        same = before is after or (before is not None and after is not None and np.array_equal(before, after))
        return replace(left, brush=None, pick=self.pick if same else None).settled()

    def without_cloud(self, cloud: OpenCloud) -> Self:
        """Drop a cloud; when it was selected, another takes its place."""
        left = replace(self, clouds=tuple(c for c in self.clouds if c is not cloud))
        return left.with_cloud(_fitting_cloud(left.clouds, self.model)) if cloud is self.cloud else left

    def without_model(self, model: M) -> Self:
        """Drop a model; when it was selected, another takes its place."""
        left = replace(self, models=tuple(m for m in self.models if m is not model))
        left = left.with_reference(None) if model is self.reference else left
        left = left if self.compared is None else left.with_compared(tuple(m for m in self.compared if m is not model))
        return left.with_model(_fitting_model(left.models, self.cloud)) if model is self.model else left

    def with_cloud(self, cloud: OpenCloud | None) -> Self:
        """Select a cloud; raises `BgnnError` when the selected model needs more points."""
        _check_fit(cloud, self.model)
        return self if cloud is self.cloud else replace(self, cloud=cloud, pick=None, brush=None).settled()

    def with_model(self, model: M | None) -> Self:
        """Select a model; raises `BgnnError` when it needs more points than the cloud has.

        The picked point stays picked unless the model takes another number of points.
        """
        _check_fit(self.cloud, model)
        if model is self.model:
            return self
        fits = model is None or isinstance(self.count, str) or self.count >= model.spec.k
        newer = replace(self, model=model, brush=None, count=self.count if fits else "model")
        return (newer if newer.points is self.points else replace(newer, pick=None)).settled()

    def with_count(self, count: PointCount) -> Self:
        """Run the model on another number of points; raises `BgnnError` for fewer than it joins each point to.

        The picked point goes, for its index is that of another point then.
        """
        if count not in ("model", "all") and (isinstance(count, str) or count < 1):
            raise BgnnError(f"Expected a number of points from 1, 'model' or 'all' (got {count!r}).")
        if self.model is not None and not isinstance(count, str) and count < self.model.spec.k:
            raise BgnnError(f"{self.model.name} joins each point to its {self.model.spec.k} nearest: {count} points are too few for it.")
        newer = replace(self, count=count)
        return (newer if newer.points is self.points else replace(newer, pick=None, brush=None)).settled()

    def with_perturbation(self, perturbation: Perturbation) -> Self:
        """Do something else to the points."""
        return replace(self, perturbation=perturbation)

    def with_shown_k(self, shown_k: int | None) -> Self:
        """Draw and list fewer neighbours, or all of them again."""
        if shown_k is not None and shown_k < 1:
            raise BgnnError(f"Expected at least 1 neighbour to show (got {shown_k}).")
        return replace(self, shown_k=shown_k)

    def with_reference(self, reference: M | None) -> Self:
        """Compare with a model of the list, or with none."""
        return replace(self, reference=reference).settled()

    def with_pick(self, point: int | None) -> Self:
        """Pick a point, or none; raises `BgnnError` for a point that the cloud does not have."""
        count = 0 if self.points is None else len(self.points)
        if point is not None and not 0 <= point < count:
            raise BgnnError(f"Expected a point between 0 and {count - 1} (got {point}).")
        return replace(self, pick=point).settled()

    def with_layer(self, layer: int) -> Self:
        """Show the graph of a layer, from 1; the brush goes, for its unit changes, and the bit stays within the layer's width."""
        if not 1 <= layer <= self.layers:
            raise BgnnError(f"Expected a layer between 1 and {self.layers} (got {layer}).")
        return self if layer == self.layer else replace(self, layer=layer, brush=None).settled()

    def with_colour(self, mode: ColourMode) -> Self:
        """Colour points by a mode or an attribute; raises `BgnnError` for one that the selection cannot show."""
        if (reason := self.why_not(mode)) is not None:
            raise BgnnError(reason)
        return replace(self, colour=mode)

    def with_bit(self, bit: int) -> Self:
        """Show another bit plane; raises `BgnnError` beyond the layer's width."""
        if not 0 <= bit < max(self.bits, 1):
            raise BgnnError(f"Expected a bit between 0 and {self.bits - 1} (got {bit}).")
        return replace(self, bit=bit)

    def with_edges(self, mode: EdgeMode) -> Self:
        """Draw no edges, those of the picked point, or all."""
        if mode not in EDGE_MODES:
            raise BgnnError(f"Expected edges among {', '.join(EDGE_MODES)} (got {mode!r}).")
        return replace(self, edges=mode)

    def with_brush(self, brush: tuple[float, float] | None) -> Self:
        """Draw only edges with a distance in a closed range, or all of them again."""
        return replace(self, brush=None if brush is None else (float(brush[0]), float(brush[1])))

    def with_compared(self, models: tuple[M, ...]) -> Self:
        """Show other open models side by side, fewer than two to begin with; raises `BgnnError` for more than four."""
        if len(models) > MOST:
            raise BgnnError(f"Expected {FEWEST} to {MOST} models to compare (got {len(models)}). Uncheck another one first.")
        return replace(self, compared=tuple(sorted(models, key=self.models.index)))

    def settled(self) -> Self:
        """Bring layer, bit and colour within what the selection can show."""
        newer = replace(self, layer=min(self.layer, self.layers))
        newer = replace(newer, bit=min(self.bit, max(newer.bits - 1, 0)))
        return newer if newer.why_not(self.colour) is None else replace(newer, colour="height")


def _fit(cloud: OpenCloud | None, model: OpenModel | None) -> bool:
    return cloud is None or model is None or len(cloud.points) >= model.spec.k


def _check_fit(cloud: OpenCloud | None, model: OpenModel | None) -> None:
    if cloud is not None and model is not None and not _fit(cloud, model):
        raise BgnnError(
            f"{cloud.cloud.name} has {len(cloud.points)} points, but {model.name} joins each to its {model.spec.k} nearest. "
            f"Choose a cloud of at least {model.spec.k} points."
        )


def _fitting_cloud(clouds: Iterable[OpenCloud], model: OpenModel | None) -> OpenCloud | None:
    return next((cloud for cloud in clouds if _fit(cloud, model)), None)


def _fitting_model(models: Iterable[M], cloud: OpenCloud | None) -> M | None:
    return next((model for model in models if _fit(cloud, model)), None)


def _same_cloud(a: OpenCloud | None, b: OpenCloud) -> bool:
    return a is not None and _same_file(a.cloud.path, b.cloud.path)


def _same_model(a: OpenModel | None, b: OpenModel) -> bool:
    return a is not None and _same_file(a.path, b.path)


def _same_file(a: Path | None, b: Path | None) -> bool:
    return a is not None and b is not None and a.resolve() == b.resolve()
