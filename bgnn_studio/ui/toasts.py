"""Notifications in the corner of the window: they say what happened and what to do, and never block."""

from collections.abc import Callable
from typing import Literal

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from bgnn_studio.errors import BgnnError

Kind = Literal["info", "error"]
_WIDTH, _MARGIN, _LIMIT = 400, 14, 3
_SHOWN_MS = {"info": 5000, "error": 12000}


class Toasts(QObject):
    """Stacks toasts in the lower left corner of a widget, the newest at the bottom, three at most.

    Attributes
    ----------
    copy_diagnostics : callable or None
        What the button of an unexpected error does; None: there is no such button.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.copy_diagnostics: Callable[[], None] | None = None
        self._parent = parent
        self._toasts: list[QFrame] = []
        parent.installEventFilter(self)

    @property
    def messages(self) -> list[str]:
        """The messages that are on screen, oldest first."""
        return [toast.accessibleDescription() for toast in self._toasts]

    def info(self, title: str, message: str = "") -> None:
        """Tell something that went well."""
        self._show("info", title, message)

    def error(self, title: str, error: Exception) -> None:
        """Show an error: a `BgnnError` in its own words, anything else by its kind (the log has the traceback)."""
        if isinstance(error, BgnnError):
            self._show("error", title, str(error))
            return
        unexpected = f"Something unexpected went wrong ({type(error).__name__}: {error}). The log has the details."
        toast = self._show("error", title, unexpected)
        if self.copy_diagnostics is not None:
            self._add_button(toast, "Copy diagnostics", self.copy_diagnostics)

    def offer(self, title: str, message: str, action: str, *, accepted: Callable[[], None], dismissed: Callable[[], None]) -> None:
        """Offer to do something; it stays until it is accepted or dismissed."""
        toast = self._show("info", title, message, stays=True)
        toast.findChild(QToolButton).clicked.connect(lambda _: dismissed())
        self._add_button(toast, action, accepted)

    def _add_button(self, toast: QFrame, text: str, call: Callable[[], None]) -> None:
        """Put a button below the message, which ends the toast."""
        button = QPushButton(text)
        button.clicked.connect(lambda _: (self._drop(toast), call()))
        toast.findChild(QVBoxLayout).addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        button.show()
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the stack in its corner."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _show(self, kind: Kind, title: str, message: str, *, stays: bool = False) -> QFrame:
        passing = [toast for toast in self._toasts if not toast.property("stays")]
        while passing and len(self._toasts) >= _LIMIT:
            self._drop(passing.pop(0))
        toast = _toast(self._parent, kind, title, message)
        close = toast.findChild(QToolButton)
        close.clicked.connect(lambda: self._drop(toast))
        toast.setProperty("stays", stays)
        if not stays:
            QTimer.singleShot(_SHOWN_MS[kind], toast, lambda: self._drop(toast))
        self._toasts.append(toast)
        toast.show()  # what is not shown yet takes no room
        self._place()
        return toast

    def _drop(self, toast: QFrame) -> None:
        if toast in self._toasts:
            self._toasts.remove(toast)
            toast.hide()
            toast.deleteLater()
            self._place()

    def _place(self) -> None:
        y = self._parent.height()
        for toast in reversed(self._toasts):
            toast.setFixedWidth(min(_WIDTH, self._parent.width() - 2 * _MARGIN))
            toast.setFixedHeight(toast.layout().totalHeightForWidth(toast.width()))
            y -= toast.height() + _MARGIN
            toast.move(_MARGIN, y)
            toast.raise_()


def _toast(parent: QWidget, kind: Kind, title: str, message: str) -> QFrame:
    frame = QFrame(parent)
    frame.setObjectName("Toast")
    frame.setProperty("kind", kind)
    frame.setAccessibleName(title)
    frame.setAccessibleDescription(f"{title}: {message}" if message else title)
    head, body = QLabel(title), QLabel(message)
    head.setObjectName("Headline")
    body.setObjectName("Caption")
    for label in (head, body):
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    close = QToolButton()
    close.setText("\N{MULTIPLICATION SIGN}")
    close.setAccessibleName("Dismiss")
    column = QVBoxLayout()
    column.addWidget(head)
    column.addWidget(body)
    body.setVisible(bool(message))
    row = QHBoxLayout(frame)
    row.setContentsMargins(14, 10, 8, 10)
    row.addLayout(column, 1)
    row.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
    return frame
