"""A row of buttons of which one is down: a choice among few, all of them in sight."""

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QToolButton, QWidget


class Segments(QFrame):
    """Buttons for (value, text, tooltip) choices.

    Signals
    -------
    chosen(value)
        The user chose; not emitted by `set_value`.
    """

    chosen = Signal(object)

    def __init__(self, name: str, choices: Iterable[tuple[Any, str, str]] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("Segments")
        self.setAccessibleName(name)
        self._group = QButtonGroup(self)
        self._buttons: dict[Any, QToolButton] = {}
        self._tips: dict[Any, str] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 2, 2, 2)
        row.setSpacing(1)
        self.set_choices(choices)

    def set_choices(self, choices: Iterable[tuple[Any, str, str]]) -> None:
        """Replace all buttons."""
        for button in self._buttons.values():
            self._group.removeButton(button)
            self.layout().removeWidget(button)
            button.hide()
            button.deleteLater()
        self._buttons, self._tips = {}, {}
        for value, text, tip in choices:
            button = QToolButton()
            button.setText(text)
            button.setToolTip(tip)
            button.setAccessibleName(f"{self.accessibleName()}: {text}")
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _=False, v=value: self.chosen.emit(v))
            self._group.addButton(button)
            self.layout().addWidget(button)
            self._buttons[value], self._tips[value] = button, tip

    @property
    def values(self) -> tuple[Any, ...]:
        """The choices, in their order."""
        return tuple(self._buttons)

    def set_value(self, value: object) -> None:
        """Press a button without telling anybody; a value without a button changes nothing."""
        if value in self._buttons:
            self._buttons[value].setChecked(True)

    def set_reason(self, value: object, reason: str | None) -> None:
        """Disable a choice with the reason as its tooltip, or enable it again with None."""
        self._buttons[value].setEnabled(reason is None)
        self._buttons[value].setToolTip(self._tips[value] if reason is None else reason)

    def button(self, value: object) -> QToolButton:
        """Return the button of a choice."""
        return self._buttons[value]

    def minimumSizeHint(self) -> QSize:
        """Never clip a button."""
        return self.sizeHint()
