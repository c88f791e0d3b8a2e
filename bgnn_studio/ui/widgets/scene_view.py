"""An interactor for 3D views, and what the user does with it: a click, a turn."""

import os

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

os.environ["QT_API"] = "pyside6"  # for pyvistaqt, whose binding is chosen at import
from pyvistaqt import QtInteractor

_DRAG_PIXELS = 4.0
PICK_PIXELS = 6.0


def fill_with_interactor(owner: QWidget, name: str) -> QtInteractor:
    """Fill a widget with an interactor of this accessible name; files dropped on it go to the window around it."""
    interactor = QtInteractor(owner, auto_update=False, multi_samples=0)
    interactor.setAcceptDrops(False)
    interactor.setAccessibleName(name)
    column = QVBoxLayout(owner)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(interactor)
    return interactor


class Gestures(QObject):
    """Tells clicks from drags and turns, and keeps VTK's one-letter commands away from the keyboard.

    Signals
    -------
    clicked : float, float, float
        x, y in VTK's display coordinates, and within how many device pixels a point counts as hit.
    turned : bool
        The camera moves (True, for each move), or is let go (False).
    painting
        A frame is about to be drawn.
    """

    clicked = Signal(float, float, float)
    turned = Signal(bool)
    painting = Signal()

    def __init__(self, interactor: QtInteractor) -> None:
        super().__init__(interactor)
        self._interactor = interactor
        self._pressed: QPointF | None = None
        self._style = interactor.iren.interactor.GetInteractorStyle()
        moved = self._style.AddObserver("InteractionEvent", lambda *_: self.turned.emit(True))
        ended = self._style.AddObserver("EndInteractionEvent", lambda *_: self.turned.emit(False))
        self._observers = [moved, ended]
        interactor.installEventFilter(self)

    def release(self) -> None:
        """Let go of the interactor, before it is closed."""
        for observer in self._observers:
            self._style.RemoveObserver(observer)
        self._interactor.removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Look at each event of the interactor."""
        kind = event.type()
        if kind == QEvent.Type.Paint:
            self.painting.emit()
        if kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            event.ignore()
            return True
        if isinstance(event, QMouseEvent) and event.button() == Qt.MouseButton.LeftButton:
            if kind == QEvent.Type.MouseButtonPress:
                self._pressed = event.position()
            elif kind == QEvent.Type.MouseButtonRelease and self._pressed is not None:
                moved = event.position() - self._pressed
                self._pressed = None
                if np.hypot(moved.x(), moved.y()) < _DRAG_PIXELS:
                    self._click(event.position())
        return super().eventFilter(watched, event)

    def _click(self, at: QPointF) -> None:
        ratio = self._interactor.devicePixelRatioF()
        self.clicked.emit(at.x() * ratio, (self._interactor.height() - 1 - at.y()) * ratio, PICK_PIXELS * ratio)
