"""The Latency panel: where the time of a forward pass goes, how it stands beside float networks, and what earlier runs took."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from bgnn_studio.core.machine import cores
from bgnn_studio.core.timing import RULE, WARMUP, layer_times
from bgnn_studio.core.units import ms_text
from bgnn_studio.ui.panels.latency_beside import BesidePage
from bgnn_studio.ui.panels.latency_layers import layer_bars
from bgnn_studio.ui.panels.latency_runs import RunsPage
from bgnn_studio.ui.widgets.bars import Bars
from bgnn_studio.ui.widgets.labels import caption, headline, hint
from bgnn_studio.ui.widgets.segments import Segments

if TYPE_CHECKING:
    from bgnn_studio.core.inference import Inference
    from bgnn_studio.core.session import Session
    from bgnn_studio.native import Model
    from bgnn_studio.ui.measurer import Measured, Measurer
    from bgnn_studio.ui.theme import Theme

_DOT = "  \N{MIDDLE DOT}  "
_PAGES = (
    ("layers", "Layers", "A bar for each layer, stacked by step: medians"),
    ("beside", "Float", "The same pass by the float network of these sizes, in this engine and in torch"),
    ("runs", "Runs", "Earlier measurements of this model on this machine, from the run history"),
)
_STOPPED = {
    "settled": "stopped because the median was known to 1 %",
    "most": "stopped after the most passes",
    "seconds": "stopped after 2 s",
}


class LatencyPanel(QWidget):
    """Headline, choice of the page, number of threads and Measure on top; one of three pages below.

    Attributes
    ----------
    pages : Segments
        Chooses the page.
    """

    def __init__(self, session: "Session[Model]", measurer: "Measurer", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._measurer = session, measurer
        self.pages = Segments("Latency", _PAGES)
        self.pages.set_value("layers")
        self.pages.chosen.connect(self.show_page)
        self.headline = headline()
        self.headline.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.threads = _threads(measurer)
        self.button = QPushButton()
        self.button.clicked.connect(lambda: measurer.cancel() if measurer.running else measurer.measure())
        self.caption = caption("")
        self.caption.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.noise = caption("")
        self.noise.setObjectName("Problem")
        self.bars = Bars("Latency per layer")
        self.beside = BesidePage(session, measurer)
        self.runs = RunsPage(session, measurer)
        self._hint = hint("The time of each layer appears here once a model has run on a cloud.")
        self._stack = QStackedWidget()
        for page in (self.bars, self.beside, self.runs, self._hint):
            self._stack.addWidget(page)
        top = QHBoxLayout()
        top.setContentsMargins(0, 0, 8, 0)
        top.setSpacing(6)
        for widget, stretch in ((self.headline, 1), (self.pages, 0), (self.threads, 0), (self.button, 0)):
            top.addWidget(widget, stretch)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2, 0, 2)
        column.setSpacing(1)
        column.addLayout(top)
        second = QHBoxLayout()
        second.setContentsMargins(0, 0, 12, 0)
        second.addWidget(self.caption, 1)
        second.addWidget(self.noise)
        column.addLayout(second)
        column.addWidget(self._stack, 1)
        self._page = "layers"
        session.subscribe(self._follow)
        measurer.changed.connect(self.refresh)
        self.refresh()

    def apply_theme(self, theme: "Theme") -> None:
        """Take the colours of a theme."""
        for part in (self.bars, self.beside, self.runs):
            part.apply_theme(theme)

    def show_page(self, page: str) -> None:
        """Show ``layers``, ``beside`` or ``runs``."""
        self._page = page
        self.pages.set_value(page)
        self.runs.set_active(page == "runs")
        self.refresh()

    def refresh(self) -> None:
        """Show the current inference, or better a measurement where there is one."""
        inference, measured, running = self._session.inference, self._measurer.engine, self._measurer.running
        there = inference is not None or measured is not None
        for widget in (self.headline, self.caption):
            widget.setVisible(there)
        self.button.setText("Cancel" if running else "Measure")
        self.button.setEnabled(self._measurer.ready)
        self.button.setToolTip(_MEASURING if running else _MEASURE)
        self.noise.setVisible(measured is not None and measured.latency.noise is not None)
        page = {"layers": self.bars, "beside": self.beside, "runs": self.runs}[self._page] if there else self._hint
        self._stack.setCurrentWidget(page)
        for index in range(self._stack.count()):  # only the page shown decides about the height
            used = self._stack.widget(index) is page
            policy = QSizePolicy.Policy.Preferred if used else QSizePolicy.Policy.Ignored
            self._stack.widget(index).setSizePolicy(QSizePolicy.Policy.Expanding, policy)
        if measured is not None:
            self._show_measured(measured)
        elif inference is not None:
            self._show_quick(inference)

    def _show_measured(self, measured: "Measured") -> None:
        latency, s = measured.latency, self._session
        assert s.model is not None
        assert s.points is not None
        interval = "" if latency.interval_ms is None else "; its 95 % interval is {} to {} ms".format(*map(ms_text, latency.interval_ms))
        n = len(latency.samples_ns)
        self.headline.setText(f"{ms_text(latency.p50_ms)} ms \N{MIDDLE DOT} {measured.isa}")
        self.headline.setToolTip(
            f"Measured on this machine: median of {n} passes after {WARMUP} to warm up{interval}.\n"
            f"{measured.isa}, {_count(measured.threads)}, N = {len(s.points)}, k = {s.model.spec.k}; {_STOPPED[measured.stopped_by]}."
        )
        figures = (("p90", latency.p90_ms), ("p99", latency.p99_ms), ("min", latency.min_ms))
        self.caption.setText("   ".join(f"{name} {ms_text(ms)}" for name, ms in figures) + f"{_DOT}{n} passes")
        self.caption.setToolTip("Milliseconds, measured here: nine passes of ten, and 99 of 100, were faster than p90 and p99")
        self.noise.setText((latency.noise or "").capitalize())
        self.noise.setToolTip("Something else used the cores, or their clock changed. Close it, or measure again later.")
        self._show_layers(measured.layers)

    def _show_quick(self, inference: "Inference") -> None:
        passes = self._session.passes
        self.headline.setText(f"{ms_text(inference.latency_ns / 1e6)} ms \N{MIDDLE DOT} {inference.isa}")
        self.headline.setToolTip("A quick look, with what the 3D view needs recorded. Measure gives percentiles and an interval.")
        quick = f"Measured here, median of {passes} pass{'es' * (passes > 1)}" if passes else "Measured here, once, warm-up included"
        self.caption.setText(f"{quick}, {_count(inference.threads)}")
        self.caption.setToolTip("After a pass that warms up; F5 runs it again")
        self._show_layers(layer_times([inference]))

    def _show_layers(self, layers: "Measured.layers") -> None:
        bars, legend = layer_bars(layers)
        self.bars.set_bars(bars, legend=legend)

    def _follow(self, changed: frozenset[str]) -> None:
        if changed & {"inference", "passes"} and not self._session.live:  # one pass of many is no measurement
            self.refresh()


_MEASURE = (
    f"Repeat the pass until the median is known to {100 * RULE.settled:g} %, for {RULE.seconds:g} s at most; "
    "the float network of these sizes too if one is open (Ctrl+M)"
)
_MEASURING = "Stop; nothing of it is kept"


def _threads(measurer: "Measurer") -> QComboBox:
    box = QComboBox()
    box.setAccessibleName("Threads to measure with")
    box.setToolTip("Threads to measure with; the results do not depend on it")
    for count in range(1, cores() + 1):
        box.addItem(_count(count), count)
    box.setFixedWidth(84)
    box.setCurrentIndex(measurer.threads - 1)
    box.activated.connect(lambda index: measurer.set_threads(index + 1))
    return box


def _count(threads: int) -> str:
    return f"{threads} thread{'s' if threads > 1 else ''}"
