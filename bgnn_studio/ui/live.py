"""Inference that follows the perturbation while it moves: the latest one wins, and none waits behind an older one."""

from threading import Event
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from bgnn_studio.core.perturbed import PerturbedPass, perturbed_pass
from bgnn_studio.ui.desk import THREADS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bgnn_studio.core.inference import Inference
    from bgnn_studio.core.session import Session
    from bgnn_studio.native import Model
    from bgnn_studio.ui.desk import Desk
    from bgnn_studio.ui.workers import Job, Jobs

REST_MS = 300  # without a change, until what takes longer is computed: times, the reference, the facts of bits


class Live(QObject):
    """One pass at a time on what the session's perturbation is when the pass starts.

    Parameters
    ----------
    session, jobs, desk
        The desk infers once the perturbation rests.

    Signals
    -------
    refused(Exception)
        There was no pass: too few points are left, or the engine refused.
    """

    refused = Signal(object)

    def __init__(self, session: "Session[Model]", jobs: "Jobs", desk: "Desk", parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._jobs = session, jobs
        self._job: Job | None = None
        self._again = False
        self._before: tuple[Model, NDArray[np.float32], Inference] | None = None  # the unperturbed pass, and of what
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(desk.infer)
        session.subscribe(self._follow)

    def stop(self) -> None:
        """Start nothing more."""
        self._rest.stop()
        self._again = False

    def _start(self) -> None:
        """Run one pass; while it runs, any number of changes make one more."""
        model, points, perturbation = self._session.model, self._session.choices.points, self._session.perturbation
        if model is None or points is None:
            return
        for key in ("inference", "reference", "facts"):
            self._jobs.cancel(key)
        self._rest.stop()
        self._again = False
        before = self._before[2] if self._before and self._before[0] is model and self._before[1] is points else None

        def infer(cloud: "NDArray[np.float32]") -> "Inference":
            return model.infer(cloud, threads=THREADS, trace=True)

        def run(_: Event) -> PerturbedPass:
            return perturbed_pass(perturbation, points, infer, before or infer(points), model.spec.k)

        def done(found: PerturbedPass) -> None:
            if self._session.model is model and self._session.choices.points is points:
                self._before = (model, points, found.unperturbed)
                self._session.set_perturbed(found)
            self._ended()

        def failed(error: Exception) -> None:
            self.refused.emit(error)
            self._ended()

        self._job = self._jobs.start("", run, done=done, failed=failed)

    def _ended(self) -> None:
        self._job = None
        if self._again:
            self._start()
        elif self._session.live:
            self._rest.start()

    def _follow(self, changed: frozenset[str]) -> None:
        if "perturbation" in changed:
            if self._job is not None and not self._job.cancelled.is_set():  # a cancelled one does not tell when it ends
                self._again = True
            else:
                self._start()
