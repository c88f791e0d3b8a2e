"""Open models profiled on a board from the window: one run at a time, over SSH or on this machine."""

from collections.abc import Sequence
from threading import Event
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from bgnn_studio.errors import BgnnError
from bgnn_studio.ui.board_news import Profiled
from bgnn_studio.ui.board_questions import WindowQuestions
from bgnn_studio.ui.workers import Progress

if TYPE_CHECKING:
    from bgnn_studio.boards.task import Settings
    from bgnn_studio.core.session import Session
    from bgnn_studio.history import History
    from bgnn_studio.native import Model
    from bgnn_studio.ui.board_book import KnownBoard
    from bgnn_studio.ui.toasts import Toasts
    from bgnn_studio.ui.workers import Jobs

KEY = "boards"


class Profiler(QObject):
    """Starts and cancels runs; hears what they tell.

    Attributes
    ----------
    board : KnownBoard or None
        Of the run that goes on, or was the last.
    problem : str
        Why that ended early, and what to do; else empty.
    progress : Progress

    Signals
    -------
    changed
        A run began or ended, is being cancelled, or has failed.
    told(news)
        News of `board_news`, or a line of the runner (`boards.messages`).
    asked(Question)
        The connection needs an answer.
    """

    changed = Signal()
    told = Signal(object)
    asked = Signal(object)
    _news = Signal(object)

    def __init__(self, session: "Session[Model]", jobs: "Jobs", toasts: "Toasts", history: "History", parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._jobs, self._toasts, self._history = session, jobs, toasts, history
        self.board: KnownBoard | None = None
        self.problem = ""
        self.progress = Progress()
        self._secrets: dict[str, str] = {}
        self._was = (False, False)
        self._news.connect(self._hear)  # emitted on the boards' thread: arrives queued
        jobs.changed.connect(self._jobs_changed)

    @property
    def busy(self) -> bool:
        """Whether a run goes on, or is coming to its end after Cancel."""
        return any(job.key == KEY for job in self._jobs.running)

    @property
    def cancelling(self) -> bool:
        """Whether a run was cancelled that has not ended yet."""
        return any(job.key == KEY and job.cancelled.is_set() for job in self._jobs.running)

    def start(self, board: "KnownBoard", models: Sequence["Model"], settings: "Settings") -> None:
        """Run models on the selected cloud; nothing happens without both, or while another run goes on."""
        cloud, count = self._session.cloud, self._session.count
        if cloud is None or not models or self.busy:
            return
        self.board, self.problem, self.progress = board, "", Progress()
        questions, progress, history = WindowQuestions(self.asked.emit, self._secrets), self.progress, self._history

        def work(cancelled: Event) -> None:
            from bgnn_studio.ui.board_work import Chosen, profile

            chosen = [
                Chosen(model.path, cloud.cloud.name, lambda model=model: cloud.for_model(model, count).points)
                for model in models
                if model.path
            ]
            profile(board.target(), chosen, settings, history, questions, tell=self._news.emit, progress=progress, cancelled=cancelled)

        label = f"Profiling on {board.title}"
        self._jobs.start(label, work, done=lambda _: None, failed=self._failed, key=KEY, progress=progress)

    def cancel(self) -> None:
        """End the run; models that are through keep their figures."""
        self._jobs.cancel(KEY)

    def _hear(self, news: object) -> None:
        if isinstance(news, Profiled) and news.refused is not None:
            self._toasts.error("Measured, but not kept", news.refused)
        self.told.emit(news)

    def _failed(self, error: Exception) -> None:
        if isinstance(error, BgnnError):
            self.problem = str(error)
        else:
            self._toasts.error("Not profiled", error)
        self.changed.emit()

    def _jobs_changed(self) -> None:
        state = (self.busy, self.cancelling)
        if state != self._was:
            self._was = state
            self.changed.emit()
