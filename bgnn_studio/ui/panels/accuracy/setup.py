"""The strip of the Accuracy tab: which clouds, run and cancel, how far it has come."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from bgnn_studio.ui.evaluator import Evaluator
from bgnn_studio.ui.labelled_sets import SHAPES
from bgnn_studio.ui.widgets.strip import add_fields, problem_label, progress_line

if TYPE_CHECKING:
    from bgnn_studio.ui.workers import Jobs

_MOST = 999_999
_FOLDER, _ARCHIVE = "folder", "archive"
_LAYOUTS = (
    "Clouds with their classes: the bundled shapes, a folder CLASS/SPLIT/FILE or CLASS/FILE, ModelNet40\n"
    "in its published layouts, PyG's ModelNet,\n"
    "or an NPZ archive of points (n, N, 3), labels (n,) and classes. A folder can be dropped on this tab.\n"
    "Choose a folder or an archive again to read it anew."
)


class SetupStrip(QFrame):
    """Data, split and limit; Run or Cancel with progress; and a line for what went wrong.

    Signals
    -------
    run
        The user wants the checked models evaluated.
    """

    run = Signal()

    def __init__(self, evaluator: Evaluator, jobs: "Jobs", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("ToolStrip")
        self._evaluator = evaluator
        self._paths: list[str] = []
        self.data, self.split, self.limit = QComboBox(), QComboBox(), QSpinBox()
        for widget, name, tip in (
            (self.data, "Data", _LAYOUTS),
            (self.split, "Split", "Which part of the set: figures that are to be reported come from a part that training never saw"),
            (self.limit, "Limit", "So many clouds drawn at random, the same ones each time, or all of them"),
        ):
            widget.setAccessibleName(name)
            widget.setToolTip(tip)
        self.data.setMinimumContentsLength(12)
        self.data.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.data.activated.connect(self._choose_data)
        self.split.activated.connect(lambda row: evaluator.choose_split(self.split.itemText(row)))
        self.limit.setRange(0, _MOST)
        self.limit.setSingleStep(100)
        self.limit.setSpecialValueText("all")
        self.limit.setKeyboardTracking(False)
        self.limit.valueChanged.connect(lambda count: evaluator.choose_limit(count or None))
        self.start, self.cancel = QPushButton("&Run"), QPushButton("&Cancel")
        self.start.setObjectName("Primary")
        self.start.clicked.connect(lambda _: self.run.emit())
        self.cancel.clicked.connect(lambda _: evaluator.cancel())
        self.cancel.setToolTip("The model that is being evaluated gets no result; those that are through keep theirs")
        self.bar, self.said = progress_line("Progress of the evaluation")
        self.problem = problem_label()
        self._row = QHBoxLayout()
        self._row.setSpacing(8)
        add_fields(self._row, (("&Data", self.data), ("&Split", self.split), ("&Limit", self.limit)))
        for widget in (self.start, self.cancel, self.bar):
            self._row.addWidget(widget)
        self._row.addWidget(self.said, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 6, 8, 6)
        column.addLayout(self._row)
        column.addWidget(self.problem)
        evaluator.changed.connect(self.refresh)
        jobs.progressed.connect(self._show_progress)
        self.refresh()

    def add(self, widget: QWidget) -> None:
        """Put a widget at the end of the strip."""
        self._row.addWidget(widget)

    def set_reason(self, reason: str | None) -> None:
        """Disable Run with the reason as its tooltip, or enable it with None."""
        self.start.setEnabled(reason is None)
        self.start.setToolTip(reason or "Evaluate the checked models on these clouds, one after another")

    def refresh(self) -> None:
        """Show the choice, and what is going on."""
        e = self._evaluator
        if e.choice.data != SHAPES and e.choice.data not in self._paths:
            self._paths.append(e.choice.data)
        self.data.clear()
        self.data.addItem("Bundled shapes", SHAPES)
        for path in self._paths:
            self.data.addItem(Path(path).name or path, path)
        self.data.insertSeparator(self.data.count())
        self.data.addItem("Folder\N{HORIZONTAL ELLIPSIS}", _FOLDER)
        self.data.addItem("NPZ archive\N{HORIZONTAL ELLIPSIS}", _ARCHIVE)
        self.data.setCurrentIndex(self.data.findData(e.choice.data))
        self.split.clear()
        self.split.addItems(e.splits or ["none"])
        self.split.setCurrentText(e.choice.split or "none")
        self.split.setEnabled(len(e.splits) > 1)
        self.limit.blockSignals(True)
        self.limit.setValue(e.choice.limit or 0)
        self.limit.blockSignals(False)
        self.start.setVisible(not e.busy)
        self.cancel.setVisible(e.busy)
        self.bar.setVisible(e.busy)
        self.problem.setText(e.problem)
        self.problem.setVisible(bool(e.problem))
        self._show_progress()

    def _show_progress(self) -> None:
        e = self._evaluator
        if not e.busy:
            self.said.setText(e.note)
            self.said.setToolTip(e.note)
            return
        done, total, left = e.progress.done, e.progress.total, e.progress.time_left
        self.bar.setRange(0, total)
        self.bar.setValue(done)
        name = e.running.name if e.running else "reading"
        self.said.setText("  \N{MIDDLE DOT}  ".join(part for part in (name, f"{100 * done // total} %" if total else "", left) if part))
        self.said.setToolTip(f"{name}: {done:,} of {total:,} inferences" if e.running else "The set is being read")

    def _choose_data(self, row: int) -> None:
        data = self.data.itemData(row)
        if data == _FOLDER:
            data = QFileDialog.getExistingDirectory(self, "Folder of classes")
        elif data == _ARCHIVE:
            data, _ = QFileDialog.getOpenFileName(self, "Labelled clouds", "", "NPZ archives (*.npz)")
        if data:
            self._evaluator.choose_data(data)
        else:
            self.refresh()
