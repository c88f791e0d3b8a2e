"""A strip chart of shares over the last updates: cheap enough to be drawn at each of them."""

from collections import deque
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from bgnn_studio.ui.theme import DARK, Theme

UPDATES = 160
_HEAD, _FOOT, _LEFT, _RIGHT = 20, 6, 40, 8


class StripChart(QWidget):
    """Lines between 0 and 100 %, the newest update at the right; the last values stand above, in the colours of their lines.

    Parameters
    ----------
    title : str
        What is drawn; the accessible name, too.
    """

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title, self._theme = title, DARK
        self._names: tuple[str, ...] = ()
        self.updates: deque[tuple[float, ...]] = deque(maxlen=UPDATES)
        self.setAccessibleName(title)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def append(self, names: Sequence[str], shares: Sequence[float]) -> None:
        """Add one share, 0 to 1, for each line, without a figure where its name is empty; another number of lines begins anew."""
        if len(names) != len(self._names):
            self.updates.clear()
        self._names = tuple(names)
        self.updates.append(tuple(shares))
        self.setAccessibleDescription(", ".join(f"{name} {100 * share:.0f} %" for name, share in zip(names, shares, strict=True) if name))
        self.update()

    def clear(self) -> None:
        """Forget all updates."""
        self.updates.clear()
        self.setAccessibleDescription("")
        self.update()

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self._theme = theme
        self.update()

    def minimumSizeHint(self) -> QSize:
        """Return what three grid lines and the row of values need."""
        return QSize(236, 62)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the grid, the lines and the last values."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(self.font())
        font.setPointSizeF(font.pointSizeF() - 1)
        painter.setFont(font)
        area = QRectF(_LEFT, _HEAD, self.width() - _LEFT - _RIGHT, self.height() - _HEAD - _FOOT)
        self._paint_grid(painter, area)
        self._paint_values(painter, QFontMetricsF(font))
        for line in reversed(range(len(self._names))):  # where lines meet, the first is seen
            painter.setPen(QPen(self._colour(line), 1.6))
            painter.drawPolyline(self._points(area, line))
        painter.end()

    def _paint_grid(self, painter: QPainter, area: QRectF) -> None:
        for percent in (0, 50, 100):
            y = area.bottom() - area.height() * percent / 100
            painter.setPen(QPen(QColor(self._theme.border), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(QColor(self._theme.muted))
            label = QRectF(0, y - 8, _LEFT - 6, 16)
            painter.drawText(
                label, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, "100 %" if percent == 100 else f"{percent}"
            )

    def _paint_values(self, painter: QPainter, metrics: QFontMetricsF) -> None:
        """Write the title, and from the right the last value of each line that has a name."""
        painter.setPen(QColor(self._theme.muted))
        painter.drawText(QRectF(_RIGHT, 0, self.width(), 16), Qt.AlignmentFlag.AlignVCenter, self._title)
        left, right = _RIGHT + metrics.horizontalAdvance(self._title) + 10, float(self.width() - _RIGHT)
        values = [(line, name) for line, name in enumerate(self._names) if name and self.updates]
        for place, (line, name) in reversed(list(enumerate(values))):
            figure = f" {100 * self.updates[-1][line]:.0f}"
            room = (right - left - 8 * place) / (place + 1) - metrics.horizontalAdvance(figure)
            text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, max(room, 0.0)) + figure
            width = metrics.horizontalAdvance(text)
            painter.setPen(self._colour(line))
            painter.drawText(QRectF(right - width, 0, width + 2, 16), Qt.AlignmentFlag.AlignVCenter, text)
            right -= width + 8

    def _points(self, area: QRectF, line: int) -> QPolygonF:
        step = area.width() / (UPDATES - 1)
        first = UPDATES - len(self.updates)
        return QPolygonF(
            [
                QPointF(area.left() + step * (first + i), area.bottom() - area.height() * shares[line])
                for i, shares in enumerate(self.updates)
            ]
        )

    def _colour(self, line: int) -> QColor:
        return QColor(self._theme.series[line % len(self._theme.series)])
