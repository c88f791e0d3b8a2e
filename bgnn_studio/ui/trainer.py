"""The training runs of a folder, followed from a thread of its own, and the ones that this window has started."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from bgnn_studio.errors import BgnnError
from bgnn_studio.training.run_folder import METRICS, PROGRESS, Run, is_run, read_run
from bgnn_studio.training.run_lock import trainer_of
from bgnn_studio.ui.training_process import Request, TrainingProcess, ask_to_stop, start

if TYPE_CHECKING:
    from bgnn_studio.ui.toasts import Toasts

log = logging.getLogger(__name__)

POLL_MS = 400


class Trainer(QObject):
    """Looks at the folders twice a second while something runs or somebody watches.

    Attributes
    ----------
    root : Path
        Its folders are looked through for runs; it need not be there.
    runs : tuple of Run
        The newest first.
    own : dict
        Processes that this window has started and that have not ended, by folder.
    stopping : set of Path
        Folders of runs that were asked to stop.
    problem : str
        Why the last start failed; else empty.

    Signals
    -------
    changed
        Any of this is another now.
    ended(Run)
        A run that this window has started is over, however that came.
    """

    changed = Signal()
    ended = Signal(object)
    _looked = Signal(object)
    _began = Signal(object)
    _refused = Signal(object)

    def __init__(self, root: Path, toasts: "Toasts", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._toasts = toasts
        self.root = root
        self.runs: tuple[Run, ...] = ()
        self.own: dict[Path, TrainingProcess] = {}
        self.starting: Path | None = None
        self.stopping: set[Path] = set()
        self.problem = ""
        self.watched = False
        self._known: dict[Path, tuple[object, Run]] = {}
        self._looking = False
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bgnn-job-training")
        self._looked.connect(self._take)  # emitted by the worker: arrive queued
        self._began.connect(self._take_process)
        self._refused.connect(self._refuse)
        self._clock = QTimer(self, interval=POLL_MS)
        self._clock.timeout.connect(self.look)
        self._clock.start()

    @property
    def busy(self) -> bool:
        """Whether a run that this window has started goes on."""
        return bool(self.own) or self.starting is not None

    def run(self, folder: Path | None) -> Run | None:
        """Return the run of a folder, if there is one."""
        return next((run for run in self.runs if run.folder == folder), None)

    def set_root(self, root: Path) -> None:
        """Look through another folder."""
        self.root = root
        self.look(force=True)

    def look(self, *, force: bool = False) -> None:
        """Read what has changed, in the background."""
        if self._looking or not (force or self.watched or self.busy):
            return
        self._looking = True
        own, root = dict(self.own), self.root

        def look() -> None:
            try:
                self._looked.emit(self._look(root, own))
            except Exception:
                log.exception("looking at %s failed", root)
                self._looked.emit((list(self.runs), []))

        self._submit(look)

    def start(self, request: Request) -> None:
        """Start a run, or go on with one."""
        self.problem, self.starting = "", request.folder

        def begin() -> None:
            try:
                self._began.emit(start(request))
            except (BgnnError, OSError) as error:
                self._refused.emit(error)

        self._submit(begin)
        self.changed.emit()

    def stop(self, folder: Path) -> None:
        """Ask a run to save and end, whoever has started it."""
        run, own = self.run(folder), self.own.get(folder)
        pid = own.process.pid if own is not None else run.pid if run is not None else None
        if pid:
            self.stopping.add(folder)
            ask_to_stop(pid)
            self.changed.emit()

    def close(self) -> None:
        """Follow nothing any more; processes go on unless they were asked to stop."""
        self._clock.stop()
        self._worker.shutdown(wait=True, cancel_futures=True)

    def _submit(self, call: Callable[[], Any]) -> None:
        with suppress(RuntimeError):  # the window is closing
            self._worker.submit(call)

    def _look(self, root: Path, own: dict[Path, TrainingProcess]) -> tuple[list[Run], list[tuple[Path, str]]]:
        """Return the runs, and the folders whose process has ended with its last words; called by the worker."""
        gone = [(folder, process.last_words()) for folder, process in own.items() if not process.alive]
        folders = {folder for folder in (root, *_folders(root)) if is_run(folder)} | {folder for folder in own if is_run(folder)}
        runs = []
        for folder in folders:
            stamp = _stamp(folder)
            if folder not in self._known or self._known[folder][0] != stamp:
                try:
                    self._known[folder] = (stamp, read_run(folder))
                except BgnnError as error:
                    log.warning("%s", error)
                    continue
            runs.append(self._known[folder][1])
        return sorted(runs, key=lambda run: run.began, reverse=True), gone

    def _take(self, found: tuple[list[Run], list[tuple[Path, str]]]) -> None:
        runs, gone = tuple(found[0]), found[1]
        self._looking = False
        if runs != self.runs or gone:
            self.runs = runs
            self.stopping &= {run.folder for run in runs if run.state == "running"} | set(self.own)
            for folder, words in gone:
                self._end(self.own.pop(folder), words)
            self.changed.emit()

    def _end(self, process: TrainingProcess, words: str) -> None:
        folder = process.request.folder
        self.stopping.discard(folder)
        run = self.run(folder)
        if process.process.returncode and (run is None or run.state not in ("stopped", "failed")):
            code = process.process.returncode
            how = f"ended by signal {-code}" if code < 0 else f"ended with code {code}"
            self.problem = (
                words.removeprefix("bgnn-studio: ")
                if code == 2 and words
                else f"The process of {folder.name} {how}. Resume goes on from its last snapshot."
            )
        elif run is not None and run.state == "failed":
            self.problem = run.problem
        if run is not None:
            self.ended.emit(run)

    def _take_process(self, process: TrainingProcess) -> None:
        self.starting = None
        self.own[process.request.folder] = process
        self.changed.emit()

    def _refuse(self, error: Exception) -> None:
        self.starting = None
        self.problem = str(error)
        if not isinstance(error, BgnnError):
            self._toasts.error("Not trained", error)
        self.changed.emit()


def _folders(root: Path) -> list[Path]:
    try:
        return [path for path in root.iterdir() if path.is_dir()]
    except OSError:
        return []


def _stamp(folder: Path) -> object:
    """Return what differs whenever a run's folder has something new to say."""
    sizes = []
    for name in (METRICS, PROGRESS):
        try:
            status = (folder / name).stat()
            sizes.append((status.st_size, status.st_mtime_ns))
        except OSError:
            sizes.append((0, 0))
    return (*sizes, trainer_of(folder))
