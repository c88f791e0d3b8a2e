"""Below the list of clouds: on how many points the model runs, and how they are chosen."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QSizePolicy, QWidget

from bgnn_studio.core.opened import MOST_POINTS, POINT_COUNTS
from bgnn_studio.ui.widgets.labels import INDENT, caption

if TYPE_CHECKING:
    from bgnn_studio.core.session import Session
    from bgnn_studio.native import Model

_TIP = "How many points of the cloud the model runs on. A model run on another number than it was trained with errs where it need not."
_ALONE = "Select a cloud and a model first: the number of points is that of a pass."


class PointsBar(QWidget):
    """A choice among numbers of points, and a line that says what comes of it.

    Signals
    -------
    chosen(PointCount)
        The user chose; whoever resamples large clouds in the background takes it from here.
    """

    chosen = Signal(object)

    def __init__(self, session: "Session[Model]", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.choice = QComboBox()
        self.choice.setAccessibleName("Number of points")
        self.choice.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.choice.activated.connect(lambda row: self.chosen.emit(self.choice.itemData(row, Qt.ItemDataRole.UserRole)))
        label = QLabel("Points")
        label.setObjectName("Caption")
        label.setBuddy(self.choice)
        self.said = caption("", _TIP)
        self.said.setIndent(0)
        self.said.setWordWrap(True)
        grid = QGridLayout(self)
        grid.setContentsMargins(INDENT, 6, 8, 8)
        grid.setHorizontalSpacing(8)
        grid.addWidget(label, 0, 0)
        grid.addWidget(self.choice, 0, 1)
        grid.addWidget(self.said, 1, 0, 1, 2)
        grid.setColumnStretch(1, 1)
        session.subscribe(self._follow)
        self.refresh()

    def refresh(self) -> None:
        """Show the session's choice and what comes of it."""
        s = self._session
        self.choice.clear()
        if s.model is not None:
            most = "" if s.cloud is None else f" ({min(len(s.cloud.whole), MOST_POINTS):,})"
            names = {"model": f"As trained ({s.model.spec.points:,})", "all": f"All{most}"}
            for count in POINT_COUNTS:
                self.choice.addItem(names.get(str(count)) or f"{count:,}", count)
            if s.count not in POINT_COUNTS:
                self.choice.addItem(f"{s.count:,}", s.count)
            self.choice.setCurrentIndex(self.choice.findData(s.count))
        ready = s.cloud is not None and s.model is not None
        self.choice.setEnabled(ready)
        self.choice.setToolTip(_TIP if ready else _ALONE)
        self.said.setVisible(ready)
        if s.cloud is not None and s.model is not None:
            self.said.setText(s.cloud.sampling(s.model, s.count))

    def _follow(self, changed: frozenset[str]) -> None:
        if changed & {"cloud", "model", "count"}:
            self.refresh()
