"""The Accuracy tab: open models on labelled clouds, whom each class is taken for, and the clouds behind each figure."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QSizePolicy, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from bgnn_studio.ui.evaluated_clouds import EvaluatedClouds
from bgnn_studio.ui.evaluator import Evaluator
from bgnn_studio.ui.panels.accuracy.against import AgainstPanel
from bgnn_studio.ui.panels.accuracy.classes import ClassesPanel
from bgnn_studio.ui.panels.accuracy.export import Exports
from bgnn_studio.ui.panels.accuracy.listed_clouds import ListedClouds
from bgnn_studio.ui.panels.accuracy.models import ModelsPanel
from bgnn_studio.ui.panels.accuracy.setup import SetupStrip
from bgnn_studio.ui.widgets.confusion_map import ConfusionMap
from bgnn_studio.ui.widgets.docks import scrolled, titled
from bgnn_studio.ui.widgets.labels import caption, headline, hint

if TYPE_CHECKING:
    from bgnn_studio.core.evaluation import Evaluation
    from bgnn_studio.core.session import Session
    from bgnn_studio.native import Model
    from bgnn_studio.ui.theme import Theme
    from bgnn_studio.ui.toasts import Toasts
    from bgnn_studio.ui.workers import Jobs

_READING = "Rows: true, 100 % each. Columns: predicted. Grey: none"
_KEYS = "Arrow keys move, Page Down goes to the next most frequent confusion, Enter or a click lists the clouds of a cell"


class AccuracyTab(QWidget):
    """Models and comparison at the left, the confusion matrix in the middle, classes and clouds at the right.

    Attributes
    ----------
    evaluate : QAction
        What Run does, for a menu.

    Signals
    -------
    inspected
        A cloud was opened and selected: Inspect shows it.
    wanted
        Somebody chose `evaluate`: the tab is to be in front.
    """

    title = "Accuracy"
    inspected = Signal()
    wanted = Signal()

    def __init__(self, session: "Session[Model]", jobs: "Jobs", toasts: "Toasts", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self._toasts = toasts
        self.evaluator = Evaluator(session, jobs, self)
        self.clouds = EvaluatedClouds(session, jobs, toasts, self)
        self.clouds.inspected.connect(self.inspected)
        self.setup = SetupStrip(self.evaluator, jobs)
        self.models = ModelsPanel(session, self.evaluator)
        self.against = AgainstPanel(self.evaluator)
        self.matrix = ConfusionMap()
        self.classes = ClassesPanel()
        self.listed = ListedClouds()
        self.exports = Exports(jobs, toasts, self)
        self.setup.add(self.exports.button)
        self.evaluate = QAction("&Evaluate checked models", self)
        self.evaluate.setShortcut("F6")
        self.evaluate.triggered.connect(lambda _=False: self._run())
        self._headline, self._hint = headline(), hint()
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._reading = caption(_READING, _KEYS)
        for label in (self._headline, self._reading):
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)  # their text must not move the matrix
        self._stack = QStackedWidget()
        self._stack.addWidget(self._hint)
        self._stack.addWidget(self.matrix)
        self._shown: Evaluation | None = None
        self._lay_out()
        self.setup.run.connect(self._run)
        self.models.chosen.connect(self.refresh)
        self.models.checked.connect(self._show_reason)
        self.matrix.looked.connect(lambda text: self._reading.setText(text or _READING))
        self.matrix.chosen.connect(self._list_cell)
        self.against.listed.connect(lambda title, rows: self._shown and self.listed.show_clouds(self._shown, rows, title))
        self.listed.opened.connect(self._inspect)
        self.evaluator.changed.connect(self.refresh)
        session.subscribe(lambda changed: self.models.choose(session.model) if "model" in changed else None)
        self.refresh()

    def apply_theme(self, theme: "Theme") -> None:
        """Take the colours of a theme."""
        for panel in (self.against, self.matrix, self.classes):
            panel.apply_theme(theme)

    def release(self) -> None:
        """Give nothing back: what runs, ends with the window's jobs."""

    def refresh(self) -> None:
        """Show what is known of the current model and of all others."""
        self.models.refresh()
        model = self.models.model
        found = None if model is None else self.evaluator.result(model)
        self.against.refresh(model)
        self.exports.set_results(self.evaluator.report, found)
        self._show_reason()
        self._hint.setText(self._next_step(model))
        self._stack.setCurrentIndex(found is not None)
        self._reading.setVisible(found is not None)
        if found is not self._shown:
            self._show(found)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept one folder; files are for the window."""
        urls = event.mimeData().urls()
        if len(urls) == 1 and urls[0].isLocalFile() and Path(urls[0].toLocalFile()).is_dir():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take the folder as the labelled set."""
        event.acceptProposedAction()
        self.evaluator.choose_data(event.mimeData().urls()[0].toLocalFile())

    def _lay_out(self) -> None:
        left, middle, right = QSplitter(Qt.Orientation.Vertical), QWidget(), QSplitter(Qt.Orientation.Vertical)
        left.addWidget(titled("Models", self.models))
        left.addWidget(titled("Comparison", scrolled(self.against, 120)))
        left.setSizes([190, 320])
        left.setMinimumWidth(310)
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 8, 0, 8)
        column.setSpacing(4)
        column.addWidget(self._headline)
        column.addWidget(self._reading)
        column.addWidget(self._stack, 1)
        right.addWidget(titled("Classes", self.classes))
        right.addWidget(titled("Clouds", self.listed))
        right.setSizes([280, 280])
        columns = QSplitter()
        for widget in (left, middle, right):
            widget.setAutoFillBackground(True)
            columns.addWidget(widget)
        for place, share in ((1, 5), (2, 1)):  # names of classes in the lists want some of the room, too
            columns.setStretchFactor(place, share)
        columns.setSizes([320, 381, 305])
        for splitter in (left, right, columns):
            splitter.setChildrenCollapsible(False)
            splitter.setHandleWidth(6)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.setup)
        outer.addWidget(columns, 1)

    def _show(self, found: "Evaluation | None") -> None:
        self._shown = found
        if found is None:
            self._headline.setText("")
            self.classes.show_figures(None, ())
        else:
            figures, data = found.figures, found.data
            split = f", {data.split}" if data.split else ""
            name = Path(data.name).name if Path(data.name).exists() else "Bundled shapes"
            self._headline.setText(f"{found.model.name}  \N{MIDDLE DOT}  {name}{split}  \N{MIDDLE DOT}  {figures.count:,} clouds")
            self._headline.setToolTip(data.name)
            self._reading.setText(_READING)
            self.matrix.show_figures(figures, data.classes)
            self.classes.show_figures(figures, data.classes)
        self.listed.show_errors(found)

    def _run(self) -> None:
        self.wanted.emit()
        self.evaluator.run(self.models.table.checked)

    def _show_reason(self) -> None:
        reason = self._why_not_run()
        self.setup.set_reason(reason)
        self.evaluate.setEnabled(reason is None)
        self.evaluate.setToolTip(reason or self.setup.start.toolTip())

    def _why_not_run(self) -> str | None:
        checked = self.models.table.checked
        if self.evaluator.busy:
            return "An evaluation is running: wait for it, or cancel it."
        if not self.models.table.models:
            return "No model yet: open one with Ctrl+O, or drop its file here."
        if not checked:
            return "No model is checked: check one in the table."
        left = [model for model in checked if self.evaluator.result(model) is None]
        if not left:
            return "Every checked model has its result for these clouds."
        if all(self.evaluator.refusal(model) is not None for model in left):
            return "The checked models without a result have other classes than this set: choose other data, or other models."
        return None

    def _next_step(self, model: "Model | None") -> str:
        if model is None:
            return "Open a model (Ctrl+O, or drop its file here), then press Run."
        if self.evaluator.busy:
            waiting = self.evaluator.running is not model
            return f"{model.name} has no result yet: it is {'waiting' if waiting else 'running'}."
        if (reason := self.evaluator.refusal(model)) is not None:
            return f"{model.name} cannot be evaluated on this set: {reason}.\n\nChoose the data that it was trained for."
        return f"Press Run to evaluate {model.name} on these clouds:\nwhich classes it takes for which appears here."

    def _list_cell(self, true: int, predicted: int) -> None:
        if self._shown is not None:
            self.listed.show_cell(self._shown, true, predicted)

    def _inspect(self, i: int) -> None:
        model, clouds, shown = self.models.model, self.evaluator.clouds, self._shown
        if model is not None and clouds is not None and shown is not None:
            self.clouds.open(clouds, i, model)
