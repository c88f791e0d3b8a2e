"""What the window does with files and models, off the GUI thread: opening them, and inference on what is selected."""

import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING

from bgnn_studio.core.bit_facts import bit_facts
from bgnn_studio.core.comparison import why_incomparable
from bgnn_studio.core.opened import OpenCloud
from bgnn_studio.core.saved_session import restored_choices
from bgnn_studio.core.timing import median_pass
from bgnn_studio.errors import BgnnError
from bgnn_studio.native import Model
from bgnn_studio.native.kernels import knn_hamming
from bgnn_studio.ui.converting import Checkpoint
from bgnn_studio.ui.opening import Opened, OpenedSession, open_all, resample
from bgnn_studio.ui.workers import Progress, telling

if TYPE_CHECKING:
    from bgnn_studio.core.inference import Inference
    from bgnn_studio.core.opened import PointCount
    from bgnn_studio.core.preparation import Preparation
    from bgnn_studio.core.session import Session
    from bgnn_studio.ui.toasts import Toasts
    from bgnn_studio.ui.workers import Jobs

log = logging.getLogger(__name__)

THREADS = max(1, min(4, (os.cpu_count() or 1) - 1))  # one core is left to the window
PASSES, PASSES_SECONDS = 9, 0.15  # for the times shown; few enough that switching models stays instant

GAPS_SHOWN = 6


class Desk:
    """Opens files into a session and keeps its inference up to date.

    Attributes
    ----------
    session_opened : callable
        Called with each session file that was opened, for what is not in the session: camera and tab.
    checkpoint_opened : callable
        Called with the path of each checkpoint, which must be converted first.
    """

    def __init__(self, session: "Session[Model]", jobs: "Jobs", toasts: "Toasts") -> None:
        self.session_opened: Callable[[OpenedSession], None] = lambda _: None
        self.checkpoint_opened: Callable[[Path], None] = lambda _: None
        self._session, self._jobs, self._toasts = session, jobs, toasts
        self._pass = Lock()  # a pass that nobody waits for any more cannot be stopped, and would disturb the times of the next one
        session.subscribe(self._follow)

    def open(self, paths: Sequence[Path], *, undoable: bool = True, name: str = "") -> None:
        """Open clouds, models and sessions, told apart by content, and select the first cloud and the first model.

        A bad file is a toast and nothing else. `name` is what the files are called for the user, where their own names say nothing.
        """
        name = name or (paths[0].name if len(paths) == 1 else f"{len(paths)} files")
        clouds, models, count = self._session.clouds, self._session.models, self._session.count

        progress = Progress()

        def run(cancelled: Event) -> Opened:
            return open_all(paths, clouds, models, count, cancelled=cancelled, tell=telling(progress, cancelled))

        def done(opened: Opened) -> None:
            self._opened(opened, name)
            if not undoable:
                self._session.forget_steps()

        self._jobs.start(f"Opening {name}", run, done=done, failed=self._fail("Not opened"), progress=progress)

    def infer(self) -> None:
        """Run the selected model on the selected cloud; a newer call makes an older one's result void."""
        cloud, points, model = self._session.cloud, self._session.points, self._session.model
        self._jobs.cancel("inference")
        if cloud is None or points is None or model is None:
            return

        def run(cancelled: Event) -> "tuple[Inference, int] | None":
            with self._pass:
                if cancelled.is_set():
                    return None
                return median_pass(lambda: model.infer(points, threads=THREADS, trace=True), PASSES, PASSES_SECONDS, cancelled)

        label = f"Running {model.name} on {cloud.cloud.name}"
        self._jobs.start(
            label, run, done=lambda found: self._session.set_inference(*found), failed=self._fail("No inference"), key="inference"
        )

    def set_count(self, count: "PointCount") -> None:
        """Run the model on another number of points, once the open clouds are resampled to it."""
        s = self._session
        clouds, model = ([s.cloud] if s.cloud else []) + [c for c in s.clouds if c is not s.cloud], s.model

        def run(cancelled: Event) -> None:
            for cloud in clouds:
                if model is not None and not cancelled.is_set():
                    cloud.for_model(model, count)

        def done(_: None) -> None:
            try:
                s.set_count(count)
            except BgnnError as error:
                self._toasts.error("Not another number of points", error)

        self._jobs.start("Resampling the open clouds", run, done=done, failed=self._fail("Not resampled"), key="count")

    def prepare(self, preparation: "Preparation", label: str) -> None:
        """Do something else to the points of the selected cloud, as one step."""
        s = self._session
        cloud, models, count = s.cloud, s.models, s.count
        self._jobs.cancel("prepare")
        if cloud is None or cloud.preparation == preparation:
            return

        def run(cancelled: Event) -> OpenCloud:
            newer = OpenCloud(cloud.cloud, preparation)
            resample((newer, *models), count, cancelled)
            return newer

        def done(newer: OpenCloud) -> None:
            try:
                s.prepare(cloud, newer, label)
            except BgnnError as error:
                self._toasts.error("Not prepared in another way", error)

        self._jobs.start(f"Preparing {cloud.cloud.name}", run, done=done, failed=self._fail("Not prepared in another way"), key="prepare")

    def infer_reference(self) -> None:
        """Run the reference on the same points, after the selected model so that neither's times disturb the other's."""
        s = self._session
        self._jobs.cancel("reference")
        reference, points = s.reference, s.points
        if s.inference is None or s.live or s.reference_inference is not None or reference is None or points is None:
            return

        def run(_: Event) -> "Inference":
            with self._pass:
                return reference.infer(points, threads=THREADS, trace=True)

        if why_incomparable(reference, s.model, len(points)) is None:
            self._jobs.start(
                f"Running {reference.name}, the reference",
                run,
                done=s.set_reference_inference,
                failed=self._fail("No reference"),
                key="reference",
            )

    def count_bits(self) -> None:
        """Count what the bits of the layer shown tell apart, where it has bits."""
        s = self._session
        self._jobs.cancel("facts")
        trace = s.inference.trace if s.inference else None
        if s.facts is None and trace is not None and s.bits and not s.live:
            words, channels, distances = trace.features[s.layer - 2], s.bits, trace.distances[s.layer - 1]
            self._jobs.start(
                f"Counting bits of layer {s.layer}",
                lambda _: bit_facts(words, channels, distances, knn_hamming),
                done=s.set_facts,
                failed=self._fail("Bits not counted"),
                key="facts",
            )

    def _opened(self, opened: Opened, name: str) -> None:
        for path, what in opened:
            if isinstance(what, Exception):
                self._toasts.error(f"{path.name} was not opened", what)
            elif isinstance(what, OpenedSession):
                self._restore(what, name)
            elif isinstance(what, Checkpoint):
                self.checkpoint_opened(what.path)
        clouds = [what for _, what in opened if isinstance(what, OpenCloud)]
        models = [what for _, what in opened if isinstance(what, Model)]
        names = [*(cloud.cloud.name for cloud in clouds), *(model.name for model in models)]
        with self._session.step(f"open {names[0]}" if len(names) == 1 else f"open {len(names)} files"):
            for cloud in clouds:
                self._session.add_cloud(cloud)
            for model in models:
                self._session.add_model(model)
            try:
                for cloud in clouds[:1]:
                    self._session.select_cloud(cloud)
                for model in models[:1]:
                    self._session.select_model(model)
            except BgnnError as error:
                self._toasts.error("Opened, but not selected", error)

    def _restore(self, opened: OpenedSession, name: str) -> None:
        """Show a session instead of what is shown; that can be undone."""
        if any((*opened.clouds, *opened.models)) or not opened.gaps:
            self._session.restore(restored_choices(opened.saved, opened.clouds, opened.models), f"open {name}")
            self.session_opened(opened)
        if opened.gaps:
            more = len(opened.gaps) - GAPS_SHOWN
            lines = [*opened.gaps[:GAPS_SHOWN], *([f"And {more} more: the log lists them."] if more > 0 else [])]
            log.warning("%s opened with gaps: %s", opened.path, "; ".join(opened.gaps))
            self._toasts.error("Not all of the session could be opened as it was", BgnnError("\n".join(lines)))

    def _fail(self, title: str) -> Callable[[Exception], None]:
        return lambda error: self._toasts.error(title, error)

    def _follow(self, changed: frozenset[str]) -> None:
        if changed & {"cloud", "model", "count"}:
            self.infer()
        if changed & {"points", "model", "inference", "reference"}:
            self.infer_reference()
        if changed & {"inference", "layer"}:
            self.count_bits()
