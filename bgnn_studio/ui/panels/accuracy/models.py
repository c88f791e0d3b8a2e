"""The open models with their figures: which to evaluate (check marks), and which to look at (the current row)."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStackedWidget, QTableView, QVBoxLayout, QWidget

from bgnn_studio.core.accuracy import CONFIDENCE
from bgnn_studio.core.evaluation import Evaluation
from bgnn_studio.ui.evaluator import Evaluator
from bgnn_studio.ui.widgets.labels import caption, hint

if TYPE_CHECKING:
    from bgnn_studio.core.session import Session
    from bgnn_studio.native import Model

_PAIRED = "Two models on the same clouds may differ surely although their intervals overlap: see the comparison below."
_HEADS = (
    ("Model", "Checked models are evaluated by Run; the current row is shown beside"),
    ("Overall", "The part of all clouds that is right: measured here, by the engine that runs on the board"),
    (
        "Interval",
        f"{100 * CONFIDENCE:.0f} % interval of the overall accuracy, for clouds drawn at random (Wilson).\n{_PAIRED}",
    ),
    ("Mean", "Class mean: the mean of the classes' accuracies, each class weighing the same"),
)


class EvaluatedModels(QAbstractTableModel):
    """A row for each open model; every one is checked unless the user took its mark away."""

    def __init__(self, session: "Session[Model]", evaluator: Evaluator, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._evaluator = session, evaluator
        self._unchecked: set[Model] = set()
        self.models: tuple[Model, ...] = ()

    @property
    def checked(self) -> list["Model"]:
        """The models to evaluate."""
        return [model for model in self.models if model not in self._unchecked]

    def refresh(self) -> None:
        """Show the session's models and what is known of them."""
        if self.models != self._session.models:
            self.beginResetModel()
            self.models = self._session.models
            self.endResetModel()
        elif self.models:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.models) - 1, len(_HEADS) - 1))

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 (Qt's signature)
        """Return the number of models."""
        return 0 if parent.isValid() else len(self.models)

    def columnCount(self, _parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008
        """Return 4."""
        return len(_HEADS)

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        """Let names be checked."""
        return super().flags(index) | (Qt.ItemFlag.ItemIsUserCheckable if index.column() == 0 else Qt.ItemFlag.NoItemFlags)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the text, check mark or tooltip of a cell."""
        model, column = self.models[index.row()], index.column()
        if role == Qt.ItemDataRole.CheckStateRole and column == 0:
            return Qt.CheckState.Unchecked if model in self._unchecked else Qt.CheckState.Checked
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignVCenter | (Qt.AlignmentFlag.AlignLeft if column == 0 else Qt.AlignmentFlag.AlignRight)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(model)
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(model, column)
        return None

    def setData(self, index: QModelIndex, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Set or take away a check mark."""
        if role != Qt.ItemDataRole.CheckStateRole or index.column() != 0:
            return False
        model = self.models[index.row()]
        if Qt.CheckState(value) == Qt.CheckState.Checked:
            self._unchecked.discard(model)
        else:
            self._unchecked.add(model)
        self.dataChanged.emit(index, index, [role])
        return True

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the columns' names and what they mean."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignVCenter | (Qt.AlignmentFlag.AlignLeft if section == 0 else Qt.AlignmentFlag.AlignRight)
        return {Qt.ItemDataRole.DisplayRole: _HEADS[section][0], Qt.ItemDataRole.ToolTipRole: _HEADS[section][1]}.get(role)

    def _text(self, model: "Model", column: int) -> str:
        if column == 0:
            return model.name
        found = self._evaluator.result(model)
        if found is not None:
            figures = found.figures
            low, high = figures.interval
            return (f"{100 * figures.overall:.1f} %", f"{100 * low:.1f}\N{EN DASH}{100 * high:.1f}", f"{100 * figures.class_mean:.1f} %")[
                column - 1
            ]
        if column > 1:
            return ""
        if model is self._evaluator.running:
            return "running"
        return "refused" if self._evaluator.refusal(model) else "\N{EN DASH}"

    def _tip(self, model: "Model") -> str:
        spec, found = model.spec, self._evaluator.result(model)
        lines = [f"{model.name}: {spec.variant}, {spec.stage}, trained with {spec.points:,} points, k = {spec.k}"]
        if (reason := self._evaluator.refusal(model)) is not None:
            lines.append(f"Cannot be evaluated on this set: {reason}")
        elif found is None:
            lines.append("Not evaluated on these clouds yet")
        else:
            figures = found.figures
            right = int(figures.confusion.trace())
            lines.append(f"{right:,} of {figures.count:,} right; measured here on {found.isa}; {points_said(found)}")
        return "\n".join(lines)


class ModelsPanel(QWidget):
    """The table, or what to do to fill it, and below it a note where a model did not run on as many points as it was trained with.

    Signals
    -------
    chosen
        Another row is current.
    checked
        Another choice of models is checked.
    """

    chosen = Signal()
    checked = Signal()

    def __init__(self, session: "Session[Model]", evaluator: Evaluator, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._evaluator = session, evaluator
        self.table = EvaluatedModels(session, evaluator, self)
        self.view = _view(self.table)
        self._note = caption("")
        self._note.setWordWrap(True)
        self._stack = QStackedWidget()
        self._stack.addWidget(hint("Drop model files (.gguf) here, or open them with Ctrl+O."))
        self._stack.addWidget(self.view)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self._stack, 1)
        column.addWidget(self._note)
        self.view.selectionModel().currentRowChanged.connect(lambda *_: self.chosen.emit())
        self.table.dataChanged.connect(lambda _a, _b, roles: self.checked.emit() if roles else None)
        self.refresh()

    @property
    def model(self) -> "Model | None":
        """The model of the current row."""
        row = self.view.currentIndex().row()
        return self.table.models[row] if 0 <= row < len(self.table.models) else None

    def choose(self, model: "Model | None") -> None:
        """Make a model's row the current one."""
        if model in self.table.models:
            self.view.setCurrentIndex(self.table.index(self.table.models.index(model), 0))

    def refresh(self) -> None:
        """Show the models; the current one stays, or the session's is taken."""
        before = self.model
        self.table.refresh()
        self._stack.setCurrentIndex(bool(self.table.models))
        self.choose(before if before in self.table.models else self._session.model)
        others = [
            f"{model.name} was trained with {model.spec.points:,} points; {points_said(found)}."
            for model, found in self._evaluator.results
            if found.points != (model.spec.points, model.spec.points)
        ]
        self._note.setText("\n".join(others))
        self._note.setVisible(bool(others))


def points_said(found: Evaluation) -> str:
    """Say how many points the clouds had when they ran."""
    fewest, most = found.points
    return f"clouds of {most:,} points" if fewest == most else f"clouds of {fewest:,} to {most:,} points"


def _view(table: EvaluatedModels) -> QTableView:
    view = QTableView()
    view.setAccessibleName("Models to evaluate")
    view.setModel(table)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.setShowGrid(False)
    view.setTabKeyNavigation(False)
    view.verticalHeader().hide()
    view.verticalHeader().setDefaultSectionSize(25)
    header = view.horizontalHeader()
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    header.setHighlightSections(False)
    view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return view
