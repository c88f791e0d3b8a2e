"""The strip of the Boards tab: Profile and Cancel, how far it has come on the chosen board, and what went wrong there."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from bgnn_studio.ui.board_book import THIS_MACHINE
from bgnn_studio.ui.panels.boards.settings_row import SettingsRow

if TYPE_CHECKING:
    from bgnn_studio.ui.board_book import KnownBoard
    from bgnn_studio.ui.profiler import Profiler
    from bgnn_studio.ui.workers import Jobs


class SetupStrip(QFrame):
    """How to measure, and the run on the chosen board.

    Attributes
    ----------
    how : SettingsRow

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
        self._board = THIS_MACHINE
        self.how = SettingsRow()
        self.start, self.cancel = QPushButton("&Profile"), QPushButton("&Cancel")
        self.start.setObjectName("Primary")
        self.start.clicked.connect(lambda _: self.run.emit())
        self.cancel.clicked.connect(lambda _: profiler.cancel(self._board))
        self.bar, self.said = QProgressBar(), QLabel()
        self.bar.setAccessibleName("Progress of the run")
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(48)
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
        for widget in (self.how, self.start, self.cancel, self.bar):
            row.addWidget(widget)
        row.addWidget(self.said, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 6, 12, 6)
        column.addLayout(row)
        column.addWidget(self.problem)
        profiler.changed.connect(self.refresh)
        jobs.progressed.connect(self.show_progress)
        self.refresh()

    def show_board(self, board: "KnownBoard") -> None:
        """Be about another board."""
        self._board = board
        self.refresh()

    def set_reason(self, reason: str | None) -> None:
        """Disable Profile with the reason as its tooltip, or enable it with None."""
        self.start.setEnabled(reason is None)
        self.start.setToolTip(reason or "Run the checked models on this board, one after another, and compare outputs")

    def refresh(self) -> None:
        """Show what is going on."""
        busy, problem = self._profiler.busy(self._board), self._profiler.state(self._board).problem
        self.start.setVisible(not busy)
        self.cancel.setVisible(busy)
        self.cancel.setEnabled(not self._profiler.cancelling(self._board))
        self.bar.setVisible(busy)
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self.show_progress()

    def show_progress(self) -> None:
        """Show how far it has come."""
        if not self._profiler.busy(self._board):
            self.said.setText("")
            return
        state = self._profiler.state(self._board)
        self.bar.setRange(0, state.progress.total)
        self.bar.setValue(state.progress.done)
        cancelling = self._profiler.cancelling(self._board)
        self.said.setText("ending" if cancelling else "connecting" if state.began is None else state.progress.time_left)
