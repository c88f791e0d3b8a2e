"""What goes on on one board, as far as the window knows."""

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bgnn_studio.boards.messages import Heartbeat, Identity
from bgnn_studio.ui.board_news import Began, Bringing, Said
from bgnn_studio.ui.workers import Progress

if TYPE_CHECKING:
    from bgnn_studio.ui.board_questions import Question

LOG_LINES = 500


@dataclass(eq=False)
class BoardState:
    """What a board has told of the run that goes on, or was the last.

    Attributes
    ----------
    problem : str
        Why that ended early, and what to do; else empty.
    progress : Progress
    began : Began or None
        The model that runs; None before the first one.
    affinity : tuple of int or None
        CPUs that it may use.
    beats : list of Heartbeat
        Of that model.
    bringing : Bringing or None
        What is on its way to the board.
    question : Question or None
        The last that was asked.
    log : deque of str
    """

    problem: str = ""
    progress: Progress = field(default_factory=Progress)
    began: Began | None = None
    affinity: tuple[int, ...] | None = None
    beats: list[Heartbeat] = field(default_factory=list)
    bringing: Bringing | None = None
    question: "Question | None" = None
    log: deque[str] = field(default_factory=lambda: deque(maxlen=LOG_LINES))

    def begin(self) -> None:
        """Forget the last run, but for what it said."""
        self.problem, self.progress, self.question = "", Progress(), None
        self.began, self.bringing, self.beats = None, None, []

    def hear(self, news: object) -> None:
        """Keep what is told."""
        if isinstance(news, Said):
            self.log.append(news.text)
        elif isinstance(news, Began):
            self.began, self.bringing, self.beats = news, None, []
        elif isinstance(news, Bringing):
            self.bringing = news
        elif isinstance(news, Identity):
            self.affinity = news.affinity
        elif isinstance(news, Heartbeat):
            self.beats.append(news)
