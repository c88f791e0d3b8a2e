"""Medians of stored runs with their intervals, from the oldest to the newest."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from bgnn_studio.history import Entry
from bgnn_studio.ui.theme import DARK
from bgnn_studio.ui.widgets.axes import colour_axes
from bgnn_studio.ui.widgets.run_table import describe

if TYPE_CHECKING:
    from bgnn_studio.ui.theme import Theme

_LEAST, _SIZE, _MARKED = QSize(140, 110), 7, 11


class RunPlot(QWidget):
    """A point for each run, coloured by its number of threads.

    Signals
    -------
    clicked(id)
        A run's point was clicked.
    """

    clicked = Signal(int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._entries: tuple[Entry, ...] = ()
        self._marked: frozenset[int] = frozenset()
        self._theme = DARK
        self._plot = pg.PlotWidget()
        self._plot.setMinimumSize(0, 0)
        self._plot.setMenuEnabled(False)
        self._plot.hideButtons()
        self._plot.setMouseEnabled(x=False, y=False)
        self._plot.getAxis("bottom").setStyle(showValues=False, tickLength=0)
        self._plot.getAxis("left").setLabel("ms")
        self._plot.getAxis("left").enableAutoSIPrefix(enable=False)
        self._bars = pg.ErrorBarItem()
        self.points = pg.ScatterPlotItem(hoverable=True, tip=lambda x, y, data: describe(data))  # noqa: ARG005 (pyqtgraph's names)
        self.points.sigClicked.connect(lambda _item, found, *_: self.clicked.emit(found[0].data().id))
        self._plot.addItem(self._bars)
        self._plot.addItem(self.points)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 0, 10, 0)
        column.addWidget(self._plot)

    def sizeHint(self) -> QSize:
        """Ask for little: what there is more of is taken."""
        return _LEAST

    def minimumSizeHint(self) -> QSize:
        """Stay readable."""
        return _LEAST

    def set_entries(self, entries: Sequence[Entry]) -> None:
        """Show other runs, given with the newest first."""
        self._entries = tuple(reversed(entries))
        self._draw()

    def mark(self, identities: Iterable[int]) -> None:
        """Make the points of some runs stand out."""
        self._marked = frozenset(identities)
        self._draw()

    def apply_theme(self, theme: "Theme") -> None:
        """Take the colours of a theme."""
        self._theme = theme
        colour_axes(self._plot, theme)
        self._draw()

    def _draw(self) -> None:
        summaries = [entry.summary for entry in self._entries]
        medians = np.array([s.p50_ns for s in summaries]) / 1e6
        ends = np.array([s.interval_ns or (s.p50_ns, s.p50_ns) for s in summaries]).reshape(-1, 2) / 1e6
        x, series = np.arange(len(medians), dtype=float), self._theme.series
        colours = [series[(entry.conditions.threads - 1) % len(series)] for entry in self._entries]
        sizes = [_MARKED if entry.id in self._marked else _SIZE for entry in self._entries]
        self._bars.setData(
            x=x, y=medians, top=ends[:, 1] - medians, bottom=medians - ends[:, 0], beam=0.15, pen=pg.mkPen(self._theme.muted)
        )
        brushes = [pg.mkBrush(colour) for colour in colours]
        self.points.setData(x=x, y=medians, data=list(self._entries), brush=brushes, size=sizes, pen=pg.mkPen(self._theme.panel))
        if self._entries:
            self._plot.setXRange(-0.5, max(len(x) - 0.5, 5.5), padding=0)
            low, high = float(ends.min()), float(ends.max())
            margin = max(high - low, 0.05 * high) * 0.15
            self._plot.setYRange(low - margin, high + margin, padding=0)
