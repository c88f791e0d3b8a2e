"""The strip of the Boards tab: how to measure, Profile and Cancel, how far it has come, and what went wrong."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QProgressBar, QPushButton, QSizePolicy, QSpinBox, QVBoxLayout, QWidget

from bgnn_studio.boards.task import Settings, split_prefix
from bgnn_studio.ui.widgets.segments import Segments

if TYPE_CHECKING:
    from bgnn_studio.ui.profiler import Profiler
    from bgnn_studio.ui.workers import Jobs

SECONDS, REPEATS = "seconds", "repeats"
_DEFAULTS = {SECONDS: 5, REPEATS: 100}
_UNTIL = (
    (SECONDS, "Seconds", "Until the median is known to 1 %, for this long at most, for each model"),
    (REPEATS, "Passes", "So many measured passes of each model"),
)
_MOST_THREADS = 256


class SetupStrip(QFrame):
    """Threads, when to stop, and CPUs.

    Signals
    -------
    run
        The user wants the checked models profiled.
    """

    run = Signal()

    def __init__(self, profiler: "Profiler", jobs: "Jobs", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("ToolStrip")
        self._profiler = profiler
        self._model = ""
        self.threads, self.amount, self.cpus = QSpinBox(), QSpinBox(), QLineEdit()
        self.until = Segments("Measure for", _UNTIL)
        self._until = SECONDS
        self._amounts = dict(_DEFAULTS)
        self.until.chosen.connect(self._choose_until)
        self.threads.setRange(1, _MOST_THREADS)
        self.amount.setRange(1, 100_000)
        self.cpus.setPlaceholderText("all")
        self.cpus.setFixedWidth(64)
        self.amount.setFixedWidth(80)
        for widget, name, tip in (
            (self.threads, "Threads", "Threads of each pass; the outputs do not depend on it"),
            (self.amount, "Amount", "Seconds at most, or passes, for each model"),
            (self.cpus, "CPUs", "Only these CPUs of the board, such as 3 or 0-1,4; empty: all.\nCores of one kind make times steadier"),
        ):
            widget.setAccessibleName(name)
            widget.setToolTip(tip)
        self.start, self.cancel = QPushButton("&Profile"), QPushButton("&Cancel")
        self.start.setObjectName("Primary")
        self.start.clicked.connect(lambda _: self.run.emit())
        self.cancel.clicked.connect(lambda _: profiler.cancel())
        self.bar, self.said = QProgressBar(), QLabel()
        self.bar.setAccessibleName("Progress of the run")
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(90)
        self.said.setObjectName("Caption")
        self.said.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.problem = QLabel()
        self.problem.setObjectName("Problem")
        self.problem.setAccessibleName("Problem")
        self.problem.setWordWrap(True)
        self.problem.setTextFormat(Qt.TextFormat.PlainText)
        self.problem.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row = QHBoxLayout()
        row.setSpacing(8)
        for text, widget in (("&Threads", self.threads), ("", self.until), ("", self.amount), ("CP&Us", self.cpus)):
            if text:
                label = QLabel(text)
                label.setObjectName("Caption")
                label.setBuddy(widget)
                row.addWidget(label)
            row.addWidget(widget)
        for widget in (self.start, self.cancel, self.bar):
            row.addWidget(widget)
        row.addWidget(self.said, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 6, 12, 6)
        column.addLayout(row)
        column.addWidget(self.problem)
        self._choose_until(SECONDS)
        profiler.changed.connect(self.refresh)
        jobs.progressed.connect(self._show_progress)
        self.refresh()

    def settings(self, prefix: str) -> Settings:
        """Return how to measure, with a launch prefix; raises `BgnnError` for a prefix that is none."""
        amount, cpus = self.amount.value(), self.cpus.text().strip() or None
        by_time = self._until == SECONDS
        given = {"seconds": float(amount)} if by_time else {"repeat": amount}
        return Settings(threads=self.threads.value(), cpus=cpus, prefix=split_prefix(prefix), **given)

    def set_reason(self, reason: str | None) -> None:
        """Disable Profile with the reason as its tooltip, or enable it with None."""
        self.start.setEnabled(reason is None)
        self.start.setToolTip(reason or "Run the checked models on this board, one after another, and compare outputs")

    def begin(self, model: str, number: int, of: int) -> None:
        """Name the model that runs now."""
        self._model = f"{model}, {number} of {of}" if of > 1 else model
        self._show_progress()

    def refresh(self) -> None:
        """Show what is going on."""
        p = self._profiler
        self.start.setVisible(not p.busy)
        self.cancel.setVisible(p.busy)
        self.cancel.setEnabled(not p.cancelling)
        self.bar.setVisible(p.busy)
        if not p.busy:
            self._model = ""
        self.problem.setText(p.problem)
        self.problem.setVisible(bool(p.problem))
        self._show_progress()

    def _show_progress(self) -> None:
        p = self._profiler
        if not p.busy:
            self.said.setText("")
            return
        self.bar.setRange(0, p.progress.total)
        self.bar.setValue(p.progress.done)
        words = ["ending on the board"] if p.cancelling else [self._model or "connecting", p.progress.time_left]
        self.said.setText("  \N{MIDDLE DOT}  ".join(filter(None, words)))

    def _choose_until(self, until: str) -> None:
        self._amounts[self._until] = self.amount.value() if self._until != until else self._amounts[self._until]
        self._until = until
        self.until.set_value(until)
        self.amount.setSuffix(" s" if until == SECONDS else "")
        self.amount.setValue(self._amounts[until])
