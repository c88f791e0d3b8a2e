"""Models run on a board one after the other, on a worker's thread; imported there, for asyncssh takes its time."""

from collections.abc import Callable, Sequence
from concurrent.futures import wait
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event as Flag
from typing import TYPE_CHECKING

from bgnn_studio.boards.board import Board, Connecting, Event, Finished, LinkLost, Started, Uploading
from bgnn_studio.boards.host_keys import HostKeys
from bgnn_studio.boards.messages import Cool, Failure, First, Heartbeat, Init, Message, Noise, Result, Stopped
from bgnn_studio.boards.recorded import record
from bgnn_studio.boards.task import Settings, Task, prepare
from bgnn_studio.boards.thread import BoardThread
from bgnn_studio.errors import HistoryError
from bgnn_studio.ui.board_news import Began, Bringing, Profiled, Said

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bgnn_studio.boards.target import Target
    from bgnn_studio.history import History, Run
    from bgnn_studio.ui.board_questions import WindowQuestions
    from bgnn_studio.ui.workers import Progress

POLL_S = 0.1
_PARTS = 1000  # of a model, in the progress
Tell = Callable[[object], None]


@dataclass(frozen=True, eq=False)
class Chosen:
    """A model to run, its cloud's name, and what gives the points."""

    path: Path
    cloud: str
    points: "Callable[[], NDArray[np.float32]]"


def profile(
    target: "Target",
    chosen: Sequence[Chosen],
    settings: Sequence[Settings],
    history: "History",
    questions: "WindowQuestions",
    *,
    tell: Tell,
    progress: "Progress",
    cancelled: Flag,
) -> None:
    """Compute this machine's own outputs, then run each model in each way; returns once nothing is left there. Raises `BgnnError`."""
    tasks = []
    for one in chosen:
        if cancelled.is_set():
            return
        tell(Said(f"{one.path.stem}: computing this machine's own outputs on {one.cloud}"))
        task = prepare(one.path, one.cloud, one.points(), settings[0])
        tasks += [replace(task, settings=each) for each in settings]
    listener = _Listener(tasks, history, tell, progress)
    with BoardThread() as thread:  # leaving it ends what still runs

        async def run() -> None:
            async with Board(target, HostKeys(), questions, listener) as board:
                await board.run(tasks)

        future = thread.start(run())
        while not wait([future], POLL_S).done:
            if cancelled.is_set():
                return
        future.result()


class _Listener:
    """Turns a board's events into news for the window, keeps finished runs, and tells the progress; called on the boards' thread."""

    def __init__(self, tasks: list[Task], history: "History", tell: Tell, progress: "Progress") -> None:
        self._tasks, self._history, self._tell, self._progress = tasks, history, tell, progress
        self._number = 0

    def __call__(self, event: Event) -> None:
        if isinstance(event, Finished):
            kept = record(event.run)
            self._tell(Profiled(kept, self._keep(kept)))
            return
        if isinstance(event, Started):
            self._number = self._tasks.index(event.task)
            self._tell(Began(event.task.model, self._number + 1, len(self._tasks), event.task.settings))
        if isinstance(event, Uploading):
            self._tell(Bringing(event.what, event.sent / event.total))
        if isinstance(event, Heartbeat):
            self._show_progress(event)
        if text := describe(event):
            self._tell(Said(text))
        if isinstance(event, Message):
            self._tell(event)

    def _keep(self, run: "Run") -> HistoryError | None:
        try:
            self._history.add(run)
        except HistoryError as error:
            return error
        return None

    def _show_progress(self, beat: Heartbeat) -> None:
        settings = self._tasks[self._number].settings
        seconds = settings.soak or settings.seconds
        share = beat.runs / settings.repeat if settings.repeat else beat.elapsed_s / seconds if beat.phase == "measure" else 0.0
        self._progress.tell(self._number * _PARTS + round(_PARTS * min(share, 1.0)), len(self._tasks) * _PARTS)


def describe(event: Event) -> str:
    """Return an event as a line of the log; empty for one that has none."""
    match event:
        case Connecting(attempt=attempt):
            return "Connecting" if attempt == 1 else f"Connecting again, try {attempt}"
        case Uploading(what=what, sent=sent, total=total) if sent == total:
            return f"{what}: {total:,} bytes brought"
        case Started(task=task):
            return f"{task.model}: running on {task.cloud}, {task.points} points, threads {task.settings.threads}"
        case LinkLost(reason=reason, pause_s=pause):
            return f"{reason} Trying again in {pause:g} s."
    return _describe_line(event)


def _describe_line(event: Event) -> str:
    text = ""
    match event:
        case Init(open_ns=ns):
            text = f"Opened in {ns / 1e6:.2f} ms"
        case Cool(seconds=seconds, celsius=celsius, reached=reached):
            at = "" if celsius is None else f" at {celsius:.1f} \N{DEGREE SIGN}C"
            text = f"Paused for {seconds:.0f} s, began{at}{'' if reached else ', hotter than asked'}"
        case First(ns=ns):
            text = f"First pass {ns / 1e6:.2f} ms, cold"
        case Result(passes=n, p50_ns=ns, stopped_by=why):
            text = f"Median {ns / 1e6:.3f} ms of {n:,} passes ({why.replace('_', ' ')})"
        case Stopped(reason=reason):
            text = f"Stopped by {reason}"
        case Failure(message=said) | Noise(text=said):
            text = said
    return text
