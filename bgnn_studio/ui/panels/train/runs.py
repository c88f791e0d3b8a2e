"""Training runs of a folder: which, how they stand, their best figure; several selected are compared."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from bgnn_studio.ui.widgets.labels import caption, hint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bgnn_studio.training.run_folder import Run

_COLUMNS = ("Run", "State", "Best [%]")
_FOLDER = Qt.ItemDataRole.UserRole


class RunsPanel(QWidget):
    """A table, the newest run first, and what can be done with the selected one.

    Signals
    -------
    chosen
        Other runs are selected.
    resumed(Run)
        A run is to go on.
    adopted(Run)
        Its recipe is to be shown in the form.
    rooted(Path)
        The user chose another folder of runs.
    """

    chosen = Signal()
    resumed = Signal(object)
    adopted = Signal(object)
    rooted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs: tuple[Run, ...] = ()
        self._reason: str | None = None
        self._rows: list[tuple[Path, tuple[str, ...], str]] = []
        self.table = QTableWidget(0, len(_COLUMNS))
        self.table.setHorizontalHeaderLabels(_COLUMNS)
        self.table.setAccessibleName("Training runs")
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setTabKeyNavigation(False)
        self.table.setShowGrid(False)
        self.table.setMinimumSize(200, 80)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(22)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.itemSelectionChanged.connect(self._select)
        self._hint = hint("No run in this folder yet. Runs of the command 'bgnn-studio train' are listed, too.")
        self.place = caption("")
        self.place.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.resume, self.adopt, self.browse = (
            QPushButton("&Resume"),
            QPushButton("Use &recipe"),
            QPushButton("&Folder\N{HORIZONTAL ELLIPSIS}"),
        )
        self.resume.clicked.connect(lambda _: self.resumed.emit(self.selected[0]))
        self.adopt.clicked.connect(lambda _: self.adopted.emit(self.selected[0]))
        self.adopt.setToolTip("Show the settings of the selected run in the form at the left")
        self.browse.setToolTip("Look for runs in another folder; new ones go there, too")
        self.browse.clicked.connect(lambda _: self._ask_root())
        row = QHBoxLayout()
        row.setContentsMargins(12, 0, 12, 0)
        for button in (self.resume, self.adopt, self.browse):
            row.addWidget(button)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 6)
        column.setSpacing(4)
        column.addWidget(self.place)
        column.addWidget(self._hint)
        column.addWidget(self.table, 1)
        column.addLayout(row)
        self.show_runs((), Path())

    @property
    def selected(self) -> "list[Run]":
        """The selected runs, the one selected first in the table first."""
        folders = [self.table.item(index.row(), 0).data(_FOLDER) for index in self.table.selectionModel().selectedRows()]
        return [run for run in self._runs if run.folder in folders]

    def show_runs(self, runs: "Sequence[Run]", root: Path) -> None:
        """Show other runs; what was selected stays selected where it is still there."""
        kept = {run.folder for run in self.selected}
        self._runs = tuple(runs)
        rows = [(run.folder, _cells(run), _describe(run)) for run in runs]
        if rows == self._rows and self.place.toolTip() == str(root):
            self._enable()
            return
        self._rows = rows
        self.place.setText(f"In {root}")
        self.place.setToolTip(str(root))
        self.table.blockSignals(True)
        self.table.setRowCount(len(runs))
        for row, (folder, cells, tip) in enumerate(rows):
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setToolTip(tip)
                item.setData(_FOLDER, folder)
                if column == 2:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(row, column, item)
        self._mark(kept)
        self.table.blockSignals(False)
        self.table.setVisible(bool(runs))
        self._hint.setVisible(not runs)
        self._enable()

    def select(self, folder: Path) -> None:
        """Select one run without telling anybody."""
        self.table.blockSignals(True)
        self._mark({folder})
        self.table.blockSignals(False)
        self._enable()

    def set_reason(self, reason: str | None) -> None:
        """Keep Resume from being pressed, with a reason, while another run goes on."""
        self._reason = reason
        self._enable()

    def _mark(self, folders: set[Path]) -> None:
        self.table.clearSelection()
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.MultiSelection)  # so that rows add up
        for row in range(self.table.rowCount()):
            if self.table.item(row, 0).data(_FOLDER) in folders:
                self.table.selectRow(row)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)

    def _select(self) -> None:
        self._enable()
        self.chosen.emit()

    def _enable(self) -> None:
        selected = self.selected
        one = selected[0] if len(selected) == 1 else None
        reason = self._reason
        if one is None:
            reason = "Select one run to go on with it."
        elif not one.resumable:
            reason = "It is running." if one.state == "running" else "It is finished: nothing is left to train."
        self.resume.setEnabled(reason is None)
        self.resume.setToolTip(reason or "Go on from the last snapshot, with the recipe of the run")
        self.adopt.setEnabled(one is not None and bool(one.configs))

    def _ask_root(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Folder of training runs")
        if name:
            self.rooted.emit(Path(name))


def _cells(run: "Run") -> tuple[str, ...]:
    best = max((epoch.validation for epoch in run.epochs), default=None)
    return (run.name, run.state, "" if best is None else f"{100 * best:.1f}")


def _when(began: str) -> str:
    try:
        return f"{datetime.strptime(began, '%Y-%m-%dT%H:%M:%S%z').astimezone():%d %b %H:%M}"
    except ValueError:
        return ""


def _describe(run: "Run") -> str:
    begun = f", begun {_when(run.began)}" if run.began else ""
    lines = [str(run.folder), f"{run.state}{begun}; networks: {', '.join(run.configs) or 'none yet'}"]
    if run.epochs:
        last = run.epochs[-1]
        lines.append(f"last epoch: {last.variant} {last.stage} {last.epoch} of {last.epochs}, validation {100 * last.validation:.1f} %")
    return "\n".join([*lines, *([run.problem] if run.problem else [])])
