"""The files that a comparison can be written to, as a menu; the HTML report is drawn in a process of its own."""

from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMenu, QToolButton, QWidget

from bgnn_studio.core.comparison_html import as_html
from bgnn_studio.core.comparison_text import as_csv, as_json, as_markdown
from bgnn_studio.core.files import replacing
from bgnn_studio.errors import BgnnError
from bgnn_studio.ui.workers import Progress

if TYPE_CHECKING:
    from bgnn_studio.core.comparison import Comparison
    from bgnn_studio.core.comparison_table import Table
    from bgnn_studio.core.comparison_views import Show
    from bgnn_studio.core.saved_session import Camera
    from bgnn_studio.ui.toasts import Toasts
    from bgnn_studio.ui.workers import Jobs

_EMPTY = "Nothing to export yet: compare two models on a cloud."
_READY = "Write the figures, or a report with pictures, to a file"
_KEY = "comparison report"


class CompareExport(QObject):
    """Writes tables and reports off the GUI thread, and says so.

    Attributes
    ----------
    button : QToolButton
        With the menu.
    """

    def __init__(self, jobs: "Jobs", toasts: "Toasts", seen: "Callable[[], tuple[Show, Camera | None]]", parent: QWidget) -> None:
        super().__init__(parent)
        self._jobs, self._toasts, self._seen = jobs, toasts, seen
        self._found: tuple[Comparison, Table] | None = None
        menu = QMenu(parent)
        menu.setToolTipsVisible(True)
        for text, name, save, tip in (
            ("&Report as HTML", "comparison.html", self.save_report, "One file with pictures of every layer, plots and the table"),
            ("Table as &CSV", "comparison.csv", self.save_csv, "Unrounded figures, a line for each"),
            ("Table as &Markdown", "comparison.md", self.save_markdown, "A table for each group of figures, with its notes"),
            ("Table as &JSON", "comparison.json", self.save_json, "What bgnn-studio compare --json writes"),
        ):
            self._add(menu, text, name, save).setToolTip(tip)
        self.button = QToolButton()
        self.button.setText("Export")
        self.button.setAccessibleName("Export the comparison")
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.button.setMenu(menu)
        self.set_found(None)

    def set_found(self, found: "tuple[Comparison, Table] | None") -> None:
        """Take what is shown."""
        self._found = found
        self.button.setEnabled(found is not None)
        self.button.setToolTip(_EMPTY if found is None else _READY)

    def save_csv(self, path: Path) -> None:
        """Write the table as CSV."""
        self._save(path, lambda _comparison, table: as_csv(table))

    def save_markdown(self, path: Path) -> None:
        """Write the table as Markdown."""
        self._save(path, lambda _comparison, table: as_markdown(table))

    def save_json(self, path: Path) -> None:
        """Write the table as JSON."""
        self._save(path, lambda comparison, table: as_json(table, comparison))

    def save_report(self, path: Path) -> None:
        """Write the HTML report, with the graphs as they are seen now."""
        if self._found is None:
            return
        from bgnn_studio.scene.comparison_pictures import captioned, drawings
        from bgnn_studio.scene.drawing_process import draw_elsewhere

        (comparison, table), (show, camera), progress = self._found, self._seen(), Progress()

        def run(cancelled: Event) -> None:
            layers = range(1, comparison.layers + 1)
            drawn = draw_elsewhere(drawings(comparison, show, layers, camera), progress.tell, cancelled)
            if not cancelled.is_set():
                _write(path, as_html(table, comparison, captioned(comparison, layers, drawn)))

        self._start(path, run, f"Drawing {path.name}", progress)

    def _save(self, path: Path, text: "Callable[[Comparison, Table], str]") -> None:
        if (found := self._found) is not None:
            self._start(path, lambda _: _write(path, text(*found)), f"Writing {path.name}")

    def _start(self, path: Path, run: Callable[[Event], None], label: str, progress: Progress | None = None) -> None:
        self._jobs.start(
            label,
            run,
            done=lambda _: self._toasts.info("Exported", str(path)),
            failed=lambda error: self._toasts.error("Not exported", error),
            key=None if progress is None else _KEY,
            progress=progress,
        )

    def _add(self, menu: QMenu, text: str, name: str, save: Callable[[Path], None]) -> QAction:
        def ask() -> None:
            chosen, _ = QFileDialog.getSaveFileName(self.button, text.replace("&", ""), name)
            if chosen:
                save(Path(chosen))

        action = menu.addAction(f"{text}\N{HORIZONTAL ELLIPSIS}")
        action.triggered.connect(lambda _=False: ask())
        return action


def _write(path: Path, text: str) -> None:
    try:
        with replacing(path) as file:
            file.write(text.encode())
    except OSError as error:
        raise BgnnError(f"{path}: could not be written ({error.strerror}). Choose another place.") from error
