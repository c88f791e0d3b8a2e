"""The overview of keys and mouse: made from the real actions each time it is shown."""

from collections.abc import Callable
from html import escape

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from bgnn_studio.ui.actions import Command
from bgnn_studio.ui.overlay import Overlay
from bgnn_studio.ui.theme import DARK, Theme

_MOUSE = (
    ("Pick a point", "Click"),
    ("Turn", "Drag"),
    ("Move", "Shift+Drag"),
    ("Zoom", "Wheel"),
)
_COLUMNS = 3


class ShortcutSheet(Overlay):
    """Groups of what can be done and its keys, in columns of about the same height."""

    def __init__(self, commands: Callable[[], list[Command]], parent: QWidget) -> None:
        super().__init__("Keyboard shortcuts", parent)
        self._ask, self._theme = commands, DARK
        title = QLabel("Keyboard and mouse")
        title.setObjectName("Answer")
        title.setIndent(2)
        self.columns = [QLabel() for _ in range(_COLUMNS)]
        row = QHBoxLayout()
        row.setSpacing(36)
        for column in self.columns:
            column.setTextFormat(Qt.TextFormat.RichText)
            column.setAlignment(Qt.AlignmentFlag.AlignTop)
            row.addWidget(column)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 18, 24, 20)
        outer.addWidget(title)
        outer.addLayout(row)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self._theme = theme

    def toggle(self) -> None:
        """Come up, or leave."""
        if self.isVisible():
            self.dismiss()
            return
        groups: dict[str, list[tuple[str, str]]] = {}
        for command in self._ask():
            if command.shortcut:
                groups.setdefault(command.group, []).append((command.name or command.text, command.shortcut))
        groups["3D view"] = list(_MOUSE)
        for column, text in zip(self.columns, _columns([self._group(*group) for group in groups.items()]), strict=True):
            column.setText(text)
        self.adjustSize()
        self.bring(self)

    def press(self, event: QKeyEvent) -> bool:
        """Leave at the keys that brought it, too."""
        again = event.key() in (Qt.Key.Key_F1, Qt.Key.Key_Question)
        if again and event.type() == QEvent.Type.KeyPress:
            self.dismiss()
        return again or super().press(event)

    def _group(self, name: str, rows: list[tuple[str, str]]) -> tuple[int, str]:
        theme = self._theme
        lines = "".join(
            f"<tr><td width='180' style='padding:2px 18px 2px 0; color:{theme.text}'>{escape(text)}</td>"
            f"<td style='padding:2px 0; color:{theme.accent}'>{escape(keys)}</td></tr>"
            for text, keys in rows
        )
        return len(rows) + 2, f"<p style='color:{theme.muted}; margin:10px 0 4px 0'><b>{escape(name)}</b></p><table>{lines}</table>"


def _columns(groups: list[tuple[int, str]]) -> list[str]:
    """Spread (height, text) groups over the columns: the tallest first, each to the shortest column."""
    columns: list[list[str]] = [[] for _ in range(_COLUMNS)]
    heights = [0] * _COLUMNS
    for height, text in sorted(groups, key=lambda group: -group[0]):
        shortest = heights.index(min(heights))
        columns[shortest].append(text)
        heights[shortest] += height
    return ["".join(column) for column in columns]
