"""Clouds of an evaluation as a table: what they are, what the model says and how sure it is; one can be opened."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QHeaderView, QPushButton, QSizePolicy, QTableView, QVBoxLayout, QWidget

from bgnn_studio.ui.widgets.labels import headline, hint

if TYPE_CHECKING:
    from bgnn_studio.core.evaluation import Evaluation

_HEADS = (
    ("#", "Number of the cloud among those evaluated, from 0"),
    ("True", "The class that the set says"),
    ("Predicted", "The class that the model says"),
    ("Conf.", "Softmax of the logits at the prediction; not calibrated"),
    ("Cloud", "What the set calls the cloud"),
)
_NONE = np.empty(0, np.int64)


class CloudTable(QAbstractTableModel):
    """Some clouds of one evaluation; sorted by any column."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.evaluation: Evaluation | None = None
        self.rows: NDArray[np.int64] = _NONE

    def show_clouds(self, evaluation: "Evaluation | None", rows: NDArray[np.int64]) -> None:
        """Show the clouds of these indices, the surest prediction first."""
        self.beginResetModel()
        self.evaluation = evaluation
        self.rows = rows if evaluation is None else rows[np.argsort(-evaluation.confidences[rows], kind="stable")]
        self.endResetModel()

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 (Qt's signature)
        """Return the number of clouds."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, _parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008
        """Return 5."""
        return len(_HEADS)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the text of a cell."""
        if role == Qt.ItemDataRole.TextAlignmentRole:
            right = index.column() in (0, 3)
            return Qt.AlignmentFlag.AlignVCenter | (Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft)
        if self.evaluation is None or role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        i = int(self.rows[index.row()])
        data, said = self.evaluation.data, self.evaluation.predictions[i]
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{data.clouds[i]}\nDouble-click or press Enter to open it in Inspect"
        return (str(i), data.classes[data.labels[i]], data.classes[said], f"{100 * self.evaluation.confidences[i]:.1f} %", data.clouds[i])[
            index.column()
        ]

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the columns' names and what they mean."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignVCenter | (Qt.AlignmentFlag.AlignRight if section in (0, 3) else Qt.AlignmentFlag.AlignLeft)
        return {Qt.ItemDataRole.DisplayRole: _HEADS[section][0], Qt.ItemDataRole.ToolTipRole: _HEADS[section][1]}.get(role)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; ties keep their order."""
        if self.evaluation is None or not 0 <= column < len(_HEADS):
            return
        found, rows = self.evaluation, self.rows
        names = np.array(found.data.clouds)
        keys = (rows, found.data.labels[rows], found.predictions[rows], found.confidences[rows], names[rows])[column]
        places = np.unique(keys, return_inverse=True)[1]
        self.layoutAboutToBeChanged.emit()
        self.rows = rows[np.argsort(places if order == Qt.SortOrder.AscendingOrder else -places, kind="stable")]
        self.layoutChanged.emit()


class ListedClouds(QWidget):
    """The table with a headline; all errors of the model, unless others are asked for.

    Signals
    -------
    opened(int)
        The user wants the cloud of this index in the Inspect tab.
    """

    opened = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = CloudTable(self)
        self.view = _view(self.table)
        self.view.activated.connect(self._open)
        self._hint = hint("The clouds that a model gets wrong are listed here; each can be opened in Inspect.")
        self.headline = headline()
        self.headline.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.everything, self.open = QPushButton("All errors"), QPushButton("Open in &Inspect")
        self.everything.setToolTip("List every cloud that the model gets wrong")
        self.everything.clicked.connect(lambda _: self.show_errors(self.table.evaluation))
        self.open.setToolTip("Open the current cloud, with this model (Enter)")
        self.open.clicked.connect(lambda _: self._open(self.view.currentIndex()))
        row = QHBoxLayout()
        row.setContentsMargins(12, 0, 8, 0)
        row.addWidget(self.open)
        row.addWidget(self.everything)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.headline)
        column.addLayout(row)
        column.addWidget(self.view, 1)
        column.addWidget(self._hint, 1)
        self.show_errors(None)

    def show_errors(self, evaluation: "Evaluation | None") -> None:
        """Show every cloud that is wrong."""
        wrong = _NONE if evaluation is None else np.flatnonzero(evaluation.predictions != evaluation.data.labels)
        self.show_clouds(evaluation, wrong, "Errors")
        self.everything.setEnabled(False)
        for widget in (self.headline, self.open, self.everything, self.view):
            widget.setVisible(evaluation is not None)
        self._hint.setVisible(evaluation is None)

    def show_cell(self, evaluation: "Evaluation", true: int, predicted: int) -> None:
        """Show the clouds of one cell of the confusion matrix."""
        rows = np.flatnonzero((evaluation.data.labels == true) & (evaluation.predictions == predicted))
        names = evaluation.data.classes
        self.show_clouds(evaluation, rows, names[true] if true == predicted else f"{names[true]} as {names[predicted]}")

    def show_clouds(self, evaluation: "Evaluation | None", rows: NDArray[np.int64], title: str) -> None:
        """Show clouds by their indices."""
        self.headline.setText(f"{title}: {len(rows):,}")
        self.headline.setToolTip(self.headline.text())
        self.table.show_clouds(evaluation, rows)
        self.view.setColumnHidden(len(_HEADS) - 1, evaluation is None or evaluation.data.path(0) is None)  # then # says as much
        self.view.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.everything.setEnabled(evaluation is not None)
        self.open.setEnabled(len(rows) > 0)
        if len(rows):
            self.view.setCurrentIndex(self.table.index(0, 0))

    def _open(self, index: QModelIndex) -> None:
        if index.isValid():
            self.opened.emit(int(self.table.rows[index.row()]))


def _view(table: CloudTable) -> QTableView:
    view = QTableView()
    view.setAccessibleName("Clouds")
    view.setModel(table)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.setShowGrid(False)
    view.setWordWrap(False)
    view.setTabKeyNavigation(False)
    view.setSortingEnabled(True)
    view.verticalHeader().hide()
    view.verticalHeader().setDefaultSectionSize(22)
    header = view.horizontalHeader()
    header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
    for column, widest in ((0, "99999"), (3, "100.0 %")):  # to fit contents would need a look at all of them
        header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(column, view.fontMetrics().horizontalAdvance(widest) + 14)
    header.setHighlightSections(False)
    return view
