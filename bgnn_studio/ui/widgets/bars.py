"""Horizontal bars of stacked segments with a label before and a figure after each: predictions, latency, memory."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QHelpEvent, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from bgnn_studio.ui.theme import DARK, Theme

_ROW, _BAR, _GAP, _SIDE = 21, 8, 12, 12


@dataclass(frozen=True)
class Segment:
    """A part of a bar: its value, the index of its colour in the theme's series, and what it is."""

    value: float
    series: int = 0
    tip: str = ""


@dataclass(frozen=True)
class Bar:
    """A row: label, segments, the figure at the end, and a tooltip for the whole row."""

    label: str
    segments: tuple[Segment, ...]
    figure: str
    tip: str = ""

    @property
    def total(self) -> float:
        """Sum of the segments."""
        return sum(segment.value for segment in self.segments)


class Bars(QWidget):
    """Draws bars on one scale from 0 to the longest, or to `maximum`.

    Parameters
    ----------
    name : str
        For screen readers, which also get every label and figure as the description.
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._bars: tuple[Bar, ...] = ()
        self._legend: tuple[tuple[str, int], ...] = ()
        self._maximum = 1.0
        self._theme = DARK

    @property
    def bars(self) -> tuple[Bar, ...]:
        """The rows shown."""
        return self._bars

    def set_bars(self, bars: Sequence[Bar], *, legend: Sequence[tuple[str, int]] = (), maximum: float | None = None) -> None:
        """Show rows, and above them a legend of (text, series) pairs."""
        self._bars, self._legend = tuple(bars), tuple(legend)
        self._maximum = maximum or max((bar.total for bar in bars), default=0.0) or 1.0
        self.setAccessibleDescription("; ".join(f"{bar.label}: {bar.figure}" for bar in bars))
        self.updateGeometry()
        self.update()

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        """Return the height of all rows."""
        return QSize(260, self._top + _ROW * len(self._bars) + 6)

    def minimumSizeHint(self) -> QSize:
        """Never clip a row."""
        return self.sizeHint()

    @property
    def _top(self) -> int:
        return _ROW if self._legend else 0

    def _columns(self) -> tuple[float, float, float]:
        """Return the widths of labels and figures, and where the bar starts."""
        metrics = QFontMetricsF(self.font())
        labels = max((metrics.horizontalAdvance(bar.label) for bar in self._bars), default=0.0)
        labels = min(labels, self.width() * 0.45)
        figures = max((metrics.horizontalAdvance(bar.figure) for bar in self._bars), default=0.0)
        return labels, figures, _SIDE + labels + _GAP

    def _bar_rect(self, row: int) -> QRectF:
        _, figures, left = self._columns()
        y = self._top + row * _ROW + (_ROW - _BAR) / 2
        return QRectF(left, y, max(self.width() - left - figures - _GAP - _SIDE, 8.0), _BAR)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw legend and rows."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_legend(painter)
        labels, figures, _ = self._columns()
        metrics = QFontMetricsF(self.font())
        for row, bar in enumerate(self._bars):
            y = self._top + row * _ROW
            painter.setPen(QColor(self._theme.muted))
            text = metrics.elidedText(bar.label, Qt.TextElideMode.ElideRight, labels + 1)
            painter.drawText(QRectF(_SIDE, y, labels + 2, _ROW), Qt.AlignmentFlag.AlignVCenter, text)
            painter.setPen(QColor(self._theme.text))
            box = QRectF(self.width() - _SIDE - figures - 2, y, figures + 2, _ROW)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, bar.figure)
            self._paint_bar(painter, self._bar_rect(row), bar)
        painter.end()

    def _paint_bar(self, painter: QPainter, rect: QRectF, bar: Bar) -> None:
        outline = QPainterPath()
        outline.addRoundedRect(rect, _BAR / 2, _BAR / 2)
        painter.save()
        painter.setClipPath(outline)
        painter.fillRect(rect, QColor(self._theme.track))
        x = rect.left()
        for segment in bar.segments:
            width = rect.width() * segment.value / self._maximum
            painter.fillRect(QRectF(x, rect.top(), width, _BAR), QColor(self._theme.series[segment.series % len(self._theme.series)]))
            x += width
        painter.restore()

    def _paint_legend(self, painter: QPainter) -> None:
        font = QFont(self.font())
        font.setPointSizeF(font.pointSizeF() - 1)
        painter.setFont(font)
        x, metrics = float(_SIDE), QFontMetricsF(font)
        for text, series in self._legend:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self._theme.series[series % len(self._theme.series)]))
            painter.drawRoundedRect(QRectF(x, (_ROW - 8) / 2, 8, 8), 2, 2)
            painter.setPen(QColor(self._theme.muted))
            width = metrics.horizontalAdvance(text)
            painter.drawText(QRectF(x + 13, 0, width + 2, _ROW), Qt.AlignmentFlag.AlignVCenter, text)
            x += 13 + width + 14
        painter.setFont(self.font())

    def event(self, event: QEvent) -> bool:
        """Show the tooltip of the segment, or of the row, under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self._tip_at(event.pos().x(), event.pos().y()), self)
            return True
        return super().event(event)

    def _tip_at(self, x: float, y: float) -> str:
        row = int((y - self._top) // _ROW)
        if not 0 <= row < len(self._bars):
            return ""
        bar, rect = self._bars[row], self._bar_rect(row)
        end = rect.left()
        for segment in bar.segments:
            start, end = end, end + rect.width() * segment.value / self._maximum
            if segment.tip and start <= x < end:
                return segment.tip
        return bar.tip
