"""Accuracy against latency and against size: a labelled point for each model."""

from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from bgnn_studio.core.axes import log_ticks, ticks, wants_log
from bgnn_studio.core.comparison_html import Plot, accuracy_plots
from bgnn_studio.core.label_places import label_places
from bgnn_studio.ui.theme import DARK
from bgnn_studio.ui.widgets.axes import colour_axes
from bgnn_studio.ui.widgets.labels import caption

if TYPE_CHECKING:
    from bgnn_studio.core.comparison_table import Table
    from bgnn_studio.ui.theme import Theme

_ROOM = 0.18  # beyond the outermost points, in parts of their range, for their labels
_TICKS_APART = 0.27  # of the axis: room for their labels in a narrow window


class AccuracyPlot(QWidget):
    """One plot, with a line of text below it for what is not in it.

    Attributes
    ----------
    points : ScatterPlotItem
    labels : list of TextItem
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plot = pg.PlotWidget()
        self.plot.setAccessibleName(name)
        self.plot.setMenuEnabled(False)
        self.plot.setMouseEnabled(x=False, y=False)
        self.plot.hideButtons()
        self.plot.setMinimumHeight(110)
        for side in ("bottom", "left"):
            self.plot.getAxis(side).enableAutoSIPrefix(enable=False)  # the label names the unit
        self.points = pg.ScatterPlotItem(size=10, pxMode=True)
        self.plot.addItem(self.points)
        self.labels: list[pg.TextItem] = []
        self.missing = caption("")
        self.missing.setWordWrap(True)
        self._theme = DARK
        self._shown: Plot | None = None
        self._places: list[tuple[float, float]] = []
        self._span = (0.0, 1.0, 0.0, 1.0)
        self.plot.getViewBox().sigResized.connect(lambda _: self._place_labels())
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 4, 6, 4)
        column.setSpacing(2)
        column.addWidget(self.plot, 1)
        column.addWidget(self.missing)

    def apply_theme(self, theme: "Theme") -> None:
        """Take the colours of a theme."""
        self._theme = theme
        colour_axes(self.plot, theme)
        if self._shown is not None:
            self.show_plot(self._shown)

    def show_plot(self, plot: Plot) -> None:
        """Show the dots; the first model, the reference, is filled."""
        self._shown = plot
        for label in self.labels:
            self.plot.removeItem(label)
        self.labels = []
        self.missing.setText(plot.missing)
        self.missing.setVisible(bool(plot.missing))
        x, y = np.array([dot.x for dot in plot.dots]), np.array([dot.y for dot in plot.dots])
        log = wants_log(x)
        across = np.log10(x) if log else x
        accent, ground = QColor(self._theme.accent), QColor(self._theme.panel)
        brushes = [pg.mkBrush(accent if dot.marked else ground) for dot in plot.dots]
        self.points.setData(across, y, brush=brushes, pen=pg.mkPen(accent, width=2))
        self.plot.setLabel("bottom", plot.x_label)
        self.plot.setLabel("left", "Accuracy [%]")
        self.plot.setAccessibleDescription("; ".join(f"{dot.label}: {dot.x:.4g}, {dot.y:.1f} %" for dot in plot.dots))
        if not plot.dots:
            return
        (left, right), (low, high) = _span(across), _span(y)
        self.plot.setRange(xRange=(left, right), yRange=(low, high), padding=0)
        marks = [(float(np.log10(v)), v) for v in log_ticks(10**left, 10**right)] if log else [(v, v) for v in ticks(left, right, 6)]
        apart = _apart([place for place, _ in marks], _TICKS_APART * (right - left))
        self.plot.getAxis("bottom").setTicks([[(marks[i][0], f"{marks[i][1]:g}") for i in apart]])
        self._places = list(zip((across - left) / (right - left), (high - y) / (high - low), strict=True))
        self._span = left, right, low, high
        self.labels = [pg.TextItem(dot.label, color=self._theme.text, anchor=(0, 0)) for dot in plot.dots]
        for label in self.labels:
            self.plot.addItem(label)
        self._place_labels()

    def _place_labels(self) -> None:
        """Put the labels where they cover nothing, in the size that the plot has now."""
        if not self.labels:
            return
        view = self.plot.getViewBox()
        width, height = max(view.width(), 1.0), max(view.height(), 1.0)
        sizes = [(box.width(), box.height()) for box in (label.boundingRect() for label in self.labels)]
        dots = [(x * width, y * height) for x, y in self._places]
        left, right, low, high = self._span
        for label, (x, y) in zip(self.labels, label_places(sizes, dots, (0, 0, width, height)), strict=True):
            label.setPos(left + (right - left) * x / width, high - (high - low) * y / height)


class ComparePlots(QWidget):
    """Both plots, side by side."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.latency, self.size = AccuracyPlot("Accuracy against latency"), AccuracyPlot("Accuracy against size")
        self.setAutoFillBackground(True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for plot in (self.latency, self.size):
            row.addWidget(plot, 1)

    def apply_theme(self, theme: "Theme") -> None:
        """Take the colours of a theme."""
        for plot in (self.latency, self.size):
            plot.apply_theme(theme)

    def show_table(self, table: "Table") -> None:
        """Show the models of a table."""
        for widget, plot in zip((self.latency, self.size), accuracy_plots(table), strict=True):
            widget.show_plot(plot)


def _apart(places: list[float], least: float) -> list[int]:
    """Return which of ascending places to keep so that no two are closer than `least`."""
    kept: list[int] = []
    for i, place in enumerate(places):
        if not kept or place - places[kept[-1]] >= least:
            kept.append(i)
    return kept


def _span(values: np.ndarray) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    room = _ROOM * (high - low) or 0.1 * abs(high) or 1.0
    return low - room, high + room
