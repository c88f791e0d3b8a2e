"""The command palette: type a few letters of anything that can be done, and Return does it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from bgnn_studio.core.fuzzy import fuzzy_match
from bgnn_studio.errors import BgnnError
from bgnn_studio.ui.actions import Command
from bgnn_studio.ui.overlay import Overlay
from bgnn_studio.ui.theme import DARK, Theme

if TYPE_CHECKING:
    from bgnn_studio.ui.toasts import Toasts

_COMMAND, _PLACES = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
_WIDTH, _ROW, _ROWS = 620, 34, 11


class _Rows(QStyledItemDelegate):
    """The command with the letters that match in the accent colour; at the right its group, or why not, and its shortcut."""

    theme = DARK

    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(200, _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        theme, command = self.theme, index.data(_COMMAND)
        box = QRectF(option.rect).adjusted(6, 1, -6, -1)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.accent_soft))
            painter.drawRoundedRect(box, 6, 6)
        inner = box.adjusted(12, 0, -10, 0)
        right = self._draw_shortcut(painter, inner, command.shortcut, option.font) if command.shortcut else inner.right()
        left = self._draw_text(painter, inner, command, index.data(_PLACES), option.font)
        aside = command.group if command.reason is None else command.reason
        painter.setFont(option.font)
        painter.setPen(QColor(theme.muted if command.reason is None else theme.faint))
        room = QRectF(left + 16, inner.top(), right - left - 28, inner.height())
        if room.width() > 0:
            text = QFontMetricsF(option.font).elidedText(aside, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()

    def _draw_text(self, painter: QPainter, box: QRectF, command: Command, places: tuple[int, ...], font: QFont) -> float:
        """Draw the command letter by letter; return where it ends."""
        bold = QFont(font)
        bold.setWeight(QFont.Weight.Bold)
        x = box.left()
        plain = QColor(self.theme.text if command.reason is None else self.theme.faint)
        for place, letter in enumerate(command.text):
            hit = place in places
            painter.setFont(bold if hit else font)
            painter.setPen(QColor(self.theme.accent) if hit else plain)
            width = QFontMetricsF(bold if hit else font).horizontalAdvance(letter)
            painter.drawText(QRectF(x, box.top(), width + 4, box.height()), Qt.AlignmentFlag.AlignVCenter, letter)
            x += width
        return x

    def _draw_shortcut(self, painter: QPainter, box: QRectF, shortcut: str, font: QFont) -> float:
        """Draw a key cap at the right; return its left edge."""
        small = QFont(font)
        small.setPointSizeF(font.pointSizeF() - 1)
        width = QFontMetricsF(small).horizontalAdvance(shortcut) + 14
        cap = QRectF(box.right() - width, box.center().y() - 10, width, 20)
        painter.setPen(QColor(self.theme.border))
        painter.setBrush(QColor(self.theme.track))
        painter.drawRoundedRect(cap, 4, 4)
        painter.setFont(small)
        painter.setPen(QColor(self.theme.muted))
        painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, shortcut)
        return cap.left()


class Palette(Overlay):
    """A field and the commands that match it, the best first.

    Parameters
    ----------
    commands : callable
        Asked for what can be done each time the palette is brought up.
    toasts : Toasts
    parent : QWidget
    """

    def __init__(self, commands: Callable[[], list[Command]], toasts: "Toasts", parent: QWidget) -> None:
        super().__init__("Command palette", parent)
        self._ask, self._toasts = commands, toasts
        self._commands: list[Command] = []
        self.field = QLineEdit()
        self.field.setObjectName("PaletteField")
        self.field.setAccessibleName("Command")
        self.field.setPlaceholderText("Type a command, a cloud, a model, a colour\N{HORIZONTAL ELLIPSIS}")
        self.field.textChanged.connect(self._filter)
        self.list = QListWidget()
        self.list.setObjectName("PaletteList")
        self.list.setAccessibleName("Commands that match")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setMouseTracking(True)
        self.list.itemEntered.connect(self.list.setCurrentItem)
        self.list.itemClicked.connect(lambda _: self.run())
        self.rows = _Rows(self.list)
        self.list.setItemDelegate(self.rows)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        column.addWidget(self.field)
        column.addWidget(self.list, 1)

    def sizeHint(self) -> QSize:
        """Return the size with what matches, at most eleven rows."""
        return QSize(_WIDTH, self.field.sizeHint().height() + min(self.list.count(), _ROWS) * _ROW + 24)

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self.rows.theme = theme
        self.list.viewport().update()

    def toggle(self) -> None:
        """Come up with everything that can be done, or leave."""
        if self.isVisible():
            self.dismiss()
            return
        self._commands = self._ask()
        self.field.clear()
        self._filter("")
        self.bring(self.field)

    def run(self) -> None:
        """Leave, and do what is marked; what cannot be done now says why."""
        item = self.list.currentItem()
        if item is None:
            return
        command: Command = item.data(_COMMAND)
        self.dismiss()
        try:
            if command.reason is not None:
                raise BgnnError(command.reason)  # noqa: TRY301
            command.run()
        except BgnnError as error:
            self._toasts.error(f"Not done: {command.text}", error)

    def press(self, event: QKeyEvent) -> bool:
        """Move through the list and run with the keyboard in the field."""
        if event.key() == Qt.Key.Key_K and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            if event.type() == QEvent.Type.KeyPress:
                self.dismiss()
            return True
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: _ROWS - 1, Qt.Key.Key_PageUp: 1 - _ROWS}
        steps |= {Qt.Key.Key_Tab: 1, Qt.Key.Key_Backtab: -1}
        if event.key() not in (*steps, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            return super().press(event)
        if event.type() == QEvent.Type.KeyPress and event.key() in steps:
            self.list.setCurrentRow(min(max(self.list.currentRow() + steps[Qt.Key(event.key())], 0), self.list.count() - 1))
        elif event.type() == QEvent.Type.KeyPress:
            self.run()
        return True

    def _filter(self, query: str) -> None:
        found = []
        for number, command in enumerate(self._commands):
            match = fuzzy_match(query, f"{command.text}  {command.group}")
            if match is not None:
                found.append((command.reason is not None, -match.score if query else 0, number, command, match.places))
        self.list.clear()
        for *_, command, places in sorted(found, key=lambda entry: entry[:3]):
            item = QListWidgetItem(command.text)
            item.setData(_COMMAND, command)
            item.setData(_PLACES, places)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, ", ".join(filter(None, (command.text, command.group, command.shortcut))))
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self.place()
