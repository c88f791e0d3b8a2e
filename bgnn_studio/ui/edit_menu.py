"""The Edit menu: undo and redo of the session's choices, each with the name of the step."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

if TYPE_CHECKING:
    from bgnn_studio.core.session import Session
    from bgnn_studio.native import Model


class EditMenu(QMenu):
    """Actions `undo` and `redo`, enabled where there is a step to take."""

    def __init__(self, session: "Session[Model]", parent: QWidget | None = None) -> None:
        super().__init__("&Edit", parent)
        self._session = session
        self.undo = self._add("Undo", "Ctrl+Z", session.undo)
        self.redo = self._add("Redo", "Ctrl+Shift+Z", session.redo)
        session.subscribe(self._follow)
        self._follow(frozenset())

    def _add(self, name: str, shortcut: str, call: Callable[[], None]) -> QAction:
        action = self.addAction("")
        action.setIconText(name)
        action.setShortcut(QKeySequence(shortcut))
        action.triggered.connect(lambda _=False: call())
        return action

    def _follow(self, _changed: frozenset[str]) -> None:
        history = self._session.history
        for action, verb, label in ((self.undo, "&Undo", history.undo_label), (self.redo, "&Redo", history.redo_label)):
            action.setText(f"{verb} {label.replace('&', '&&')}" if label else verb)
            action.setEnabled(label is not None)
