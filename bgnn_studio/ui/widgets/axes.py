"""Axes of a plot in the colours of a theme."""

from typing import TYPE_CHECKING

from PySide6.QtGui import QColor

if TYPE_CHECKING:
    import pyqtgraph as pg

    from bgnn_studio.ui.theme import Theme


def colour_axes(plot: "pg.PlotWidget", theme: "Theme") -> None:
    """Colour the background, the axes at the bottom and the left, and what stands beside them."""
    plot.setBackground(theme.panel)
    for name in ("bottom", "left"):
        axis = plot.getAxis(name)
        axis.setPen(theme.border)
        axis.setTextPen(theme.muted)
        axis.label.setDefaultTextColor(QColor(theme.muted))
