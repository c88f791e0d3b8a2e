"""Earlier runs of the selected model on this machine: medians with their intervals over time, and a table to tag and compare them in."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from bgnn_studio.ui.widgets.labels import caption, hint
from bgnn_studio.ui.widgets.run_plot import RunPlot
from bgnn_studio.ui.widgets.run_table import RunTable

if TYPE_CHECKING:
    from bgnn_studio.core.session import Session
    from bgnn_studio.history import Entry
    from bgnn_studio.history.comparison import Comparison
    from bgnn_studio.native import Model
    from bgnn_studio.ui.measurer import Measurer
    from bgnn_studio.ui.theme import Theme


class RunsPage(QWidget):
    """Reads the history only while it is shown."""

    def __init__(self, session: "Session[Model]", measurer: "Measurer", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._measurer, self._runs, self._active = session, measurer, measurer.runs, False
        self.plot = RunPlot("Medians of earlier runs")
        self.table = RunTable("Earlier runs")
        self.verdict = caption("")
        self.verdict.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._hint = hint("No run of this model at this number of points is stored yet: press Measure.")
        right = QVBoxLayout()
        right.setSpacing(2)
        right.addWidget(self.table, 1)
        right.addWidget(self.verdict)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self.plot, 2)
        row.addLayout(right, 3)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row, 1)
        column.addWidget(self._hint)
        self.plot.clicked.connect(self.table.select)
        self.table.chosen.connect(self._choose)
        self.table.tagged.connect(self._runs.set_tags)
        self._add_actions()
        self._runs.changed.connect(self.refresh)
        session.subscribe(self._follow)
        self.refresh()

    def set_active(self, active: bool) -> None:
        """Follow the selected model from now on, or no longer."""
        self._active = active
        if active:
            self._measurer.list_runs()

    def apply_theme(self, theme: "Theme") -> None:
        """Take the colours of a theme."""
        self.plot.apply_theme(theme)

    def refresh(self) -> None:
        """Show the stored runs at the number of points that is shown."""
        points = 0 if self._session.points is None else len(self._session.points)
        entries = tuple(entry for entry in self._runs.entries if entry.conditions.points == points)
        self.table.set_entries(entries)
        self.plot.set_entries(entries)
        for widget in (self.plot, self.table, self.verdict):
            widget.setVisible(bool(entries))
        self._hint.setVisible(not entries)
        self._choose(())

    def save(self, path: Path) -> None:
        """Write the runs of this model as JSON, CSV or Markdown, by the suffix."""
        self._runs.export(path)

    def _add_actions(self) -> None:
        delete = QAction("&Delete run", self.table)
        delete.setShortcut(QKeySequence.StandardKey.Delete)
        delete.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        delete.triggered.connect(self._delete)
        export = QAction("&Export runs\N{HORIZONTAL ELLIPSIS}", self.table)
        export.triggered.connect(self._ask_export)
        self.table.addActions([delete, export])
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    def _choose(self, entries: "tuple[Entry, ...]") -> None:
        self.plot.mark(entry.id for entry in entries)
        self.verdict.setText("Select two runs to compare them")
        self.verdict.setToolTip("Each point is a median, its line the 95 % interval; colours stand for threads. Tags can be edited.")
        if len(entries) == 2:
            newer, older = sorted(entries, key=lambda entry: entry.id, reverse=True)
            self._runs.compare(older.id, newer.id, self._show_comparison)

    def _show_comparison(self, found: "Comparison") -> None:
        a, b = found.a.entry.id, found.b.entry.id
        if {entry.id for entry in self.table.chosen_entries()} == {a, b}:
            differ = "".join(f"\n{name}: {of_a} against {of_b}" for name, (of_a, of_b) in found.conditions.items())
            self.verdict.setText(f"Run {b} against {a}: {found.verdict}")
            self.verdict.setToolTip(f"Bootstrap interval of the ratio of the medians.{differ}")

    def _delete(self) -> None:
        if chosen := self.table.chosen_entries():
            self._runs.delete(entry.id for entry in chosen)

    def _ask_export(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Export runs", "runs.csv", "CSV (*.csv);;JSON, every sample (*.json);;Markdown (*.md)")
        if name:
            self.save(Path(name))

    def _follow(self, changed: frozenset[str]) -> None:
        if self._active and "model" in changed:
            self._measurer.list_runs()
        elif "points" in changed:
            self.refresh()
