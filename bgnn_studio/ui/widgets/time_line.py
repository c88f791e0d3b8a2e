"""A value over the time of a run, drawn as it comes."""

from typing import TYPE_CHECKING

import pyqtgraph as pg
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QVBoxLayout, QWidget

if TYPE_CHECKING:
    from bgnn_studio.ui.theme import Theme

HEIGHT = 100


class TimeLine(QWidget):
    """One line over seconds.

    Parameters
    ----------
    name, unit, prefix : str
        The prefix stands before the last value in the title.
    series : int
        Index of its colour in the theme.
    """

    def __init__(self, name: str, unit: str, series: int, prefix: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(f"{name} over time")
        self._name, self._unit, self._series, self._prefix = name, unit, series, prefix
        self.seconds: list[float] = []
        self.values: list[float] = []
        self._plot = pg.PlotWidget()
        self._plot.setMenuEnabled(False)
        self._plot.hideButtons()
        self._plot.setMouseEnabled(x=False, y=False)
        self._plot.getAxis("left").setWidth(44)
        self._plot.getAxis("left").setTickDensity(0.5)
        self._line = self._plot.plot([], [])
        self.setFixedHeight(HEIGHT)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 0, 8, 0)
        column.addWidget(self._plot)
        self._show()

    def set_values(self, seconds: list[float], values: list[float]) -> None:
        """Draw other values."""
        if (seconds, values) != (self.seconds, self.values):
            self.seconds, self.values = seconds, values
            self._show()

    def apply_theme(self, theme: "Theme") -> None:
        """Take the colours of a theme."""
        self._plot.setBackground(theme.panel)
        for side in ("bottom", "left"):
            self._plot.getAxis(side).setPen(theme.border)
            self._plot.getAxis(side).setTextPen(theme.muted)
        self._plot.getPlotItem().titleLabel.setAttr("color", QColor(theme.muted).name())
        self._line.setPen(pg.mkPen(theme.series[self._series], width=2))
        self._show()

    def _show(self) -> None:
        last = f"{self._prefix}{self.values[-1]:.3g} {self._unit}" if self.values else self._name
        self._plot.setTitle(last, size="8pt")
        self.setAccessibleDescription(last)
        self._line.setData(self.seconds, self.values)
        if self.values:
            low, high = min(self.values), max(self.values)
            margin = max((high - low) * 0.1, 0.02 * high)
            self._plot.setYRange(low - margin, high + margin, padding=0)
            self._plot.setXRange(0, max(self.seconds[-1], 5.0), padding=0.02)
