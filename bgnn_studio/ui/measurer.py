"""Latency measured in the window: the selected model, the float network of its sizes, and torch; each run is kept in the history."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from bgnn_studio.core.digests import file_sha256
from bgnn_studio.core.machine import cores, this_machine
from bgnn_studio.core.spec import NetworkSpec, float_twin
from bgnn_studio.core.timing import Latency, LayerTime, StoppedBy, layer_times, measure_until
from bgnn_studio.errors import HistoryError
from bgnn_studio.history import Filter, History
from bgnn_studio.history.local import local_run
from bgnn_studio.training.latency_process import measure_torch
from bgnn_studio.ui.workers import Progress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bgnn_studio.core.session import Session
    from bgnn_studio.history import Run
    from bgnn_studio.native import Model
    from bgnn_studio.ui.runs import Runs
    from bgnn_studio.ui.toasts import Toasts
    from bgnn_studio.ui.workers import Jobs

_PARTS = 1000  # of a measurement, in its progress
KEY = "measure"


@dataclass(frozen=True, eq=False)
class Measured:
    """What one network took: every pass, the medians of its layers (none of torch), and what it ran on."""

    latency: Latency
    stopped_by: StoppedBy
    layers: Sequence[LayerTime]
    isa: str
    threads: int


@dataclass(frozen=True)
class TorchNetwork:
    """A network of random weights, which is in no file."""

    spec: NetworkSpec
    name: str = "dgcnn"
    path: Path | None = None


class Measurer(QObject):
    """Measures what is selected, and remembers it while its model is open.

    Attributes
    ----------
    threads : int
        For the next measurement, 1 to the cores that this process may use.
    runs : Runs
        Earlier runs of the selected model on this machine, once `list_runs` was called.

    Signals
    -------
    changed
        Another measurement, selection or number of threads; or one began or ended.
    """

    changed = Signal()

    def __init__(self, session: "Session[Model]", jobs: "Jobs", toasts: "Toasts", runs: "Runs", threads: int) -> None:
        super().__init__(jobs)
        self._session, self._jobs, self._toasts, self.runs = session, jobs, toasts, runs
        self.threads = min(threads, cores())
        self._found: dict[tuple[Model | NetworkSpec, int, int], Measured] = {}
        session.subscribe(self._follow)
        self._was_running = False
        jobs.changed.connect(self._jobs_changed)

    @property
    def running(self) -> bool:
        """Whether a measurement is under way."""
        return any(job.key == KEY and not job.cancelled.is_set() for job in self._jobs.running)

    @property
    def ready(self) -> bool:
        """Whether there is something to measure."""
        return self._session.model is not None and self._session.points is not None

    @property
    def twin(self) -> "Model | None":
        """An open float model of the selected one's sizes, unless that is float itself."""
        model = self._session.model
        if model is None or model.spec.conv == "EdgeConv":
            return None
        return next((other for other in self._session.models if _sizes(other.spec) == _sizes(float_twin(model.spec))), None)

    @property
    def engine(self) -> Measured | None:
        """The selected model, measured with this number of threads."""
        return self._get(self._session.model)

    @property
    def float_engine(self) -> Measured | None:
        """Its float twin, measured with as many."""
        return self._get(self.twin)

    @property
    def torch(self) -> Measured | None:
        """The torch module of the float network of these sizes, measured with as many."""
        model = self._session.model
        return None if model is None else self._get(float_twin(model.spec))

    def set_threads(self, threads: int) -> None:
        """Measure with another number of threads from now on."""
        self.threads = threads
        self.changed.emit()

    def measure(self) -> None:
        """Measure the selected model, and its float twin where one is open."""
        s, threads, twin = self._session, self.threads, self.twin
        if s.model is None or s.points is None or s.cloud is None:
            return
        models, points, cloud, progress = [m for m in (s.model, twin) if m], s.points, s.cloud.cloud.name, Progress()

        def work(cancelled: Event) -> "list[tuple[Model, Measured, Run]]":
            found = []
            for number, model in enumerate(models):
                told = _telling(progress, number, len(models))
                measurement = measure_until(lambda model=model: model.infer(points, threads=threads), progress=told, cancelled=cancelled)
                if measurement is None:
                    return []
                layers, isa = layer_times(measurement.results), measurement.results[-1].isa
                run = local_run(measurement, model, cloud=cloud, points=len(points), threads=threads, isa=isa, layers=layers)
                found.append((model, Measured(measurement.latency, measurement.stopped_by, layers, isa, threads), run))
            return found

        self._start(f"Measuring {' and '.join(model.name for model in models)}", work, progress, points)

    def measure_torch(self) -> None:
        """Measure the torch module of the float network of these sizes, in a process of its own."""
        s, threads, twin = self._session, self.threads, self.twin
        if s.model is None or s.points is None or s.cloud is None:
            return
        spec, points, cloud, progress = float_twin(s.model.spec), s.points, s.cloud.cloud.name, Progress()
        known = s.model if s.model.spec.conv == "EdgeConv" else twin

        def work(cancelled: Event) -> "list[tuple[NetworkSpec, Measured, Run]]":
            found = measure_torch(spec, points, threads, progress=_telling(progress, 0, 1), cancelled=cancelled)
            if found is None:
                return []
            details = {"torch": found.torch, "weights": "random"}
            conditions = {"cloud": cloud, "points": len(points), "threads": threads, "isa": found.isa}
            run = local_run(found.measured, known or TorchNetwork(spec), engine="torch", details=details, **conditions)
            return [(spec, Measured(found.measured.latency, found.measured.stopped_by, (), found.isa, threads), run)]

        self._start("Measuring torch in a process of its own", work, progress, points)

    def cancel(self) -> None:
        """Stop measuring; what was measured so far is dropped."""
        self._jobs.cancel(KEY)

    def list_runs(self) -> None:
        """List earlier runs of the selected model on this machine."""
        model = self._session.model
        path = None if model is None else model.path
        if path is None:
            self.runs.clear()
            return
        machine = this_machine().name
        self.runs.load(lambda: Filter(kind="local", engine="native", machine=machine, model=file_sha256(path)))

    def _start(self, label: str, work: Callable[[Event], Any], progress: Progress, points: "NDArray[np.float32]") -> None:
        history = self.runs.history

        def both(cancelled: Event) -> tuple[Any, HistoryError | None]:
            found = work(cancelled)
            return found, None if cancelled.is_set() else _keep(history, [run for _, _, run in found])

        def done(result: tuple[Any, HistoryError | None]) -> None:
            found, error = result
            for what, measured, _ in found:
                self._found[what, len(points), measured.threads] = measured
            if error is not None:
                self._toasts.error("Measured, but not kept", error)
            self.runs.reload()
            self.changed.emit()

        failed = lambda error: self._toasts.error("Not measured", error)  # noqa: E731
        self._jobs.start(label, both, done=done, failed=failed, key=KEY, progress=progress)

    def _jobs_changed(self) -> None:
        if self.running != self._was_running:
            self._was_running = self.running
            self.changed.emit()

    def _get(self, what: "Model | NetworkSpec | None") -> Measured | None:
        points = self._session.points
        return None if what is None or points is None else self._found.get((what, len(points), self.threads))

    def _follow(self, changed: frozenset[str]) -> None:
        if changed & {"model", "cloud", "points"}:
            self._jobs.cancel(KEY)  # its answer would be to a question of before
        if "models" in changed:
            gone = [key for key in self._found if not isinstance(key[0], NetworkSpec) and key[0] not in self._session.models]
            for key in gone:
                del self._found[key]
        if changed & {"model", "models", "points", "inference"}:
            self.changed.emit()


def _sizes(spec: NetworkSpec) -> tuple[object, ...]:
    return (spec.conv, spec.k, spec.widths, spec.embedding, spec.head)


def _telling(progress: Progress, number: int, of: int) -> Callable[[float], None]:
    return lambda share: progress.tell(round((number + share) * _PARTS), of * _PARTS)


def _keep(history: History, runs: "list[Run]") -> HistoryError | None:
    """Store runs; what was measured is shown even where they cannot be."""
    try:
        for run in runs:
            history.add(run)
    except HistoryError as error:
        return error
    return None
