"""Histogram of distances in the layer shown, with a brush that keeps only the edges of a range."""

from typing import TYPE_CHECKING, Literal

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from bgnn_studio.core.graphs import distances_to
from bgnn_studio.core.views import layer_features
from bgnn_studio.ui.widgets.axes import colour_axes
from bgnn_studio.ui.widgets.labels import hint
from bgnn_studio.ui.widgets.segments import Segments

if TYPE_CHECKING:
    from bgnn_studio.core.session import Session
    from bgnn_studio.native import Model
    from bgnn_studio.ui.theme import Theme

_REAL_BINS = 48
_WATCHED = {"inference", "layer", "points", "model"}
Source = Literal["edges", "point"]


class DistancesPanel(QWidget):
    """Distances of all edges of the layer, or from the picked point to all points."""

    def __init__(self, session: "Session[Model]", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.source: Source = "edges"
        self.counts: NDArray[np.int64] = np.empty(0, np.int64)
        self.edges: NDArray[np.float64] = np.empty(0)
        self.switch = Segments(
            "Distances of",
            [
                ("edges", "All edges", "Of all edges of this graph"),
                ("point", "Picked point", "From the picked point to every point"),
            ],
        )
        self.switch.set_value(self.source)
        self.switch.chosen.connect(self._set_source)
        self.filter = QToolButton()
        self.filter.setText("Filter")
        self.filter.setAccessibleName("Filter edges by distance")
        self.filter.setCheckable(True)
        self.filter.setToolTip("Drag the band: only edges with a distance inside it are drawn")
        self.filter.toggled.connect(self._toggle_brush)
        self.plot = _plot()
        self._curve = self.plot.plot([0, 1], [0], stepMode="center", fillLevel=0)
        self._reach = pg.InfiniteLine(angle=90)
        self.plot.addItem(self._reach)
        self._brush = pg.LinearRegionItem()
        self._brush.hide()
        self._brush.sigRegionChanged.connect(self._brushed)
        self.plot.addItem(self._brush)
        filled = QWidget()
        self._stack = QStackedWidget()
        self._stack.addWidget(hint("Distances appear here once a model has run on a cloud."))
        self._stack.addWidget(filled)
        row = QHBoxLayout()
        row.setContentsMargins(12, 0, 8, 0)
        row.addWidget(self.switch)
        row.addStretch(1)
        row.addWidget(self.filter)
        column = QVBoxLayout(filled)
        column.setContentsMargins(0, 0, 0, 6)
        column.setSpacing(6)
        column.addLayout(row)
        inset = QHBoxLayout()
        inset.setContentsMargins(6, 0, 10, 0)
        inset.addWidget(self.plot)
        column.addLayout(inset, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)
        session.subscribe(self._follow)
        self._follow(frozenset({"pick", "model"}))

    def apply_theme(self, theme: "Theme") -> None:
        """Take the colours of a theme."""
        colour_axes(self.plot, theme)
        fill = QColor(theme.accent)
        self._curve.setPen(pg.mkPen(fill))
        fill.setAlpha(90)
        self._curve.setFillBrush(fill)
        self._reach.setPen(pg.mkPen(theme.muted, style=Qt.PenStyle.DashLine))
        band = QColor(theme.series[1])
        band.setAlpha(45)
        self._brush.setBrush(band)
        self._brush.setHoverBrush(band)
        for line in self._brush.lines:
            line.setPen(pg.mkPen(theme.series[1], width=2))
            line.setHoverPen(pg.mkPen(theme.series[1], width=3))

    def refresh(self) -> None:
        """Show the distances of the current layer and pick."""
        s = self._session
        source: Source = self.source if s.pick is not None else "edges"
        self.switch.set_value(source)
        values = self._values(source)
        self._stack.setCurrentIndex(values is not None)
        if values is None:
            return
        on_bits = s.bits > 0
        self.counts, self.edges = histogram(values, on_bits=on_bits)
        self._curve.setData(self.edges, self.counts)
        self._label("bottom", "Hamming distance (bits)" if on_bits else "Squared L2 distance")
        self._label("left", "Edges" if source == "edges" else "Points")
        self.plot.setRange(xRange=(self.edges[0], self.edges[-1]), yRange=(0, max(self.counts.max(), 1)), padding=0.02)
        reach = self._reach_of_pick(source)
        self._reach.setVisible(reach is not None)
        if reach is not None:
            self._reach.setPos(reach)

    def _label(self, side: str, text: str) -> None:
        axis = self.plot.getAxis(side)
        if axis.labelText != text:  # a label lays the whole plot out again
            axis.setLabel(text)

    def _values(self, source: Source) -> NDArray[np.generic] | None:
        """Return the distances to count, or None while there is no inference."""
        s = self._session
        if s.points is None or s.inference is None or s.inference.trace is None:
            return None
        if source == "edges" or s.pick is None:
            return s.inference.trace.distances[s.layer - 1].ravel()
        return distances_to(layer_features(s.points, s.inference.trace, s.layer), s.pick)

    def _reach_of_pick(self, source: Source) -> float | None:
        """Return the distance of the picked point's last neighbour."""
        s = self._session
        if source == "edges" or s.inference is None or s.inference.trace is None:
            return None
        return float(s.inference.trace.distances[s.layer - 1][s.pick, -1])

    def _set_source(self, source: Source) -> None:
        self.source = source
        self.refresh()

    def _toggle_brush(self, on: bool) -> None:
        self._session.set_brush((self.edges[0], self.edges[0] + (self.edges[-1] - self.edges[0]) / 3) if on else None)

    def _brushed(self) -> None:
        if self.filter.isChecked():
            self._session.set_brush(self._brush.getRegion())

    def _follow(self, changed: frozenset[str]) -> None:
        if "pick" in changed:
            self.switch.set_reason("point", None if self._session.pick is not None else "No point is picked: click one in the 3D view.")
        if changed & _WATCHED or ("pick" in changed and self.source == "point"):
            self.refresh()
        if changed & {"brush", "inference"}:
            self._show_brush()

    def _show_brush(self) -> None:
        """Put the band where the session's brush is, telling nobody; it moves within the distances that there are."""
        brush = self._session.brush
        for part in (self.filter, self._brush):
            part.blockSignals(True)
        self.filter.setChecked(brush is not None)
        self._brush.setVisible(brush is not None)
        if brush is not None and len(self.edges):
            self._brush.setBounds((float(self.edges[0]), float(self.edges[-1])))
            self._brush.setRegion(brush)
        for part in (self.filter, self._brush):
            part.blockSignals(False)


def _plot() -> pg.PlotWidget:
    plot = pg.PlotWidget()
    plot.setAccessibleName("Histogram of distances")
    plot.setMenuEnabled(False)
    plot.setMouseEnabled(x=False, y=False)
    plot.hideButtons()
    plot.setMinimumHeight(90)
    return plot


def histogram(values: NDArray[np.generic], *, on_bits: bool) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Count (n,) distances; return counts (b,) and bin edges (b + 1,): a bin for each integer, or even bins from 0 for real distances."""
    if on_bits:
        whole = values.astype(np.int64)
        low = int(whole.min())
        counts = np.bincount(whole - low)
        return counts, low - 0.5 + np.arange(len(counts) + 1.0)
    edges = np.linspace(0.0, float(np.max(values)) or 1.0, _REAL_BINS + 1)
    return np.histogram(values, edges)[0], edges
