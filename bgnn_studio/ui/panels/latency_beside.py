"""The selected model beside the float network of its sizes: times and ratios, in this engine and in torch."""

from functools import lru_cache
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from bgnn_studio.core.statistics import Difference, median_difference
from bgnn_studio.core.units import ms_text
from bgnn_studio.ui.widgets.bars import Bar, Bars, Segment
from bgnn_studio.ui.widgets.labels import hint

if TYPE_CHECKING:
    from bgnn_studio.core.session import Session
    from bgnn_studio.native import Model
    from bgnn_studio.ui.measurer import Measured, Measurer
    from bgnn_studio.ui.theme import Theme

_TORCH = (
    "Time the torch module of the float network of these sizes on this cloud, with as many threads, in a process of its own. "
    "Its weights are random: they do not change the time."
)


class BesidePage(QWidget):
    """Bars on one scale; the figure says the time and how many times as long as the selected model it is."""

    def __init__(self, session: "Session[Model]", measurer: "Measurer", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._measurer = session, measurer
        self.bars = Bars("Latency beside float networks")
        self.hint = hint()
        self.button = QPushButton()
        self.button.setToolTip(_TORCH)
        self.button.clicked.connect(measurer.measure_torch)
        row = QHBoxLayout()
        row.setContentsMargins(12, 4, 12, 0)
        row.addWidget(self.button)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addSpacing(4)
        column.addWidget(self.bars)
        column.addWidget(self.hint)
        column.addLayout(row)
        column.addStretch(1)
        measurer.changed.connect(self.refresh)
        self.refresh()

    def apply_theme(self, theme: "Theme") -> None:
        """Take the colours of a theme."""
        self.bars.apply_theme(theme)

    def refresh(self) -> None:
        """Show what is measured, and say what is missing."""
        m, model = self._measurer, self._session.model
        twin = m.twin
        rows = [
            (f"{model.name}, engine" if model else "", 0, m.engine),
            (f"{twin.name}, engine" if twin else "", 2, m.float_engine),
            ("dgcnn, torch", 1, m.torch),
        ]
        self.bars.set_bars([_bar(label, series, found, m.engine) for label, series, found in rows if found is not None])
        self.bars.setVisible(bool(self.bars.bars))
        self.button.setText("Measure torch" if m.torch is None else "Measure torch again")
        self.button.setEnabled(m.ready and not m.running)
        self.hint.setText(self._missing())
        self.hint.setVisible(bool(self.hint.text()))

    def _missing(self) -> str:
        m, model = self._measurer, self._session.model
        if model is None or m.engine is None:
            return "Press Measure for this model's bar, and that of the float network of its sizes."
        if model.spec.conv != "EdgeConv" and m.twin is None:
            widths = ", ".join(map(str, model.spec.widths))
            return f"No float network of these sizes is open. Open a dgcnn of widths {widths} to see it here."
        if m.twin is not None and m.float_engine is None:
            return f"Press Measure again for the bar of {m.twin.name}."
        return ""


def _bar(label: str, series: int, found: "Measured", base: "Measured | None") -> Bar:
    latency = found.latency
    tip = f"{label}: median {ms_text(latency.p50_ms)} ms of {len(latency.samples_ns)} passes, measured here ({found.isa})"
    tip += f"\n{latency.noise.capitalize()}" if latency.noise else ""
    figure = f"{ms_text(latency.p50_ms)} ms"
    if base is not None and base is not found:
        difference = _difference(base, found)
        figure += f"   {difference.ratio:.1f}\N{MULTIPLICATION SIGN}"
        interval = difference.ratio_interval
        tip += f"\n{difference.ratio:.2f} times as long as the selected model"
        tip += "" if interval is None else " ({:.2f} to {:.2f}, 95 % bootstrap interval)".format(*interval)
    return Bar(label, (Segment(latency.p50_ms, series, tip),), figure, tip)


@lru_cache(maxsize=8)
def _difference(base: "Measured", found: "Measured") -> Difference:
    """Compare two measurements, once: the bootstrap takes 4 ms of the GUI thread (Zen 4)."""
    return median_difference(base.latency.samples_ns, found.latency.samples_ns)
