"""The only bridge from threads to Qt: functions run on a small pool, what they give arrives on the GUI thread."""

import logging
import sys
from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event
from time import monotonic
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from bgnn_studio.errors import BgnnError

log = logging.getLogger(__name__)

_PROGRESS_MS = 300  # each repaints the window: 40 ms at 2560x1440 without a GPU
_ETA_AFTER_S = 0.5
_WAITING = 32
_SWITCH_S = 0.0005  # the GUI thread takes the interpreter back at every event: with 5 ms, as is usual, workers make it stutter


class Progress:
    """How far one job, or several in a row, have come: told by a worker, read on the GUI thread.

    Attributes
    ----------
    done, total : int
        Parts of equal work; a total of 0 is not known yet.
    """

    def __init__(self) -> None:
        self.done = self.total = 0
        self._start = (0, 0.0)

    def tell(self, done: int, total: int) -> None:
        """Say how much is done; another total than before starts the clock anew."""
        if total != self.total:
            self._start = (done, monotonic())
        self.done, self.total = done, total

    @property
    def seconds_left(self) -> float | None:
        """An estimate, at the mean speed so far; None until there is one."""
        first, started = self._start
        elapsed = monotonic() - started
        return None if self.done <= first or elapsed < _ETA_AFTER_S else elapsed / (self.done - first) * (self.total - self.done)

    @property
    def time_left(self) -> str:
        """The estimate in words; empty until there is one."""
        left = self.seconds_left
        if left is None:
            return ""
        return f"about {left:.0f} s left" if left < 99.5 else f"about {left / 60:.0f} min left"


def telling(progress: Progress, cancelled: Event) -> Callable[[int, int], None]:
    """Return what tells a job's progress, and ends the job with `CancelledError` once it is cancelled."""

    def tell(done: int, total: int) -> None:
        if cancelled.is_set():
            raise CancelledError
        progress.tell(done, total)

    return tell


@dataclass(eq=False)
class Job:
    """One call on the pool.

    Attributes
    ----------
    label : str
        What it does, for the status bar; empty for one that comes many times a second and is not shown there.
    key : str or None
        A newer job of the same key makes this one stale: cancelled, and its result dropped.
    done, failed : callable
        Called on the GUI thread with the result, or with the exception.
    progress : Progress or None
        What the function tells, if it does.
    cancelled : Event
        Set to ask the function to stop; a cancelled job calls neither `done` nor `failed`.
    """

    label: str
    key: str | None
    done: Callable[[Any], None]
    failed: Callable[[Exception], None]
    progress: Progress | None = None
    cancelled: Event = field(default_factory=Event)


class Jobs(QObject):
    """A pool of two threads, and others for jobs that mostly wait; every method is called on the GUI thread.

    Signals
    -------
    changed
        The list of unfinished jobs, `running`, is another now.
    progressed
        Some time has passed, and a job that tells its progress is running.
    """

    changed = Signal()
    progressed = Signal()
    _ended = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.running: list[Job] = []
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="bgnn-job")
        sys.setswitchinterval(_SWITCH_S)
        self._waiting = ThreadPoolExecutor(max_workers=_WAITING, thread_name_prefix="bgnn-job-waits")
        self._ended.connect(self._finish)  # emitted by a worker: arrives queued
        self._clock = QTimer(self, interval=_PROGRESS_MS)
        self._clock.timeout.connect(self.progressed)

    def start(
        self,
        label: str,
        function: Callable[[Event], Any],
        *,
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
        key: str | None = None,
        progress: Progress | None = None,
        waits: bool = False,
    ) -> Job:
        """Run ``function(cancelled)`` off the GUI thread; it may look at the event and return early.

        One that `waits` for something else most of its time takes no thread of the pool.
        """
        if key is not None:
            self.cancel(key)
        job = Job(label, key, done, failed, progress)
        self.running.append(job)
        if progress is not None:
            self._clock.start()
        self.changed.emit()
        (self._waiting if waits else self._pool).submit(self._run, job, function)
        return job

    def cancel(self, key: str | None = None) -> None:
        """Cancel the jobs of a key, or all."""
        for job in self.running:
            if key is None or job.key == key:
                job.cancelled.set()
        self.changed.emit()

    def close(self) -> None:
        """Cancel everything and wait until no thread of the pool is left; results that still come are dropped."""
        self._clock.stop()
        self.cancel()
        for pool in (self._pool, self._waiting):
            pool.shutdown(wait=True, cancel_futures=True)

    def _run(self, job: Job, function: Callable[[Event], Any]) -> None:
        result: Any = None
        if not job.cancelled.is_set():
            try:
                result = function(job.cancelled)
            except Exception as error:  # noqa: BLE001 (a worker must hand over whatever happened)
                result = error
        self._ended.emit(job, result)

    def _finish(self, job: Job, result: object) -> None:
        self.running.remove(job)
        if not any(other.progress for other in self.running):
            self._clock.stop()
        self.changed.emit()
        if job.cancelled.is_set():
            return
        if not isinstance(result, Exception):
            job.done(result)
            return
        if not isinstance(result, BgnnError):
            log.error("%s failed", job.label, exc_info=result)
        job.failed(result)
