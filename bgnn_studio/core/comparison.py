"""Several models on the same points, the first of them the reference: what each gave, and how its graphs differ from the reference's."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from threading import Event
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bgnn_studio.core.bit_facts import BitFacts, Nearest, bit_facts
from bgnn_studio.core.card import Accuracy
from bgnn_studio.core.edge_difference import EdgeDifference, edge_difference
from bgnn_studio.core.graphs import are_bits
from bgnn_studio.core.inference import Inference, Trace
from bgnn_studio.core.opened import OpenModel
from bgnn_studio.core.timing import Latency, measure
from bgnn_studio.errors import BgnnError

FEWEST, MOST = 2, 4


class ComparableModel(OpenModel, Protocol):
    """A model that runs, and says what it takes."""

    @property
    def accuracy(self) -> Accuracy | None: ...  # noqa: D102
    @property
    def file_bytes(self) -> int: ...  # noqa: D102
    @property
    def prepared_bytes(self) -> int: ...  # noqa: D102
    def infer(  # noqa: D102
        self, points: NDArray[np.floating], *, k: int | None = None, threads: int = 1, trace: bool = False
    ) -> Inference: ...


@dataclass(frozen=True, eq=False)
class Run:
    """One model on the points of a comparison.

    Attributes
    ----------
    model : ComparableModel
    points : (N, 3) float32
        As the model saw them; the same array for all runs of a comparison.
    k : int
        Neighbours in its graphs.
    inference : Inference or None
        With its trace; None where the model cannot run on these points.
    reason : str
        Why it cannot; empty where it can.
    facts : tuple of BitFacts or None
        For each layer, once they are counted; None for a layer that is not built on bits.
    latency : Latency or None
        Wall times of repeated passes without a trace, once they are measured.
    """

    model: ComparableModel
    points: NDArray[np.float32]
    k: int
    inference: Inference | None
    reason: str = ""
    facts: tuple[BitFacts | None, ...] = ()
    latency: Latency | None = None

    @property
    def trace(self) -> Trace | None:
        """The graphs and features of every layer, where the model could run."""
        return self.inference.trace if self.inference else None


def run_model(model: ComparableModel, points: NDArray[np.float32], *, k: int | None = None, threads: int = 1) -> Run:
    """Run a model once, with its trace; a model that cannot run on these points says why instead."""
    used = model.spec.k if k is None else k
    try:
        return Run(model, points, used, model.infer(points, k=k, threads=threads, trace=True))
    except BgnnError as error:
        return Run(model, points, used, None, str(error))


def count_bits(run: Run, nearest: Nearest, cancelled: Event | None = None) -> Run:
    """Return a run with the facts of every layer on bits, see `bit_facts`: one more Hamming graph each; as it was once `cancelled`."""
    if (trace := run.trace) is None:
        return run
    channels = run.model.spec.in_channels
    facts: list[BitFacts | None] = [None]
    for features, count, distances in zip(trace.features, channels[1:], trace.distances[1:], strict=True):
        if cancelled is not None and cancelled.is_set():
            return run
        facts.append(bit_facts(features, count, distances, nearest) if are_bits(features) else None)
    return replace(run, facts=tuple(facts))


def time_model(run: Run, repeat: int) -> Run:
    """Return a run with its latency: `repeat` passes after those that warm up, with k and threads as before."""
    if run.inference is None:
        return run
    threads = run.inference.threads
    return replace(run, latency=measure(lambda: run.model.infer(run.points, k=run.k, threads=threads), repeat)[0])


@dataclass(frozen=True, eq=False)
class Comparison:
    """Runs on the same points; the first is the reference.

    Attributes
    ----------
    cloud : str
    names : tuple of str
        Of the models, all different.
    runs : tuple of Run
    differences : tuple
        For each run, for each of its layers, its graph beside the reference's; None for the reference itself, and where one of
        the two has no such graph.
    """

    cloud: str
    names: tuple[str, ...]
    runs: tuple[Run, ...]
    differences: tuple[tuple[EdgeDifference | None, ...], ...]

    @property
    def layers(self) -> int:
        """Graph layers of the deepest model."""
        return max(len(run.model.spec.widths) for run in self.runs)

    def with_runs(self, complete: Callable[[Run], Run], cancelled: Event) -> "Comparison":
        """Return the comparison with each run made more complete, one after the other; without the rest once `cancelled`."""
        return replace(self, runs=tuple(run if cancelled.is_set() else complete(run) for run in self.runs))

    def difference(self, i: int, layer: int) -> EdgeDifference | None:
        """Return run i's graph of a layer, from 1, beside the reference's, where there are both."""
        return self.differences[i][layer - 1] if layer <= len(self.differences[i]) else None

    def why_no_graph(self, i: int, layer: int) -> str | None:
        """Say why run i has no graph of a layer, or None where it has one."""
        run, layers = self.runs[i], len(self.runs[i].model.spec.widths)
        if run.inference is None:
            return run.reason
        return f"{self.names[i]} has {layers} graph layer{'s' if layers > 1 else ''}, and no layer {layer}." if layer > layers else None

    def why_no_difference(self, i: int, layer: int) -> str | None:
        """Say why run i's graph of a layer has no counterpart in the reference, or None where it has one."""
        if i == 0:
            return "The reference itself."
        return self.why_no_graph(i, layer) or self.why_no_graph(0, layer)


def compare(cloud: str, runs: Sequence[Run]) -> Comparison:
    """Put runs on the same points beside the first of them.

    Raises
    ------
    BgnnError
        See `check_models`.
    """
    models = [run.model for run in runs]
    check_models(models)
    first = runs[0].trace.knn if runs[0].trace else ()
    differences: list[tuple[EdgeDifference | None, ...]] = [(None,) * len(models[0].spec.widths)]
    for run in runs[1:]:
        found: list[EdgeDifference | None] = [None] * len(run.model.spec.widths)
        if run.trace:
            for layer, (knn, reference) in enumerate(zip(run.trace.knn, first, strict=False)):
                found[layer] = edge_difference(knn, reference)
        differences.append(tuple(found))
    return Comparison(cloud, unique_names(models), tuple(runs), tuple(differences))


def check_models(models: Sequence[OpenModel]) -> None:
    """Refuse fewer than two or more than four models, or one of them twice; raises `BgnnError`."""
    if not FEWEST <= len(models) <= MOST:
        raise BgnnError(f"Expected {FEWEST} to {MOST} models to compare (got {len(models)}).")
    files = [model.path.resolve() if model.path else model for model in models]
    twice = next((model for i, model in enumerate(models) if files[i] in files[:i]), None)
    if twice is not None:
        raise BgnnError(f"Expected different models to compare (got {twice.path or twice.name} twice). Give each once.")


def unique_names(models: Sequence[OpenModel]) -> tuple[str, ...]:
    """Return the models' names; where two are the same, with the folder before it, or a number behind it."""
    names = [model.name for model in models]
    if len(set(names)) < len(names):
        names = [f"{model.path.parent.name}/{model.name}" if model.path else model.name for model in models]
    return tuple(name if names.count(name) == 1 else f"{name} ({i})" for i, name in enumerate(names, start=1))


def why_incomparable(reference: OpenModel | None, model: OpenModel | None, points: int, layer: int = 1) -> str | None:
    """Say why a model's graph of a layer, on so many points, has no counterpart in the reference; None where it has one."""
    if model is None:
        return "No model yet: open one to see the graph that it builds."
    if reference is None:
        return "No reference: choose another model as the reference below the list of models."
    if reference is model:
        return f"{model.name} is the reference itself: choose another model, or another reference."
    if points < reference.spec.k:
        return f"{reference.name} joins each point to its {reference.spec.k} nearest: {points} points are too few for it."
    if layer > (layers := len(reference.spec.widths)):
        return f"{reference.name} has {layers} graph layers, and no layer {layer}: choose an earlier one."
    return None
