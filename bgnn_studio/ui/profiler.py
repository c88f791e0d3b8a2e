"""Open models profiled on boards from the window: one run at a time on each, several boards at once, over SSH or on this machine."""

from collections import defaultdict, deque
from collections.abc import Sequence
from threading import Event
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from bgnn_studio.errors import BgnnError
from bgnn_studio.ui.board_news import Profiled
from bgnn_studio.ui.board_questions import Question, WindowQuestions
from bgnn_studio.ui.board_state import BoardState

if TYPE_CHECKING:
    from bgnn_studio.boards.task import Settings
    from bgnn_studio.core.session import Session
    from bgnn_studio.history import History
    from bgnn_studio.native import Model
    from bgnn_studio.ui.board_book import KnownBoard
    from bgnn_studio.ui.toasts import Toasts
    from bgnn_studio.ui.workers import Job, Jobs

_HEARD_MS = 40  # what is told in this time is drawn at once: without a GPU, every repaint takes tens of milliseconds


class Profiler(QObject):
    """Starts and cancels runs; hears what they tell.

    Signals
    -------
    changed
        A run began or ended, is being cancelled, or has failed.
    told(board, news)
        News of `board_news`, or a line of the runner (`boards.messages`); the board's state has heard it.
    asked(board)
        The connection to a board needs the answer to its state's question.
    """

    changed = Signal()
    told = Signal(object, object)
    asked = Signal(object)

    def __init__(self, session: "Session[Model]", jobs: "Jobs", toasts: "Toasts", history: "History", parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._jobs, self._toasts, self._history = session, jobs, toasts, history
        self._states: defaultdict[str, BoardState] = defaultdict(BoardState)
        self._secrets: dict[str, str] = {}
        self._was: frozenset[tuple[str | None, bool]] = frozenset()
        self._news: deque[tuple[KnownBoard, object]] = deque()  # the boards' threads append, the GUI thread takes
        self._hearing = False
        self._ear = QTimer(self, interval=_HEARD_MS)
        self._ear.timeout.connect(self._hear_all)
        jobs.changed.connect(self._jobs_changed)

    def state(self, board: "KnownBoard") -> BoardState:
        """Return what a board has told."""
        return self._states[board.address]

    def busy(self, board: "KnownBoard") -> bool:
        """Whether a run goes on there, or is coming to its end after Cancel."""
        return self._job(board) is not None

    def cancelling(self, board: "KnownBoard") -> bool:
        """Whether a run was cancelled that has not ended yet."""
        job = self._job(board)
        return job is not None and job.cancelled.is_set()

    @property
    def any_busy(self) -> bool:
        """Whether a run goes on anywhere."""
        return any(_is_run(job) for job in self._jobs.running)

    @property
    def question(self) -> Question | None:
        """The question that has waited longest for its answer, of all boards."""
        waiting = (self._states[address].question for address in self._states)
        return next((question for question in waiting if question is not None and not question.answer.done()), None)

    def start(self, board: "KnownBoard", models: Sequence["Model"], settings: Sequence["Settings"]) -> None:
        """Run models on the selected cloud, in each of these ways; nothing happens without both, or while another run goes on there."""
        cloud, count = self._session.cloud, self._session.count
        if cloud is None or not models or self.busy(board):
            return
        state = self.state(board)
        state.begin()
        tell = lambda news: self._news.append((board, news))  # noqa: E731
        questions, progress, history = WindowQuestions(tell, self._secrets), state.progress, self._history

        def work(cancelled: Event) -> None:
            from bgnn_studio.ui.board_work import Chosen, profile

            chosen = [
                Chosen(model.path, cloud.cloud.name, lambda model=model: cloud.for_model(model, count).points)
                for model in models
                if model.path
            ]
            profile(board.target(), chosen, settings, history, questions, tell=tell, progress=progress, cancelled=cancelled)

        label, failed = f"Profiling on {board.title}", lambda error: self._failed(board, error)
        self._jobs.start(label, work, done=lambda _: None, failed=failed, key=_key(board), progress=progress, waits=True)

    def cancel(self, board: "KnownBoard") -> None:
        """End the run there; models that are through keep their figures."""
        self._jobs.cancel(_key(board))

    def release(self) -> None:
        """Hear nothing more."""
        self._ear.stop()
        self._jobs.changed.disconnect(self._jobs_changed)

    def _job(self, board: "KnownBoard") -> "Job | None":
        return next((job for job in self._jobs.running if job.key == _key(board)), None)

    def _hear_all(self) -> None:
        if self._hearing:
            return  # what hears a piece of news may start a job, and come back here: the next one is heard after it
        self._hearing = True
        try:
            while self._news:
                self._hear(*self._news.popleft())
        finally:
            self._hearing = False

    def _hear(self, board: "KnownBoard", news: object) -> None:
        if isinstance(news, Question):
            self.state(board).question = news
            self.asked.emit(board)
            return
        if isinstance(news, Profiled) and news.refused is not None:
            self._toasts.error("Measured, but not kept", news.refused)
        self.state(board).hear(news)
        self.told.emit(board, news)

    def _failed(self, board: "KnownBoard", error: Exception) -> None:
        if isinstance(error, BgnnError):
            self.state(board).problem = str(error)
        else:
            self._toasts.error("Not profiled", error)
        self.changed.emit()

    def _jobs_changed(self) -> None:
        states = frozenset((job.key, job.cancelled.is_set()) for job in self._jobs.running if _is_run(job))
        if states != self._was:
            self._hear_all()  # before it ends, what it told
            self._was = states
            if states:
                self._ear.start()
            else:
                self._ear.stop()
            for address, state in self._states.items():
                if state.question is not None and (f"{_PREFIX}{address}", False) not in states:
                    state.question = None  # nobody waits for the answer
            self.changed.emit()


_PREFIX = "boards "


def _key(board: "KnownBoard") -> str:
    return f"{_PREFIX}{board.address}"


def _is_run(job: "Job") -> bool:
    return job.key is not None and job.key.startswith(_PREFIX)
