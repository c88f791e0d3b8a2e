"""A confusion matrix as a heat map: true classes in rows, coloured by the part of the row that each cell has."""

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from bgnn_studio.core.accuracy import Figures
from bgnn_studio.ui.theme import DARK, Theme
from bgnn_studio.ui.widgets.confusion_picture import Layout, lay_out, paint_cells, paint_names, paint_scale, smallest

_STEPS = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
_NO_COUNTS = Figures(np.empty((0, 0), np.int64))


class ConfusionMap(QWidget):
    """Cells to look at with mouse or arrow keys, and to choose by a click, Enter or the space bar.

    Page Down goes to the next most frequent confusion, Page Up back.

    Signals
    -------
    looked(str)
        What there is to say of the cell that the mouse or the keys went to; empty for none.
    chosen(int, int)
        The user chose the clouds of a true class (first) that were taken for a class (second).
    """

    looked = Signal(str)
    chosen = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Confusion matrix")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.figures, self.classes = _NO_COUNTS, ()
        self.cell: tuple[int, int] | None = None
        self._hovered: tuple[int, int] | None = None
        self._picture: QPixmap | None = None
        self._places: Layout | None = None
        self._theme = DARK

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self._theme = theme
        self._repaint()

    def show_figures(self, figures: Figures, classes: tuple[str, ...]) -> None:
        """Show other counts; the current cell stays where the classes are the same."""
        if classes != self.classes:
            self.cell = self._hovered = None
        self.figures, self.classes = figures, classes
        self.updateGeometry()
        self.mark(self.cell)
        self._repaint()

    def mark(self, cell: tuple[int, int] | None) -> None:
        """Make a cell the current one, telling nobody."""
        self.cell = cell
        self.setAccessibleDescription(self.text(cell))
        self.update()

    def text(self, cell: tuple[int, int] | None) -> str:
        """Return what there is to say of a cell."""
        if cell is None:
            return ""
        i, j = cell
        count, total = int(self.figures.confusion[i, j]), int(self.figures.confusion[i].sum())
        share = f" ({100 * count / total:.1f} %)" if total else ""
        what = f"{self.classes[i]} recognised" if i == j else f"{self.classes[i]} taken for {self.classes[j]}"
        return f"{what}: {count:,} of {total:,}{share}"

    def sizeHint(self) -> QSize:
        """Return twice the smallest size."""
        return self.minimumSizeHint() * 2

    def minimumSizeHint(self) -> QSize:
        """Return room for the smallest cells."""
        return smallest(self.classes, self.font()).toSize().expandedTo(QSize(200, 160))

    @property
    def places(self) -> Layout:
        """Where cells and names are."""
        if self._places is None:
            self._places = lay_out(QSizeF(self.size()), self.classes, self.font())
        return self._places

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the picture, and over it what is current and under the mouse."""
        if not self.classes:
            return
        if self._picture is None or self._picture.devicePixelRatio() != self.devicePixelRatioF():
            self._picture = self._drawn()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for cell, colour, width in ((self._hovered, self._theme.muted, 1.0), (self.cell, self._theme.text, 2.0)):
            if cell is not None:
                painter.setPen(QPen(QColor(colour), width))
                painter.drawRoundedRect(self.places.cell(*cell).adjusted(-0.5, -0.5, -0.5, -0.5), 2, 2)
        if (cell := self._hovered or (self.cell if self.hasFocus() else None)) is not None:
            paint_names(painter, self.places, self._theme, only=cell)
        painter.end()

    def resizeEvent(self, _event: QEvent) -> None:
        """Draw anew."""
        self._repaint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell of the cell under the mouse."""
        self._hover(self.places.cell_at(event.position()))

    def leaveEvent(self, _event: QEvent) -> None:
        """Tell of the current cell again."""
        self._hover(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the cell under the mouse."""
        cell = self.places.cell_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and cell is not None:
            self._look(cell)
            self.chosen.emit(*cell)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go to another cell, or choose this one."""
        key, n = Qt.Key(event.key()), len(self.classes)
        if n and key in _STEPS:
            down, right = _STEPS[key]
            i, j = self.cell or (0, 0)
            self._look((min(max(i + down, 0), n - 1), min(max(j + right, 0), n - 1)) if self.cell else (0, 0))
        elif n and key in (Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
            self._look_at_confusion(1 if key == Qt.Key.Key_PageDown else -1)
        elif self.cell is not None and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(*self.cell)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show where the keys are."""
        super().focusInEvent(event)
        if self.cell is None and self.classes and event.reason() != Qt.FocusReason.MouseFocusReason:
            self._look((0, 0))
        self.update()

    def event(self, event: QEvent) -> bool:
        """Explain the cell under the mouse."""
        if isinstance(event, QHelpEvent):
            cell = self.places.cell_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), f"{self.text(cell)}\nClick to list these clouds" if cell else "", self)
            return True
        return super().event(event)

    def _look_at_confusion(self, step: int) -> None:
        cells = [(i, j) for i, j, _ in self.figures.confusions()]
        if cells:
            at = cells.index(self.cell) + step if self.cell in cells else 0
            self._look(cells[min(max(at, 0), len(cells) - 1)])

    def _look(self, cell: tuple[int, int]) -> None:
        self.mark(cell)
        self.looked.emit(self.text(cell))

    def _hover(self, cell: tuple[int, int] | None) -> None:
        if cell != self._hovered:
            self._hovered = cell
            self.looked.emit(self.text(cell or self.cell))
            self.update()

    def _repaint(self) -> None:
        self._picture = self._places = None
        self.update()

    def _drawn(self) -> QPixmap:
        """Draw everything that does not follow the mouse."""
        ratio = self.devicePixelRatioF()
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        paint_cells(painter, self.places, self.figures.confusion, self._theme)
        paint_names(painter, self.places, self._theme)
        paint_scale(painter, self.places, self._theme)
        painter.end()
        return picture
