"""Which open models stand side by side, and which of them is the reference: a menu of check marks and a list."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QMenu, QToolButton, QWidget

from bgnn_studio.core.comparison import FEWEST, MOST, unique_names
from bgnn_studio.errors import BgnnError

if TYPE_CHECKING:
    from bgnn_studio.core.session import Session
    from bgnn_studio.native import Model
    from bgnn_studio.ui.toasts import Toasts

_FEW = f"Choose {FEWEST} to {MOST} of the open models"
_REFERENCE = "Edges are kept, new or lost against the graphs of this model; Inspect compares with it, too"


class _StayingMenu(QMenu):
    """A menu that stays open while its marks are set, by mouse or with the space bar."""

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Set the mark under the mouse."""
        if not self._toggle(self.actionAt(event.position().toPoint())):
            super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Set the mark of the current line."""
        if event.key() not in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter) or not self._toggle(self.activeAction()):
            super().keyPressEvent(event)

    @staticmethod
    def _toggle(action: QAction | None) -> bool:
        if action is None or not action.isCheckable():
            return False
        action.trigger()
        return True


class ComparePicker(QWidget):
    """The choice of models and of the reference, kept in step with the session.

    Attributes
    ----------
    button : QToolButton
        With the menu of check marks.
    reference : QComboBox
    """

    def __init__(self, session: "Session[Model]", toasts: "Toasts", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._toasts = session, toasts
        self.button = QToolButton()
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.button.setAccessibleName("Models to compare")
        self.menu = _StayingMenu(self.button)
        self.button.setMenu(self.menu)
        self.reference = QComboBox()
        self.reference.setAccessibleName("Reference of the comparison")
        self.reference.setToolTip(_REFERENCE)
        self.reference.setMinimumContentsLength(8)
        self.reference.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.reference.activated.connect(lambda row: session.set_reference(self.reference.itemData(row)))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        label = QLabel("Against")
        label.setObjectName("Caption")
        label.setBuddy(self.reference)
        for widget in (self.button, label, self.reference):
            row.addWidget(widget)
        session.subscribe(lambda changed: self.refresh() if changed & {"models", "compared", "reference"} else None)
        self.refresh()

    def refresh(self) -> None:
        """Show what is open and what is chosen."""
        s, chosen = self._session, self._session.choices.side_by_side
        names = dict(zip(s.models, unique_names(s.models), strict=True))
        known = [action.data() for action in self.menu.actions()]
        if known != list(s.models):
            self.menu.clear()
            for model, name in names.items():
                action = self.menu.addAction(name)
                action.setData(model)
                action.setCheckable(True)
                action.triggered.connect(lambda _=False, model=model: self._toggle(model))
        full = len(chosen) >= MOST
        for action in self.menu.actions():
            checked = action.data() in chosen
            action.setChecked(checked)
            action.setEnabled(checked or not full)
        self.button.setText(f"{len(chosen)} of {len(s.models)} models")
        self.button.setToolTip(f"{_FEW}. Four are checked: uncheck one to choose another." if full else _FEW)
        self.button.setEnabled(bool(s.models))
        self.reference.clear()
        for model in s.models:
            if model in chosen:
                self.reference.addItem(names[model], model)
        self.reference.setCurrentIndex(self.reference.findText(names[chosen[0]]) if chosen else -1)
        self.reference.setEnabled(len(chosen) > 1)

    def _toggle(self, model: "Model") -> None:
        chosen = self._session.choices.side_by_side
        try:
            self._session.set_compared(tuple(m for m in chosen if m is not model) if model in chosen else (*chosen, model))
        except BgnnError as error:
            self._toasts.error("Not compared", error)
            self.refresh()
