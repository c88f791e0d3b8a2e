"""Where the time of the last forward pass went: a bar for each layer, stacked by step."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from bgnn_studio.core.inference import Inference, Step
from bgnn_studio.ui.widgets.bars import Bar, Bars, Segment
from bgnn_studio.ui.widgets.labels import caption, headline, hint

if TYPE_CHECKING:
    from bgnn_studio.core.session import Session
    from bgnn_studio.native import Model
    from bgnn_studio.ui.theme import Theme

_KINDS = {"knn": "k-NN", "conv+pool": "pool"}


class LatencyPanel(QWidget):
    """Milliseconds per layer and step of the median pass."""

    def __init__(self, session: "Session[Model]", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.headline = headline()
        self.bars = Bars("Latency per layer")
        again = "On this machine, after a pass that warms up. Run again with F5; bgnn-studio bench gives percentiles of many passes"
        self._caption = caption("", again)
        self._hint = hint("The time of each layer appears here once a model has run on a cloud.")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 6)
        column.setSpacing(2)
        for widget in (self.headline, self.bars, self._caption, self._hint):
            column.addWidget(widget)
        column.addStretch(1)
        session.subscribe(self._follow)
        self.refresh()

    def apply_theme(self, theme: "Theme") -> None:
        """Take the colours of a theme."""
        self.bars.apply_theme(theme)

    def refresh(self) -> None:
        """Show the current inference."""
        inference = self._session.inference
        for widget in (self.headline, self.bars, self._caption):
            widget.setVisible(inference is not None)
        self._hint.setVisible(inference is None)
        if inference is not None:
            threads = f"{inference.threads} thread{'s' if inference.threads > 1 else ''}"
            self.headline.setText(f"{inference.latency_ns / 1e6:.2f} ms  \N{MIDDLE DOT}  {inference.isa}  \N{MIDDLE DOT}  {threads}")
            self._caption.setText(_conditions(self._session.passes))
            names = tuple(dict.fromkeys(_kind(step) for step in inference.steps))
            self.bars.set_bars(_rows(inference, names), legend=[(name, i) for i, name in enumerate(names)])

    def _follow(self, changed: frozenset[str]) -> None:
        if "inference" in changed and not self._session.live:  # one pass of many is no measurement
            self.refresh()


def _conditions(passes: int) -> str:
    if passes == 0:
        return "Measured here, once, warm-up included"
    return f"Measured here, median of {passes} pass{'es' if passes > 1 else ''}"


def _rows(inference: Inference, names: tuple[str, ...]) -> list[Bar]:
    rows = []
    for layer in dict.fromkeys(step.layer for step in inference.steps):
        steps = [step for step in inference.steps if step.layer == layer]
        label = layer.replace("layer", "Layer ") if layer.startswith("layer") else layer.capitalize()
        parts = tuple(_segment(label, step, names.index(_kind(step))) for step in steps)
        rows.append(Bar(label, parts, f"{sum(p.value for p in parts):.2f} ms", f"{label}: all steps"))
    return rows


def _kind(step: Step) -> str:
    """Name what a step is in the legend: the blocks of the head are of one kind."""
    return _KINDS.get(step.name, "linear" if step.layer == "head" else step.name)


def _segment(label: str, step: Step, series: int) -> Segment:
    return Segment(step.nanoseconds / 1e6, series, f"{label}, {step.name}: {step.nanoseconds / 1e6:.3f} ms (measured)")
