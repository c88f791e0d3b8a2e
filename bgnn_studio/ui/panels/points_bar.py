"""Below the list of clouds: on how many points the model runs, how they are chosen, and what is done to the file's points before."""

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QSpinBox, QWidget

from bgnn_studio.core.opened import MOST_POINTS, POINT_COUNTS
from bgnn_studio.core.preparation import MAX_SEED, MINUS, UP_AXES, Preparation
from bgnn_studio.ui.widgets.labels import INDENT, caption

if TYPE_CHECKING:
    from bgnn_studio.core.session import Session
    from bgnn_studio.native import Model

_TIP = "How many points of the cloud the model runs on. A model run on another number than it was trained with errs where it need not."
_ALONE = "Select a cloud and a model first: the number of points is that of a pass."
_CENTRE = "Put the mean of all points at the origin, as in training"
_UNIT = "Divide by the largest distance from the origin: the unit sphere, as in training"
_UP = "The axis of the file that points up. The cloud is turned so that this is z, as the models know it."
_CHOSEN = "How fewer points are chosen. Farthest point: each as far as can be from those before it; of millions, among a random choice."
_SEED = "Seed of what is random in the choice of points"
_METHODS = (("farthest", "Farthest"), ("random", "Random"))


class PointsBar(QWidget):
    """Choices for the points of the selected cloud, and a line that says what comes of them.

    Signals
    -------
    chosen(PointCount)
        The user chose a number of points; whoever resamples large clouds in the background takes it from here.
    prepared(Preparation, str)
        The user chose something else to be done to the points; the text names the step.
    """

    chosen = Signal(object)
    prepared = Signal(object, str)

    def __init__(self, session: "Session[Model]", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.choice = _combo("Number of points", _TIP)
        self.choice.activated.connect(lambda row: self.chosen.emit(self.choice.itemData(row, Qt.ItemDataRole.UserRole)))
        self.method = _combo("How points are chosen", _CHOSEN)
        for method, text in _METHODS:
            self.method.addItem(text, method)
        self.seed = QSpinBox()
        self.seed.setRange(0, MAX_SEED)
        self.seed.setKeyboardTracking(False)
        self.seed.setPrefix("seed ")
        self.seed.setAccessibleName("Seed of the choice of points")
        self.seed.setToolTip(_SEED)
        self.seed.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.up = _combo("Axis that points up", _UP)
        for axis in UP_AXES:
            self.up.addItem(axis.replace("-", MINUS), axis)
        self.up.setFixedWidth(54)
        self.centre, self.unit = _box("Centre", _CENTRE), _box("Unit", _UNIT)
        self.method.activated.connect(lambda _: self._prepare("choose points in another way"))
        self.seed.valueChanged.connect(lambda seed: self._prepare(f"choose points with seed {seed}"))
        self.up.activated.connect(lambda _: self._prepare(f"let {self.up.currentText()} point up"))
        self.centre.clicked.connect(lambda on: self._prepare("centre the cloud" if on else "leave the cloud where it is"))
        self.unit.clicked.connect(lambda on: self._prepare("scale the cloud to the unit sphere" if on else "leave the cloud its size"))
        self.said = caption("", _TIP)
        self.said.setIndent(0)
        self.said.setWordWrap(True)
        grid = QGridLayout(self)
        grid.setContentsMargins(INDENT, 6, 8, 8)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        for row, (text, first, *others) in enumerate(
            (("Points", self.choice), ("Sample", self.method, self.seed), ("Up", self.up, self.centre, self.unit))
        ):
            label = QLabel(text)
            label.setObjectName("Caption")
            label.setBuddy(first)
            grid.addWidget(label, row, 0)
            grid.addLayout(_row(first, *others), row, 1)
        grid.addWidget(self.said, 3, 0, 1, 2)
        grid.setColumnStretch(1, 1)
        session.subscribe(self._follow)
        self.refresh()

    def refresh(self) -> None:
        """Show the session's choices and what comes of them."""
        s = self._session
        self.choice.clear()
        if s.model is not None:
            most = "" if s.cloud is None else f" ({min(s.cloud.total, MOST_POINTS):,})"
            names = {"model": f"As trained ({s.model.spec.points:,})", "all": f"All{most}"}
            for count in POINT_COUNTS:
                self.choice.addItem(names.get(str(count)) or f"{count:,}", count)
            if s.count not in POINT_COUNTS:
                self.choice.addItem(f"{s.count:,}", s.count)
            self.choice.setCurrentIndex(self.choice.findData(s.count))
        ready = s.cloud is not None and s.model is not None
        self.choice.setEnabled(ready)
        self.choice.setToolTip(_TIP if ready else _ALONE)
        for widget in (self.method, self.seed, self.up, self.centre, self.unit):
            widget.setEnabled(s.cloud is not None)
        self._show(Preparation() if s.cloud is None else s.cloud.preparation)
        self.said.setVisible(s.cloud is not None)
        if s.cloud is not None:
            done = str(s.cloud.preparation)
            sampled = f"{s.cloud.sampling(s.model, s.count)} " if s.model is not None else ""
            self.said.setText(f"{sampled}{done[0].upper()}{done[1:]}.")

    def _show(self, preparation: Preparation) -> None:
        self.method.setCurrentIndex(self.method.findData(preparation.method))
        self.up.setCurrentIndex(self.up.findData(preparation.up))
        self.centre.setChecked(preparation.centre)
        self.unit.setChecked(preparation.unit)
        self.seed.blockSignals(True)
        self.seed.setValue(preparation.seed)
        self.seed.blockSignals(False)

    def _prepare(self, label: str) -> None:
        if self._session.cloud is None:
            return
        self.prepared.emit(
            replace(
                self._session.cloud.preparation,
                centre=self.centre.isChecked(),
                unit=self.unit.isChecked(),
                up=self.up.currentData(),
                method=self.method.currentData(),
                seed=self.seed.value(),
            ),
            label,
        )

    def _follow(self, changed: frozenset[str]) -> None:
        if changed & {"cloud", "model", "count"}:
            self.refresh()


def _combo(name: str, tip: str) -> QComboBox:
    combo = QComboBox()
    combo.setAccessibleName(name)
    combo.setToolTip(tip)
    combo.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    return combo


def _box(text: str, tip: str) -> QCheckBox:
    box = QCheckBox(text)
    box.setToolTip(tip)
    return box


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(6)
    for place, widget in enumerate(widgets):
        row.addWidget(widget, 0 if isinstance(widget, QCheckBox) else 3 - place)
    return row
