"""The comparison that the window shows: runs the models side by side in the background, then counts, then measures."""

from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject, QTimer, Signal

from bgnn_studio.core.comparison import FEWEST, Comparison, Run, compare, count_bits, run_model, time_model
from bgnn_studio.core.comparison_rows import comparison_table
from bgnn_studio.core.comparison_table import Table
from bgnn_studio.native.kernels import knn_hamming
from bgnn_studio.ui.desk import THREADS

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from bgnn_studio.core.session import Session
    from bgnn_studio.native import Model
    from bgnn_studio.ui.toasts import Toasts
    from bgnn_studio.ui.workers import Job, Jobs

_KEY = "comparison"
_TIMED_S = 0.25  # of passes for each model
_FEWEST_PASSES, _MOST_PASSES = 3, 30


class Comparer(QObject):
    """Keeps a comparison of the models side by side on the points shown, while somebody looks at it.

    Graphs come first, since they are what is drawn. Latencies are measured last, one model after the other, and only while the window
    does nothing else; what another job disturbed is measured again.

    Attributes
    ----------
    comparison, table : Comparison and Table, or None
        Of all models that are side by side; None until they have run, or where there are fewer than two, or no cloud.

    Signals
    -------
    changed
        There is another comparison, none any more, or more figures in it.
    state_changed
        What `state` and `why_none` say may be something else.
    """

    changed, state_changed = Signal(), Signal()

    def __init__(self, session: "Session[Model]", jobs: "Jobs", toasts: "Toasts", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._jobs, self._toasts = session, jobs, toasts
        self.comparison: Comparison | None = None
        self.table: Table | None = None
        self._active = self._stopped = self._measuring = False
        self._points: NDArray[np.float32] | None = None
        self._models: tuple[Model, ...] = ()
        self._runs: dict[Model, Run] = {}
        self._job: Job | None = None
        self._soon = QTimer(self, singleShot=True, interval=0)  # once all that a change of jobs leads to has happened
        self._soon.timeout.connect(self._look)
        jobs.changed.connect(self._soon.start)
        session.subscribe(self._follow)

    @property
    def why_none(self) -> str:
        """Say what to do where there is nothing to compare; empty where there is."""
        s, models = self._session, self._session.choices.side_by_side
        if len(s.models) < FEWEST:
            return "Open two models or more, to see side by side what each makes of a cloud.\n\nDrop their files here, or press Ctrl+O."
        if len(models) < FEWEST:
            return "Check two to four models under Models, above."
        if s.points is None:
            return "Open a point cloud: drop its file here, or press Ctrl+O."
        return ""

    @property
    def complete(self) -> bool:
        """Whether every figure of the comparison is there."""
        return self.comparison is not None and self._lacking() is None

    @property
    def state(self) -> str:
        """Say what is still missing, and why; empty where nothing is."""
        if self.why_none or self.complete:
            return ""
        if self._stopped:
            return "Stopped: Run again (F5) goes on."
        others = [job.label for job in self._jobs.running if job is not self._job and not job.cancelled.is_set()]
        if self.comparison is not None and others:
            return f"Latencies are measured when nothing else runs: waiting for {others[-1]}."
        return ""

    def set_active(self, *, active: bool) -> None:
        """Begin or end to look at it; nothing is compared while nobody looks."""
        self._active = active
        if active:
            self._refresh()
        else:
            self._end()

    def again(self) -> None:
        """Go on after a stop, and measure all latencies once more."""
        self._stopped = False
        if (shown := self.comparison) is not None:
            self._end()
            comparison = replace(shown, runs=tuple(replace(run, latency=None) for run in shown.runs))
            self._take((comparison, comparison_table(comparison)))
        else:
            self._refresh()

    def _follow(self, changed: frozenset[str]) -> None:
        if changed & {"points", "cloud", "models", "compared", "reference"}:
            self._refresh()

    def _refresh(self) -> None:
        """Begin anew where other models, or other points, are side by side."""
        points, models = self._session.points, self._session.choices.side_by_side
        if points is not self._points:
            self._runs = {}
        if points is not self._points or models != self._models:
            self._points, self._models, self._stopped = points, models, False
            self.comparison = self.table = None
            self._runs = {model: run for model, run in self._runs.items() if model in self._session.models}
            self._end()
            self.changed.emit()
        self.state_changed.emit()
        self._soon.start()

    def _end(self) -> None:
        """Cancel what this runs, and what it gives."""
        job, self._job = self._job, None
        if job is not None:
            self._jobs.cancel(_KEY)

    def _look(self) -> None:
        """Find out what happened to the jobs, and go on where something is lacking."""
        if self._job is not None and self._job.cancelled.is_set():  # by the user: `_end` forgets those that it cancels
            self._job, self._stopped = None, True
        others = [job for job in self._jobs.running if job is not self._job and not job.cancelled.is_set()]
        if self._measuring and self._job is not None and others:
            self._end()  # measured again once this is over
        if self._job is None and self._active and not self._stopped and not self.why_none and (not others or self.comparison is None):
            self._go_on()
        self.state_changed.emit()

    def _lacking(self) -> "Literal['bits', 'latencies'] | None":
        runs = [run for run in self.comparison.runs if run.inference] if self.comparison else []
        if any(not run.facts for run in runs):
            return "bits"
        return "latencies" if any(run.latency is None for run in runs) else None

    def _go_on(self) -> None:
        comparison = self.comparison
        if comparison is None:
            self._start(f"Running {len(self._models)} models", self._compare())
        elif self._lacking() == "bits":
            self._start("Counting bits", lambda cancelled: comparison.with_runs(lambda run: _counted(run, cancelled), cancelled))
        elif self._lacking() == "latencies":
            self._start("Measuring latencies", lambda cancelled: comparison.with_runs(_timed, cancelled), measuring=True)

    def _compare(self) -> "Callable[[Event], Comparison | None]":
        cloud, points, models, known = self._session.cloud, self._points, self._models, dict(self._runs)
        assert cloud is not None
        assert points is not None
        name = cloud.cloud.name

        def run(cancelled: Event) -> Comparison | None:
            runs = []
            for model in models:
                if cancelled.is_set():
                    return None
                runs.append(known.get(model) or run_model(model, points, threads=THREADS))
            return compare(name, runs)

        return run

    def _start(self, label: str, run: "Callable[[Event], Comparison | None]", *, measuring: bool = False) -> None:
        def run_all(cancelled: Event) -> tuple[Comparison, Table] | None:
            comparison = run(cancelled)
            return None if comparison is None else (comparison, comparison_table(comparison))

        self._measuring = measuring
        self._job = self._jobs.start(label, run_all, done=self._take, failed=self._fail, key=_KEY)

    def _take(self, found: tuple[Comparison, Table]) -> None:
        self._job = None
        self.comparison, self.table = comparison, _ = found
        self._runs |= {run.model: run for run in comparison.runs}
        self.changed.emit()
        self._soon.start()

    def _fail(self, error: Exception) -> None:
        self._job, self._stopped = None, True
        self._toasts.error("Not compared", error)
        self.state_changed.emit()


def _counted(run: Run, cancelled: Event) -> Run:
    return run if run.facts else count_bits(run, knn_hamming, cancelled)


def _timed(run: Run) -> Run:
    """Measure a run's latency where it has none: as many passes as fit into the time for it."""
    if run.latency is not None or run.inference is None:
        return run
    fitting = int(_TIMED_S * 1e9 / max(run.inference.latency_ns, 1))
    return time_model(run, min(max(fitting, _FEWEST_PASSES), _MOST_PASSES))
