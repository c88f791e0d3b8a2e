"""Earlier runs of the model that is shown on this board: medians with their intervals, compared, tagged, exported, deleted."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from bgnn_studio.ui.widgets.labels import caption, hint
from bgnn_studio.ui.widgets.run_plot import RunPlot
from bgnn_studio.ui.widgets.run_table import COLUMNS, RunTable

if TYPE_CHECKING:
    from bgnn_studio.history import Entry, Run
    from bgnn_studio.history.comparison import Comparison
    from bgnn_studio.ui.runs import Runs
    from bgnn_studio.ui.theme import Theme

_TWO = "Select two to compare them"


class EarlierPanel(QWidget):
    """Plot, table and the verdict on two selected runs.

    Signals
    -------
    opened(Entry)
        One run is selected: it is to be shown.
    """

    opened = Signal(object)

    def __init__(self, runs: "Runs", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs, self._machine = runs, ""
        self.plot, self.table = RunPlot("Medians of earlier runs on the board"), RunTable("Earlier runs on the board")
        self.table.hideColumn(COLUMNS.index("ISA"))  # nearly always the same on one board; the tooltip says it
        self.verdict = caption("")
        self.verdict.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._hint = hint("Runs are kept in the history, with every sample.")
        self.export = QPushButton("Export\N{HORIZONTAL ELLIPSIS}")
        self.export.setToolTip("Write all runs of this board as JSON (every sample), CSV or Markdown")
        self.export.clicked.connect(lambda _: self._ask_export())
        foot = QHBoxLayout()
        foot.setContentsMargins(0, 2, 12, 6)
        foot.addWidget(self.verdict, 1)
        foot.addWidget(self.export)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.plot, 2)
        column.addWidget(self.table, 3)
        column.addWidget(self._hint)
        column.addLayout(foot)
        self.plot.clicked.connect(self.table.select)
        self.table.chosen.connect(self._choose)
        self.table.tagged.connect(runs.set_tags)
        delete = QAction("&Delete run of board", self.table)
        delete.setShortcut(QKeySequence.StandardKey.Delete)
        delete.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        delete.triggered.connect(self._delete)
        self.table.addAction(delete)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    def apply_theme(self, theme: "Theme") -> None:
        """Take the colours of a theme."""
        self.plot.apply_theme(theme)

    def show_runs(self, run: "Run | None", machine: str) -> None:
        """List the board's runs of this run's model at its number of points; all of the machine's are exported."""
        self._machine = machine
        entries = []
        if run is not None:
            of = lambda c: (c.machine, c.badge, c.model_sha256, c.points)  # noqa: E731
            entries = [entry for entry in self._runs.entries if of(entry.conditions) == of(run.conditions)]
        self.table.blockSignals(True)  # that a selected run is listed again opens nothing
        self.table.set_entries(entries)
        self.table.blockSignals(False)
        self.plot.set_entries(entries)
        for widget in (self.plot, self.table, self.verdict):
            widget.setVisible(bool(entries))
        self._hint.setVisible(not entries)
        self.export.setVisible(bool(self._own()))
        self._mark(self.table.chosen_entries())

    def save(self, path: Path) -> None:
        """Write the board's runs as JSON, CSV or Markdown, by the suffix."""
        self._runs.export(path, self._own())

    def _own(self) -> "list[Entry]":
        return [entry for entry in self._runs.entries if entry.conditions.machine == self._machine]

    def _choose(self, entries: "tuple[Entry, ...]") -> None:
        self._mark(entries)
        if len(entries) == 1:
            self.opened.emit(entries[0])
        if len(entries) == 2:
            newer, older = sorted(entries, key=lambda entry: entry.id, reverse=True)
            self._runs.compare(older.id, newer.id, self._show_comparison)

    def _mark(self, entries: "tuple[Entry, ...]") -> None:
        self.plot.mark(entry.id for entry in entries)
        self.verdict.setText(_TWO)
        self.verdict.setToolTip("Each point is a median, its line the 95 % interval; colours stand for threads")

    def _show_comparison(self, found: "Comparison") -> None:
        a, b = found.a.entry.id, found.b.entry.id
        if {entry.id for entry in self.table.chosen_entries()} == {a, b}:
            differ = "".join(f"\n{name}: {of_a} against {of_b}" for name, (of_a, of_b) in found.conditions.items())
            self.verdict.setText(f"Run {b} against {a}: {found.verdict}")
            self.verdict.setToolTip(f"{found.verdict}\nBootstrap interval of the ratio of the medians.{differ}")

    def _delete(self) -> None:
        if chosen := self.table.chosen_entries():
            self._runs.delete(entry.id for entry in chosen)

    def _ask_export(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Export runs", "board.csv", "CSV (*.csv);;JSON, every sample (*.json);;Markdown (*.md)")
        if name:
            self.save(Path(name))
