"""Keeps what a window shows on disk while it is used, so that the next start can bring it back after a crash.

Each window has a file of its own in the folder, and a lock beside it that ends with its process. A file whose lock is free was left
behind.
"""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from PySide6.QtCore import QLockFile, QObject, QTimer, Signal

from bgnn_studio.core.saved_session import SavedSession
from bgnn_studio.errors import SessionFileError
from bgnn_studio.io.session_file import EXTENSION, with_fingerprints, write_session

log = logging.getLogger(__name__)

DELAY_MS = 700  # from a change to the disk; changes in between are saved with it
_LAST = f"last{EXTENSION}"


@dataclass
class Leftover:
    """The session of a window that was cut off; nobody else can claim it until it is kept or dropped."""

    path: Path
    lock: QLockFile

    def drop(self) -> None:
        """Delete it: its content is in the window."""
        with suppress(OSError):
            self.path.unlink()
        self.lock.unlock()

    def keep(self) -> None:
        """Make it the last session, which can be opened again at any time."""
        with suppress(OSError):
            self.path.replace(self.path.with_name(_LAST))
        self.lock.unlock()


class Autosave(QObject):
    """Writes `present()` soon after each `touch`, from a thread of its own, as the pool of jobs may be busy for minutes.

    Parameters
    ----------
    folder : Path
        For session files and locks of all windows of the user; made where it is not there.
    present : callable
        Returns what is to be saved, or None while there is nothing worth it.

    Signals
    -------
    failed(SessionFileError)
        Nothing can be saved there; emitted once.
    """

    failed = Signal(object)
    _refused = Signal(object)

    def __init__(self, folder: Path, present: Callable[[], SavedSession | None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.folder, self._present = folder, present
        self.path = folder / f"{uuid4().hex[:12]}{EXTENSION}"
        self._failed = False
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bgnn-job-autosave")
        self._soon = QTimer(self, singleShot=True, interval=DELAY_MS)
        self._soon.timeout.connect(self._save)
        self._refused.connect(self._fail)
        self._lock = _lock(self.path)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock.tryLock(0)
        except OSError as error:
            reason = SessionFileError(f"{folder}: could not be made ({error.strerror}). The session is not saved until it can be.")
            QTimer.singleShot(0, self, lambda: self._fail(reason))

    @property
    def last(self) -> Path:
        """The session of the window that was closed last; it may not be there."""
        return self.folder / _LAST

    def touch(self) -> None:
        """Save soon."""
        if not self._soon.isActive():
            self._soon.start()

    def claim_leftovers(self) -> list[Leftover]:
        """Return what windows that were cut off have left, the newest first, and clear away their locks."""
        found = []
        for path in self.folder.glob(f"*{EXTENSION}"):
            lock = _lock(path)
            if path not in (self.path, self.last) and lock.tryLock(0):
                found.append(Leftover(path, lock))
        for stale in self.folder.glob("*.lock"):
            lock = QLockFile(str(stale))
            lock.setStaleLockTime(0)
            if stale != _lock_path(self.path) and not stale.with_suffix("").exists() and lock.tryLock(0):
                lock.unlock()
        return sorted(found, key=lambda leftover: leftover.path.stat().st_mtime, reverse=True)

    def close(self) -> None:
        """Turn what is shown into the last session, and leave nothing else behind."""
        self._soon.stop()
        saved = self._present()
        if saved is not None:
            self._writer.submit(self._write, self.last, saved)
        self._writer.shutdown(wait=True)
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
        self._lock.unlock()

    def _save(self) -> None:
        saved = self._present()
        if saved is not None:
            self._writer.submit(self._write, self.path, saved)

    def _write(self, path: Path, saved: SavedSession) -> None:
        try:
            write_session(path, with_fingerprints(saved))
        except SessionFileError as error:
            self._refused.emit(error)

    def _fail(self, error: SessionFileError) -> None:
        log.warning("autosave: %s", error)
        if not self._failed:
            self._failed = True
            self.failed.emit(error)


def _lock_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")


def _lock(path: Path) -> QLockFile:
    lock = QLockFile(str(_lock_path(path)))
    lock.setStaleLockTime(0)  # a window may be open for days; only the end of its process frees its lock
    return lock
