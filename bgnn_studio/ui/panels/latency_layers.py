"""A bar for each layer, stacked by step."""

from collections.abc import Sequence

from bgnn_studio.core.timing import LayerTime
from bgnn_studio.core.units import ms_text
from bgnn_studio.ui.widgets.bars import Bar, Segment
from bgnn_studio.ui.widgets.labels import layer_label

_KINDS = {"knn": "k-NN", "conv+pool": "pool", "tanh": "sign"}


def layer_bars(layers: Sequence[LayerTime]) -> tuple[list[Bar], list[tuple[str, int]]]:
    """Return the bars of measured layers, and their legend."""
    names = list(dict.fromkeys(_kind(layer, step) for layer in layers for step in layer.steps))
    bars = []
    for layer in layers:
        label = layer_label(layer.name)
        parts = tuple(
            Segment(ms, names.index(_kind(layer, step)), f"{label}, {step}: {ms:.3f} ms (measured)") for step, ms in layer.steps.items()
        )
        bars.append(Bar(label, parts, f"{ms_text(layer.ms)} ms", f"{label}: all steps, {layer.ms:.3f} ms (measured)"))
    return bars, [(name, i) for i, name in enumerate(names)]


def _kind(layer: LayerTime, step: str) -> str:
    """Name what a step is in the legend: the blocks of the head are of one kind."""
    return _KINDS.get(step, "linear" if layer.name == "head" else step)
