"""The strip of the Train tab: recipe, where to, device, Start and Stop, how far the run has come, and what is wrong."""

import os
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from bgnn_studio.core.units import duration_text
from bgnn_studio.training.recipes import PRESETS
from bgnn_studio.training.run_folder import Run, RunProgress
from bgnn_studio.ui.widgets.strip import add_fields, problem_label, progress_line

_TIPS = {
    "demo": "The bundled shapes, minutes on a CPU",
    "small": "ModelNet40 or a set like it, hours on a CPU",
    "paper": "The published sizes, losses and schedules, for a GPU",
}
_DEVICES = ("auto", "cpu", "cuda", "mps")
_MOST_THREADS = 256
_TOML = "Recipes (*.toml);;All files (*)"


class SetupStrip(QFrame):
    """What is not in the recipe, and what goes on.

    Signals
    -------
    run, stop
        The user wants the recipe trained, or the run that is shown to save and end.
    opened(str)
        A preset or a recipe file is to be shown in the form.
    saved(Path)
        The form is to be written as a recipe.
    changed
        Folder, device or threads.
    """

    run = Signal()
    stop = Signal()
    opened = Signal(str)
    saved = Signal(object)
    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("ToolStrip")
        self._add_menu()
        self.recipe = QPushButton("Recipe")
        self.recipe.setMenu(self.menu)
        self.recipe.setToolTip("Settings to begin with, opened from a file, or saved for the command line: bgnn-studio train --config FILE")
        self._make_fields()
        self._make_run()
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.recipe)
        add_fields(row, (("&Into", self.name), ("&Device", self.device), ("T&hreads", self.threads)))
        for widget in (self.start, self.halt, self.bar):
            row.addWidget(widget)
        row.addWidget(self.said, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 6, 12, 6)
        column.addLayout(row)
        column.addWidget(self.problem)

    def _make_fields(self) -> None:
        self.name, self.device, self.threads = QLineEdit(), QComboBox(), QSpinBox()
        self.name.setFixedWidth(110)
        self.name.textEdited.connect(lambda _: self.changed.emit())
        self.device.addItems(_DEVICES)
        self.device.activated.connect(lambda _: self.changed.emit())
        self.threads.setRange(1, _MOST_THREADS)
        self.threads.setValue(max(1, (os.cpu_count() or 1) - 1))
        self.threads.valueChanged.connect(lambda _: self.changed.emit())
        for widget, name, tip in (
            (self.name, "Output folder", "Folder of the run, below the one of all runs, or a whole path"),
            (self.device, "Device", "auto: the first of cuda, mps and cpu that is there"),
            (self.threads, "Threads", "Of torch on a CPU; the last bits depend on it, and so it stays the same when a run goes on"),
        ):
            widget.setAccessibleName(name)
            widget.setToolTip(tip)

    def _make_run(self) -> None:
        self.start, self.halt = QPushButton("&Train"), QPushButton("S&top")
        self.start.setObjectName("Primary")
        self.start.clicked.connect(lambda _: self.run.emit())
        self.halt.clicked.connect(lambda _: self.stop.emit())
        self.halt.setToolTip("End after this step, with everything saved: Resume goes on from there")
        self.bar, self.said = progress_line("Progress of the stage")
        self.problem = problem_label()

    def set_reason(self, reason: str | None) -> None:
        """Disable Train with the reason as its tooltip, or enable it with None."""
        self.start.setEnabled(reason is None)
        self.start.setToolTip(reason or "Train the chosen networks by this recipe, in a process of its own")

    def set_problem(self, text: str) -> None:
        """Say what is wrong; empty: nothing."""
        self.problem.setText(text)
        self.problem.setVisible(bool(text))

    def show_run(self, run: Run | None, *, starting: bool, stopping: bool) -> None:
        """Show what goes on in the run that is shown, or that one is being started."""
        running = run is not None and run.state == "running"
        for widget in (self.halt, self.bar):
            widget.setVisible(running or starting)
        self.halt.setEnabled(not stopping and not starting)
        progress = run.progress if run is not None and running else None
        if stopping:
            words = "saving, then it ends"
        elif run is None or progress is None:
            words = "loading torch" if running or starting else ""
        else:
            words = _words(run, progress)
        self.bar.setRange(0, progress.total if progress else 0)
        self.bar.setValue(progress.done if progress else 0)
        self.said.setText(words)
        self.said.setToolTip(words)

    def _add_menu(self) -> None:
        self.menu = QMenu("Training re&cipe", self)
        self.menu.setToolTipsVisible(True)
        for preset in PRESETS:
            action = self.menu.addAction(f"Recipe &{preset}")
            action.setToolTip(_TIPS[preset])
            action.triggered.connect(lambda _=False, p=preset: self.opened.emit(p))
        self.menu.addSeparator()
        self.menu.addAction("&Open recipe\N{HORIZONTAL ELLIPSIS}").triggered.connect(lambda _=False: self._ask_which())
        self.save = self.menu.addAction("&Save recipe as\N{HORIZONTAL ELLIPSIS}")
        self.save.triggered.connect(lambda _=False: self._ask_where())

    def _ask_which(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Open recipe", "", _TOML)
        if name:
            self.opened.emit(name)

    def _ask_where(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Save recipe", "recipe.toml", _TOML)
        if name:
            self.saved.emit(Path(name))


def _words(run: Run, now: RunProgress) -> str:
    words = [now.doing]
    if now.seconds_left is not None:
        words.append(f"{duration_text(now.seconds_left)} left in this stage")
    if now.loss is not None:
        words += [f"epoch {len(run.epochs) + 1} of {run.epochs_in_all}", f"loss {now.loss:.3f}"]
    return "  \N{MIDDLE DOT}  ".join(words)
