"""The files that an evaluation can be written to, as a menu."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMenu, QToolButton, QWidget

from bgnn_studio.core.evaluation_report import as_json, confusion_csv, predictions_csv
from bgnn_studio.core.files import replacing
from bgnn_studio.errors import BgnnError

if TYPE_CHECKING:
    from bgnn_studio.core.evaluation import Evaluation
    from bgnn_studio.core.evaluation_report import EvaluationReport
    from bgnn_studio.ui.toasts import Toasts
    from bgnn_studio.ui.workers import Jobs

_EMPTY = "Nothing to export yet: evaluate a model."


class Exports(QObject):
    """Writes reports off the GUI thread, and says so.

    Attributes
    ----------
    menu : QMenu
    button : QToolButton
        With that menu.
    """

    def __init__(self, jobs: "Jobs", toasts: "Toasts", parent: QWidget) -> None:
        super().__init__(parent)
        self._jobs, self._toasts = jobs, toasts
        self._report: EvaluationReport | None = None
        self._current: Evaluation | None = None
        self.menu = QMenu("Export e&valuation", parent)
        self.menu.setToolTipsVisible(True)
        self._actions = [
            (self._add("&Predictions as CSV", "predictions.csv", self.save_predictions), "Every model and cloud: classes and confidence"),
            (
                self._add("Confusion &matrix as CSV", "confusion.csv", self.save_confusion),
                "Counts of the current model, a line a true class",
            ),
            (self._add("&Report as JSON", "evaluation.json", self.save_report), "What bgnn-studio evaluate --json writes"),
        ]
        self.button = QToolButton()
        self.button.setText("Export")
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.button.setMenu(self.menu)
        self.set_results(None, None)

    def set_results(self, report: "EvaluationReport | None", current: "Evaluation | None") -> None:
        """Take the results that are shown, and those of the current model."""
        self._report, self._current = report, current
        self.button.setEnabled(report is not None)
        self.button.setToolTip(_EMPTY if report is None else "Write these results to a file")
        for (action, tip), there in zip(self._actions, (report, current, report), strict=True):
            action.setEnabled(there is not None)
            action.setToolTip(tip if there is not None else _EMPTY)

    def save_predictions(self, path: Path) -> None:
        """Write the predictions of all models shown."""
        report = self._report
        if report is not None:
            self._save(path, lambda: predictions_csv(report.rows))

    def save_confusion(self, path: Path) -> None:
        """Write the matrix of the current model."""
        current = self._current
        if current is not None:
            self._save(path, lambda: confusion_csv(current))

    def save_report(self, path: Path) -> None:
        """Write what `bgnn-studio evaluate --json` writes."""
        report = self._report
        if report is not None:
            self._save(path, lambda: as_json(report))

    def _save(self, path: Path, text: Callable[[], str]) -> None:
        def write() -> None:
            try:
                with replacing(path) as file:
                    file.write(text().encode())
            except OSError as error:
                raise BgnnError(f"{path}: could not be written ({error.strerror}). Choose another place.") from error

        self._jobs.start(
            f"Writing {path.name}",
            lambda _: write(),
            done=lambda _: self._toasts.info("Exported", str(path)),
            failed=lambda error: self._toasts.error("Not exported", error),
        )

    def _add(self, text: str, name: str, save: Callable[[Path], None]) -> QAction:
        def ask() -> None:
            chosen, _ = QFileDialog.getSaveFileName(self.button, text.replace("&", ""), name)
            if chosen:
                save(Path(chosen))

        action = self.menu.addAction(f"{text}\N{HORIZONTAL ELLIPSIS}")
        action.triggered.connect(lambda _=False: ask())
        return action
