"""A sheet above the middle of the window, which leaves at Esc or when something else is clicked."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QFrame, QWidget

_MARGIN = 24


class Overlay(QFrame):
    """Stands over its parent; keys go to it while it is there, and back to where they went before."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("Overlay")
        self.setAccessibleName(name)
        self.hide()
        self._before: QWidget | None = None
        parent.installEventFilter(self)

    def bring(self, focus: QWidget) -> None:
        """Show it, and give the keyboard to one of its widgets."""
        if not self.isVisible():
            self._before = QApplication.focusWidget()
        self.place()
        self.show()
        self.raise_()
        focus.setFocus(Qt.FocusReason.PopupFocusReason)

    def dismiss(self) -> None:
        """Hide it."""
        if self.isVisible():
            before = self._before
            self.hide()
            if before is not None:
                before.setFocus(Qt.FocusReason.PopupFocusReason)

    def showEvent(self, event: QShowEvent) -> None:
        """Look at the keys and clicks of the whole application while it is there."""
        QApplication.instance().installEventFilter(self)
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Let go of everything, also when the window closes."""
        QApplication.instance().removeEventFilter(self)
        self._before = None
        super().hideEvent(event)

    def place(self) -> None:
        """Stand in the upper middle, as large as wished or as fits."""
        room = self.parentWidget().rect().adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        room.setTop(room.top() + room.height() // 10)
        size = self.sizeHint().boundedTo(room.size())
        self.setGeometry(room.center().x() - size.width() // 2, room.top(), size.width(), size.height())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the parent's size; leave at Esc and at a click elsewhere."""
        kind = event.type()
        if watched is self.parentWidget() and kind == QEvent.Type.Resize and self.isVisible():
            self.place()
        inside = isinstance(watched, QWidget) and (watched is self or self.isAncestorOf(watched))
        if kind == QEvent.Type.MouseButtonPress and isinstance(watched, QWidget) and not inside and self.isVisible():
            self.dismiss()
        elif isinstance(event, QKeyEvent) and inside and self.press(event):
            event.accept()
            return True
        return super().eventFilter(watched, event)

    def press(self, event: QKeyEvent) -> bool:
        """Take a key, and its `ShortcutOverride` before it so that no action does; return whether it was taken."""
        if event.key() == Qt.Key.Key_Escape:
            if event.type() == QEvent.Type.KeyPress:
                self.dismiss()
            return True
        return False
