"""The Boards tab: open models profiled on this machine or over SSH, with proof that the outputs are equal."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QShowEvent, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QSplitter, QVBoxLayout, QWidget

from bgnn_studio.errors import BgnnError
from bgnn_studio.history import Filter, History
from bgnn_studio.ui.board_book import THIS_MACHINE, BoardBook
from bgnn_studio.ui.board_news import Began, Profiled, Said
from bgnn_studio.ui.board_snapshots import Snapshots
from bgnn_studio.ui.board_state import LOG_LINES
from bgnn_studio.ui.panels.boards.boards import BoardsPanel
from bgnn_studio.ui.panels.boards.compared import ComparedPanel
from bgnn_studio.ui.panels.boards.earlier import EarlierPanel
from bgnn_studio.ui.panels.boards.live import LivePanel
from bgnn_studio.ui.panels.boards.machines import newest_by_machine
from bgnn_studio.ui.panels.boards.models import ModelsPanel
from bgnn_studio.ui.panels.boards.question_bar import QuestionBar
from bgnn_studio.ui.panels.boards.result import ResultPanel
from bgnn_studio.ui.panels.boards.setup import SetupStrip
from bgnn_studio.ui.profiler import Profiler
from bgnn_studio.ui.runs import Runs
from bgnn_studio.ui.widgets.docks import scrolled, titled

if TYPE_CHECKING:
    from collections.abc import Callable

    from bgnn_studio.core.session import Session
    from bgnn_studio.history import Entry, Run
    from bgnn_studio.native import Model
    from bgnn_studio.ui.board_book import KnownBoard
    from bgnn_studio.ui.theme import Theme
    from bgnn_studio.ui.toasts import Toasts
    from bgnn_studio.ui.workers import Jobs

_STEP_MS = 25  # time for a repaint and for what the user did meanwhile


class BoardsTab(QWidget):
    """Boards and models at the left, the run and its result in the middle, models beside each other and earlier runs at the right.

    Attributes
    ----------
    profiler : Profiler
    profile : QAction
        What Profile does, for a menu.

    Signals
    -------
    wanted
        Somebody chose `profile`: the tab is to be in front.
    """

    title = "Boards"
    wanted = Signal()

    def __init__(
        self, session: "Session[Model]", jobs: "Jobs", toasts: "Toasts", settings: QSettings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._jobs, self._toasts, self._history = session, jobs, toasts, History()
        self._read = False
        self._arrived: tuple[Run, str] | None = None
        self._steps: list[Callable[[], None]] = []
        self._stepper = QTimer(self, interval=_STEP_MS, singleShot=True)
        self._stepper.timeout.connect(self._step)
        self.book = BoardBook(settings, self)
        self.snapshots = Snapshots(self._history, jobs, toasts, self)
        self.runs = Runs(jobs, toasts, self)
        self.profiler = Profiler(session, jobs, toasts, self._history, self)
        self.setup = SetupStrip(self.profiler, jobs)
        self.boards = BoardsPanel(self.book, self.snapshots, self.profiler)
        self.models = ModelsPanel(session)
        self.question, self.live, self.result = QuestionBar(), LivePanel(), ResultPanel()
        self.compared, self.earlier = ComparedPanel(), EarlierPanel(self.runs)
        self.log = QPlainTextEdit()
        self.log.setReadOnly(True)
        self.log.setMaximumBlockCount(LOG_LINES)
        self.log.setAccessibleName("Log of the board")
        self.log.setObjectName("BoardLog")
        self.log.setPlaceholderText("What happens on the board is told here.")
        self.profile = QAction("&Profile on the chosen board", self)
        self.profile.setShortcut("F7")
        self.profile.triggered.connect(lambda _=False: self._run())
        self._lay_out()
        self.setup.run.connect(self._run)
        self.boards.chosen.connect(self._choose_board)
        self.models.changed.connect(self.refresh)
        self.question.answered.connect(self.refresh)
        self.profiler.changed.connect(self.refresh)
        self.profiler.told.connect(self._hear)
        self.profiler.asked.connect(self._ask)
        self.snapshots.changed.connect(self._show_newest)
        self.runs.changed.connect(self._show_runs)
        self.earlier.opened.connect(self._open)
        session.subscribe(lambda changed: self.refresh() if changed & {"cloud", "points", "model"} else None)
        self.refresh()

    @property
    def up_to_date(self) -> bool:
        """Whether every panel shows what is known."""
        return not self._steps

    def apply_theme(self, theme: "Theme") -> None:
        """Take the colours of a theme."""
        for panel in (self.boards, self.live, self.result, self.compared, self.earlier):
            panel.apply_theme(theme)

    def release(self) -> None:
        """Show and hear nothing more: a run ends with the window's jobs, and none can be started any more."""
        self._stepper.stop()
        self.profiler.release()

    def showEvent(self, event: QShowEvent) -> None:
        """Read the history when the tab is first looked at."""
        super().showEvent(event)
        if not self._read:
            self._read = True
            self._read_history()

    def refresh(self) -> None:
        """Show whether a run goes on, and what keeps one from beginning."""
        reason = self._why_not_run()
        self.setup.set_reason(reason)
        self.profile.setEnabled(reason is None)
        self.profile.setToolTip(reason or self.setup.start.toolTip())
        busy = self.profiler.busy(self.boards.board)
        self.live.setVisible(busy)
        self.result.setVisible(not busy or self.result.run is not None)
        self.question.show_question(self.profiler.question)

    def _run(self) -> None:
        self.wanted.emit()
        board = self.boards.board
        try:
            settings = self.setup.how.settings(board.prefix)
        except BgnnError as error:
            self._toasts.error("Not profiled", error)
            return
        self.profiler.start(board, self.models.checked, settings)
        self._show_live()

    def _why_not_run(self) -> str | None:
        if self.profiler.busy(self.boards.board):
            return "A run goes on there: wait for it, or cancel it."
        if self._session.cloud is None:
            return "No cloud yet: open one with Ctrl+O, or drop its file here. The selected one is run."
        if not self._session.models:
            return "No model yet: open one with Ctrl+O, or drop its file here."
        return None if self.models.checked else "No model is checked: check one in the list."

    def _ask(self, board: "KnownBoard") -> None:
        self.refresh()
        question = self.profiler.state(board).question
        if not self.isVisible() and question is not None:
            self._toasts.info("A board asks something", f"{question.title}: the answer is awaited in the Boards tab.")

    def _hear(self, board: "KnownBoard", news: object) -> None:
        if isinstance(news, Profiled):
            self.snapshots.keep(news.run)
            self.runs.reload()
        if board.address != self.boards.board.address:
            return
        if isinstance(news, Said):
            self.log.appendPlainText(news.text)
        elif isinstance(news, Began):
            self.setup.show_progress()
        elif isinstance(news, Profiled):
            self._arrived = news.run, board.title
            self._then(self._show_arrived)  # what is beside it follows when the history is read
        self._then(self._show_live)

    def _choose_board(self) -> None:
        board = self.boards.board
        state = self.profiler.state(board)
        self.setup.show_board(board)
        self.log.setPlainText("\n".join(state.log))
        self.log.moveCursor(QTextCursor.MoveOperation.End)
        self._show_live()
        self.refresh()
        self._show(self.snapshots.of(board))
        self._read_history()

    def _read_history(self) -> None:
        self.snapshots.load(self.book.boards)
        self.runs.load(lambda: Filter(kind="board"))

    def _show_newest(self) -> None:
        """Show the chosen board's newest run, unless one of its runs is shown."""
        shown = self.result.run
        if shown is None or shown.conditions.machine != self.boards.board.machine:
            self._show(self.snapshots.of(self.boards.board))

    def _show(self, run: "Run | None") -> None:
        self._arrived = None
        self.result.show_run(run, self.boards.board.title)
        self._show_runs()

    def _show_runs(self) -> None:
        """Show what is beside the run that is shown."""
        self._then(self._show_compared, self._show_earlier, self._show_here)

    def _then(self, *steps: "Callable[[], None]") -> None:
        """Fill panel by panel: each is drawn before the next one is filled. A step that waits already is done after what it builds on."""
        self._steps = [step for step in self._steps if step not in steps] + list(steps)
        if not self._stepper.isActive():
            self._stepper.start()

    def _show_live(self) -> None:
        board = self.boards.board
        self.live.show_state(self.profiler.state(board), board.title)

    def _show_arrived(self) -> None:
        if self._arrived is not None:
            self.result.show()
            self.result.show_run(*self._arrived)
            self._arrived = None

    def _step(self) -> None:
        self._steps.pop(0)()
        if self._steps:
            self._stepper.start()  # from now on: the time is for others, however long the step took

    def _show_compared(self) -> None:
        self.compared.show_runs(self.runs.entries, self.result.run)

    def _show_earlier(self) -> None:
        self.earlier.show_runs(self.result.run, self.boards.board.machine)

    def _show_here(self) -> None:
        """Read the layers of the shown model's newest run on this machine, and put them beside a board's."""
        run, machine = self.result.run, THIS_MACHINE.machine
        if run is None or run.conditions.machine == machine:
            return
        found = [entry for entry in newest_by_machine(self.runs.entries, run.conditions) if entry.conditions.machine == machine]
        if found:
            self._jobs.start(
                "Reading a run",
                lambda _: self._history.get(found[0].id).run,
                done=lambda here: self.result.show_here(here) if self.result.run is run else None,
                failed=lambda error: self._toasts.error("Run history", error),
                key="board-here",
            )

    def _open(self, entry: "Entry") -> None:
        """Show a stored run."""
        title = self.boards.board.title
        self._jobs.start(
            "Reading a run",
            lambda _: self._history.get(entry.id).run,
            done=lambda run: (self.result.show_run(run, title), self._show_here()),
            failed=lambda error: self._toasts.error("Run history", error),
            key="board-run",
        )

    def _lay_out(self) -> None:
        left, right, middle = QSplitter(Qt.Orientation.Vertical), QSplitter(Qt.Orientation.Vertical), QWidget()
        left.addWidget(titled("Boards", self.boards))
        left.addWidget(titled("Models", self.models))
        left.setSizes([260, 240])
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.live)
        column.addWidget(self.result, 1)
        column.addStretch(0)
        right.addWidget(self.compared)
        right.addWidget(titled("Earlier runs", self.earlier))
        right.addWidget(titled("Log", self.log))
        right.setSizes([290, 220, 90])
        columns = QSplitter()
        for widget in (left, scrolled(middle, 200), right):
            widget.setAutoFillBackground(True)
            columns.addWidget(widget)
        columns.setStretchFactor(1, 3)
        columns.setStretchFactor(2, 2)
        columns.setSizes([250, 440, 330])
        for splitter in (left, right, columns):
            splitter.setChildrenCollapsible(False)
            splitter.setHandleWidth(6)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.setup)
        whole.addWidget(self.question)
        whole.addWidget(columns, 1)
