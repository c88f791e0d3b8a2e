"""The only bridge from threads to Qt: functions run on a small pool, what they give arrives on the GUI thread."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from PySide6.QtCore import QObject, Signal

from bgnn_studio.errors import BgnnError

log = logging.getLogger(__name__)


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
    cancelled : Event
        Set to ask the function to stop; a cancelled job calls neither `done` nor `failed`.
    """

    label: str
    key: str | None
    done: Callable[[Any], None]
    failed: Callable[[Exception], None]
    cancelled: Event = field(default_factory=Event)


class Jobs(QObject):
    """A pool of two threads; every method is called on the GUI thread.

    Signals
    -------
    changed
        The list of unfinished jobs, `running`, is another now.
    """

    changed = Signal()
    _ended = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.running: list[Job] = []
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="bgnn-job")
        self._ended.connect(self._finish)  # emitted by a worker: arrives queued

    def start(
        self,
        label: str,
        function: Callable[[Event], Any],
        *,
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
        key: str | None = None,
    ) -> Job:
        """Run ``function(cancelled)`` off the GUI thread; it may look at the event and return early."""
        if key is not None:
            self.cancel(key)
        job = Job(label, key, done, failed)
        self.running.append(job)
        self.changed.emit()
        self._pool.submit(self._run, job, function)
        return job

    def cancel(self, key: str | None = None) -> None:
        """Cancel the jobs of a key, or all."""
        for job in self.running:
            if key is None or job.key == key:
                job.cancelled.set()
        self.changed.emit()

    def close(self) -> None:
        """Cancel everything and wait until no thread of the pool is left; results that still come are dropped."""
        self.cancel()
        self._pool.shutdown(wait=True, cancel_futures=True)

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
        self.changed.emit()
        if job.cancelled.is_set():
            return
        if not isinstance(result, Exception):
            job.done(result)
            return
        if not isinstance(result, BgnnError):
            log.error("%s failed", job.label, exc_info=result)
        job.failed(result)
