"""How a confusion matrix is laid out and drawn: cells, names of classes, and the scale of colours."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, qGray

from bgnn_studio.core.palettes import palette

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bgnn_studio.ui.theme import Theme

SMALLEST = 8.5  # side of a cell in pixels: the smallest letters fit
_LARGEST, _STRETCH = 46.0, 1.6  # of a cell's longer side in pixels, and the ratio of its sides
_SIDE, _GAP, _SCALE_ROOM = 12.0, 6.0, 40.0
_LONGEST, _TALLEST = 110.0, 12.0  # of a name, and of its letters
_UNIT = "of the true class's clouds"
_PALETTES = {"dark": "height", "light": "distance"}  # what is more stands out more, against either background


@dataclass(frozen=True)
class Layout:
    """Where everything is.

    Attributes
    ----------
    grid : QRectF
        All cells.
    width, height : float
        Of one cell.
    row_font, column_font : QFont
        For names of classes; a row is as high as a cell, a column as wide.
    names : tuple of str
    """

    grid: QRectF
    width: float
    height: float
    row_font: QFont
    column_font: QFont
    names: tuple[str, ...]

    def cell(self, i: int, j: int) -> QRectF:
        """Return the place of the cell in row i and column j."""
        return QRectF(self.grid.left() + j * self.width, self.grid.top() + i * self.height, self.width, self.height)

    def cell_at(self, position: QPointF) -> tuple[int, int] | None:
        """Return the row and column of the cell at a place."""
        if not self.names or not self.grid.contains(position):
            return None
        most = len(self.names) - 1
        row, column = (position.y() - self.grid.top()) / self.height, (position.x() - self.grid.left()) / self.width
        return min(int(row), most), min(int(column), most)


def lay_out(size: QSizeF, names: tuple[str, ...], font: QFont) -> Layout:
    """Fit cells, and names as large as the cells allow, into a size."""
    rows = columns = _sized(font, _TALLEST)
    left, top, width, height = _cells(size, names, rows, columns)
    rows, columns = _sized(font, 0.86 * height), _sized(font, 0.86 * width)
    left, top, width, height = _cells(size, names, rows, columns)  # smaller letters leave more room to the cells
    spare = max((size.width() - left - _SIDE - len(names) * width) / 2, 0.0)
    return Layout(QRectF(left + spare, top, len(names) * width, len(names) * height), width, height, rows, columns, names)


def _cells(size: QSizeF, names: tuple[str, ...], rows: QFont, columns: QFont) -> tuple[float, float, float, float]:
    """Return the left and the top of all cells, and the width and height of one, beside names in these fonts."""
    n = max(len(names), 1)
    left, top = _SIDE + _room(rows, names) + _GAP, _room(columns, names) + _GAP + 4
    width, height = (size.width() - left - _SIDE) / n, (size.height() - top - _SCALE_ROOM) / n
    width, height = min(width, _STRETCH * height, _LARGEST), min(height, _STRETCH * width, _LARGEST)
    return left, top, max(width, 1.0), max(height, 1.0)


def smallest(names: tuple[str, ...], font: QFont) -> QSizeF:
    """Return the size below which cells would be too small."""
    room, cells = _room(_sized(font, SMALLEST), names), SMALLEST * len(names)
    return QSizeF(2 * _SIDE + room + _GAP + cells, room + _GAP + 4 + cells + _SCALE_ROOM)


def paint_cells(painter: QPainter, layout: Layout, confusion: "NDArray[np.int64]", theme: "Theme") -> None:
    """Draw cells in the colour of their part of the row, with their counts where these fit in."""
    colours = palette(_PALETTES[theme.name])
    totals = np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    shades = (confusion / totals * (len(colours) - 1)).round().astype(np.intp)
    gap = 1.0 if min(layout.width, layout.height) >= 6 else 0.0
    numbers = layout.width >= 19 and layout.height >= 13
    painter.setFont(_sized(layout.row_font, min(0.62 * layout.height, 0.44 * layout.width, 12)))
    for i in range(len(layout.names)):  # row by row, then gaps between columns: most cells are empty
        painter.fillRect(layout.cell(i, 0).adjusted(0, 0, layout.grid.width() - layout.width, -gap), QColor(theme.track))
    for j in range(len(layout.names)):
        box = layout.cell(0, j)
        painter.fillRect(QRectF(box.right() - gap, box.top(), gap, layout.grid.height()), QColor(theme.panel))
    for i, j in np.argwhere(confusion):
        box = layout.cell(i, j).adjusted(0, 0, -gap, -gap)
        colour = QColor(*map(int, colours[shades[i, j]]))
        painter.fillRect(box, colour)
        if numbers:
            painter.setPen(QColor("#10151b" if qGray(colour.rgb()) > 130 else "#ffffff"))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(confusion[i, j]))


def paint_names(painter: QPainter, layout: Layout, theme: "Theme", only: tuple[int, int] | None = None) -> None:
    """Draw the names of classes; with `only`, those of one cell's row and column, to stand out."""
    for across, font, size in ((False, layout.row_font, layout.height), (True, layout.column_font, layout.width)):
        painter.setFont(font)
        painter.setPen(QColor(theme.text if only else theme.muted))
        metrics, room = QFontMetricsF(font), _room(font, layout.names)
        for i, name in enumerate(layout.names):
            if only is not None and i != only[across]:
                continue
            text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, room + 1)
            painter.save()
            if across:
                painter.translate(layout.grid.left() + i * size, layout.grid.top() - _GAP)
                painter.rotate(-90)
                box, side = QRectF(0, 0, room + 2, size), Qt.AlignmentFlag.AlignLeft
            else:
                box = QRectF(layout.grid.left() - _GAP - room - 2, layout.grid.top() + i * size, room + 2, size)
                side = Qt.AlignmentFlag.AlignRight
            if only is not None:
                painter.fillRect(box, QColor(theme.accent_soft))
            painter.drawText(box, side | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip, text)
            painter.restore()


def paint_scale(painter: QPainter, layout: Layout, theme: "Theme") -> None:
    """Draw the scale of colours below the cells, with its unit."""
    bar = QRectF(layout.grid.left(), layout.grid.bottom() + 12, min(layout.grid.width(), 240.0), 8)
    colours = palette(_PALETTES[theme.name])
    for x in range(int(bar.width())):
        shade = colours[round(x / bar.width() * (len(colours) - 1))]
        painter.fillRect(QRectF(bar.left() + x, bar.top(), 1, bar.height()), QColor(*map(int, shade)))
    painter.setFont(_sized(layout.row_font, 10.5))
    painter.setPen(QColor(theme.muted))
    metrics, below = QFontMetricsF(painter.font()), bar.bottom() + 2
    for part in (0.0, 0.5, 1.0):
        text = f"{100 * part:.0f} %"
        width = metrics.horizontalAdvance(text)
        painter.drawText(QRectF(bar.left() + part * (bar.width() - width), below, width + 1, 14), Qt.AlignmentFlag.AlignCenter, text)
    width = metrics.horizontalAdvance(_UNIT)
    if bar.width() + 10 + width <= layout.grid.width() + _SIDE:
        painter.drawText(QRectF(bar.right() + 10, bar.top() - 3, width + 1, 14), Qt.AlignmentFlag.AlignVCenter, _UNIT)


def _sized(font: QFont, pixels: float) -> QFont:
    result = QFont(font)
    result.setPixelSize(int(min(max(pixels, 8.0), _TALLEST)))
    return result


def _room(font: QFont, names: tuple[str, ...]) -> float:
    """Return the room for the longest name."""
    metrics = QFontMetricsF(font)
    return min(max((metrics.horizontalAdvance(name) for name in names), default=0.0), _LONGEST)
