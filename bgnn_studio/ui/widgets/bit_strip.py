"""Bit planes as small cells, 64 in a row: their balance at a glance, one of them chosen."""

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from bgnn_studio.core.bit_facts import BitFacts
from bgnn_studio.core.palettes import palette
from bgnn_studio.ui.theme import DARK, Theme

_COLUMNS = 64
_HEIGHT = 24


class BitStrip(QWidget):
    """One cell for each bit: filled from below with the colour of -1 by its share at the points; a dead bit is only outlined.

    Signals
    -------
    chosen(int)
        The user chose a bit, by a click or with the arrow keys; not emitted by `show_bits`.
    """

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Bit planes")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.facts: BitFacts | None = None
        self.bit: int | None = None
        self._theme = DARK

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self._theme = theme
        self.update()

    def show_bits(self, facts: BitFacts | None, bit: int | None) -> None:
        """Show other bits, and mark one."""
        self.facts, self.bit = facts, bit
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for cells of some 4 pixels."""
        return QSize(_COLUMNS * 4, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """Return room for cells of 2 pixels."""
        return QSize(_COLUMNS * 2, _HEIGHT)

    def cell(self, bit: int) -> QRectF:
        """Return the place of a bit."""
        columns, rows = self._shape()
        width, height = self.width() / columns, self.height() / rows
        return QRectF(bit % columns * width, bit // columns * height, width, height)

    def bit_at(self, position: QPoint) -> int | None:
        """Return the bit at a place."""
        if self.facts is None or not self.rect().contains(position):
            return None
        columns, rows = self._shape()
        bit = position.y() * rows // self.height() * columns + position.x() * columns // self.width()
        return bit if bit < len(self.facts.negative) else None

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the cells."""
        if self.facts is None:
            return
        painter = QPainter(self)
        positive, negative = (QColor(*map(int, colour)) for colour in palette("bit", 2))
        for bit, (share, dead) in enumerate(zip(self.facts.negative, self.facts.dead, strict=True)):
            box = self.cell(bit).adjusted(0.5, 0.5, -0.5, -0.5)
            if dead:
                painter.setPen(QPen(QColor(self._theme.faint), 1))
                painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
            else:
                painter.fillRect(box, positive)
                painter.fillRect(box.adjusted(0, (1 - share) * box.height(), 0, 0), negative)
        if self.bit is not None:
            painter.setPen(QPen(QColor(self._theme.text), 2))
            painter.drawRect(self.cell(self.bit).adjusted(1, 1, -1, -1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the bit under the mouse."""
        bit = self.bit_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and bit is not None:
            self.chosen.emit(bit)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose the bit before or after."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -_COLUMNS, Qt.Key.Key_Down: _COLUMNS}.get(Qt.Key(event.key()))
        if step is None or self.facts is None:
            super().keyPressEvent(event)
            return
        bit = 0 if self.bit is None else self.bit + step
        if 0 <= bit < len(self.facts.negative):
            self.chosen.emit(bit)

    def event(self, event: QEvent) -> bool:
        """Explain the bit under the mouse."""
        if isinstance(event, QHelpEvent):
            bit = self.bit_at(event.pos())
            QToolTip.showText(event.globalPos(), "" if bit is None else self.tip(bit), self)
            return True
        return super().event(event)

    def tip(self, bit: int) -> str:
        """Return what there is to say of a bit."""
        assert self.facts is not None
        facts = self.facts
        share = f"Bit {bit}: \N{MINUS SIGN}1 at {100 * facts.negative[bit]:.0f} % of the points"
        if facts.dead[bit]:
            return f"{share}\nDead: the same at all points, so it adds nothing to any distance"
        other = facts.duplicate_of[bit]
        same = f"\nThe same as bit {other}, or its opposite, at all points" if other >= 0 else ""
        return f"{share}, entropy {facts.entropy[bit]:.2f} bits{same}\nClick to colour the points by it"

    def _shape(self) -> tuple[int, int]:
        count = 1 if self.facts is None else len(self.facts.negative)
        columns = min(count, _COLUMNS)
        return columns, -(-count // columns)
