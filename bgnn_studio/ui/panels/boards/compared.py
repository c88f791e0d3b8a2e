"""The run that is shown beside others: models on this board, numbers of threads, boards."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from bgnn_studio.ui.panels.boards.machines import MachinesPage
from bgnn_studio.ui.panels.boards.relative import instructions, run_times
from bgnn_studio.ui.panels.boards.sweep import SweepPage
from bgnn_studio.ui.widgets.docks import scrolled
from bgnn_studio.ui.widgets.segments import Segments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bgnn_studio.history import Entry, Run
    from bgnn_studio.ui.theme import Theme

_PAGES = (
    ("models", "Models", "Every model on this board, relative to the float network: run time and instructions"),
    ("threads", "Threads", "What more threads bring on this board"),
    ("boards", "Boards", "This model on every board, and on this machine"),
)
_NO_RUN = "Models profiled on this board are compared here."


class ComparedPanel(QWidget):
    """A choice of pages above one of them.

    Attributes
    ----------
    times, counts : Relative
    sweep : SweepPage
    machines : MachinesPage
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.times, self.counts = run_times(), instructions()
        self.sweep, self.machines = SweepPage(), MachinesPage()
        models = QWidget()
        column = QVBoxLayout(models)
        column.setContentsMargins(0, 0, 0, 0)
        for widget in (self.times, self.counts):
            column.addWidget(widget)
        column.addStretch(1)
        self.pages, self._stack = Segments("Beside", _PAGES), QStackedWidget()
        self.pages.chosen.connect(self.show_page)
        for page in (models, self.sweep, self.machines):
            self._stack.addWidget(scrolled(page, 60))
        label, row, outer = QLabel("Beside"), QHBoxLayout(), QVBoxLayout(self)
        label.setObjectName("DockTitle")
        label.setIndent(0)
        row.setContentsMargins(0, 4, 10, 2)
        row.addWidget(label, 1)
        row.addWidget(self.pages)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(row)
        outer.addWidget(self._stack, 1)
        self.setAutoFillBackground(True)
        self.show_page("models")

    def apply_theme(self, theme: "Theme") -> None:
        """Take the colours of a theme."""
        for page in (self.times, self.counts, self.sweep, self.machines):
            page.apply_theme(theme)

    def show_page(self, page: str) -> None:
        """Show ``models``, ``threads`` or ``boards``."""
        self.pages.set_value(page)
        self._stack.setCurrentIndex([name for name, *_ in _PAGES].index(page))

    def show_runs(self, entries: "Sequence[Entry]", run: "Run | None") -> None:
        """Show runs of all boards, the newest first, beside this one."""
        conditions = None if run is None else run.conditions
        self.times.show_runs(entries, conditions, _NO_RUN)
        why = None if run is None else run.details.get("instructions_absent")
        self.counts.setVisible(run is not None)
        self.counts.show_runs(entries, conditions, f"Not counted: {why}." if why else "Not counted by this run.")
        self.sweep.show_runs(entries, conditions)
        self.machines.show_runs(entries, conditions)
