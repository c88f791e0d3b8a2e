"""A small field that picks a point by its index."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from bgnn_studio.errors import BgnnError

if TYPE_CHECKING:
    from bgnn_studio.core.session import Session
    from bgnn_studio.native import Model


class FindPoint(QLineEdit):
    """Return picks the point whose index was typed.

    Signals
    -------
    refused(BgnnError)
        The cloud has no such point.
    """

    refused = Signal(object)

    def __init__(self, session: "Session[Model]", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setAccessibleName("Find a point by its index")
        self.setPlaceholderText("Find")
        self.setFixedWidth(64)
        self.returnPressed.connect(self._find)
        session.subscribe(self._follow)
        self._follow(frozenset({"points"}))

    def _find(self) -> None:
        text = self.text().strip()
        count = len(self._session.points) if self._session.points is not None else 0
        try:
            if not text.isdecimal():
                raise BgnnError(f"Expected the index of a point, a whole number between 0 and {count - 1} (got {text!r}).")  # noqa: TRY301
            self._session.select_point(int(text))
        except BgnnError as error:
            self.refused.emit(error)
        self.selectAll()

    def _follow(self, changed: frozenset[str]) -> None:
        if "points" in changed:
            points = self._session.points
            self.clear()
            self.setEnabled(points is not None)
            tip = "Open a point cloud first." if points is None else f"Pick a point by its index, 0 to {len(points) - 1} (Ctrl+F)"
            self.setToolTip(tip)
