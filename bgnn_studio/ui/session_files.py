"""Saving what the window shows to a session file, opening one, and what is left of a window that was cut off."""

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QFileDialog, QMenu

from bgnn_studio.core.saved_session import SavedSession, saved_session
from bgnn_studio.errors import SessionFileError
from bgnn_studio.io.session_file import EXTENSION, read_session, with_fingerprints, write_session
from bgnn_studio.ui.autosave import Autosave, Leftover

if TYPE_CHECKING:
    from bgnn_studio.ui.main_window import MainWindow
    from bgnn_studio.ui.opening import OpenedSession

log = logging.getLogger(__name__)
_FILTER = f"Sessions (*{EXTENSION});;All files (*)"


class SessionFiles(QObject):
    """The session on disk.

    Parameters
    ----------
    window : MainWindow
    folder : Path or None
        Where sessions are saved by themselves; None: nowhere.

    Attributes
    ----------
    path : Path or None
        Where the user saved the session, or opened it from.
    autosave : Autosave or None
    """

    def __init__(self, window: "MainWindow", folder: Path | None) -> None:
        super().__init__(window)
        self._window = window
        self.path: Path | None = None
        self.autosave: Autosave | None = None
        self._leftovers: list[Leftover] = []
        window.desk.session_opened = self._opened
        if folder is not None:
            self.autosave = Autosave(folder, self._worth_saving, self)
            self.autosave.failed.connect(lambda error: window.toasts.error("The session cannot be saved by itself", error))
            window.session.subscribe(lambda _: self.autosave.touch())
            window.tabs.currentChanged.connect(lambda _: self.autosave.touch())

    def fill_menu(self, menu: QMenu) -> None:
        """Add the actions of sessions."""
        menu.addSeparator()
        for text, shortcut, call in (
            ("Open sess&ion\N{HORIZONTAL ELLIPSIS}", "Ctrl+Shift+O", self.ask_which),
            ("&Reopen last session", "", self.reopen_last),
            ("&Save session", "Ctrl+S", self.save_again),
            ("Save session &as\N{HORIZONTAL ELLIPSIS}", "Ctrl+Shift+S", self.ask_where),
        ):
            action = menu.addAction(text)
            action.setShortcut(QKeySequence(shortcut))
            action.triggered.connect(lambda _=False, call=call: call())
        menu.addSeparator()

    def present(self) -> SavedSession:
        """Return what is shown now."""
        window = self._window
        return saved_session(window.session.choices, window.inspect.camera, window.tabs.tabText(window.tabs.currentIndex()))

    def save(self, path: Path) -> None:
        """Write a session file in the background, and say so."""
        saved, window = self.present(), self._window
        loose = len(window.session.clouds) + len(window.session.models) - len(saved.clouds) - len(saved.models)

        def done(_: None) -> None:
            self.path = path
            window.recent.add(path)
            left_out = f"\nWithout {loose} that came from no file." if loose else ""
            window.toasts.info("Session saved", f"{path}{left_out}")

        window.jobs.start(
            f"Saving {path.name}",
            lambda _: write_session(path, with_fingerprints(saved)),
            done=done,
            failed=lambda error: window.toasts.error("Session not saved", error),
            key="save session",
        )

    def save_again(self) -> None:
        """Save where it was saved before, or ask where."""
        if self.path is not None:
            self.save(self.path)
        else:
            self.ask_where()

    def ask_where(self) -> None:
        """Ask for a file, and save there."""
        name, _ = QFileDialog.getSaveFileName(self._window, "Save session", str(self.path or f"session{EXTENSION}"), _FILTER)
        if name:
            self.save(Path(name) if name.endswith(".json") else Path(name + EXTENSION))

    def ask_which(self) -> None:
        """Ask for a session file, and open it."""
        name, _ = QFileDialog.getOpenFileName(self._window, "Open session", str(self.path.parent if self.path else ""), _FILTER)
        if name:
            self._window.open([Path(name)])

    def reopen_last(self) -> None:
        """Open the session of the window that was closed last."""
        if self.autosave is None or not self.autosave.last.exists():
            self._window.toasts.info(
                "No last session", "None was closed yet. A window that is closed leaves what it showed for the next one."
            )
        else:
            self._window.desk.open([self.autosave.last], name="the last session")

    def offer_leftovers(self) -> None:
        """Offer the sessions of windows that were cut off, one after the other."""
        if self.autosave is not None:
            self._leftovers = self.autosave.claim_leftovers()
            self._offer_next()

    def close(self) -> None:
        """Save for "Reopen last session"; what was offered and not taken is offered again at the next start."""
        for leftover in self._leftovers:
            leftover.lock.unlock()
        if self.autosave is not None:
            self.autosave.close()

    def _offer_next(self) -> None:
        if not self._leftovers:
            return
        leftover = self._leftovers[0]
        try:
            saved = read_session(leftover.path)
            changed = time.localtime(leftover.path.stat().st_mtime)
        except (SessionFileError, OSError) as error:
            log.warning("not offered: %s", error)
            self._leftovers.pop(0).lock.unlock()
            self._offer_next()
            return
        what = f"{_count(len(saved.clouds), 'cloud')} and {_count(len(saved.models), 'model')}"
        self._window.toasts.offer(
            "The last session was cut off",
            f"{what}, saved {time.strftime('%d %b, %H:%M', changed)}. Dismissed, it stays under File, Reopen last session.",
            "Restore",
            accepted=lambda: self._window.desk.open([leftover.path], name="the session that was cut off"),
            dismissed=lambda: self._settle(leftover, keep=True),
        )

    def _settle(self, leftover: Leftover, *, keep: bool) -> None:
        self._leftovers.remove(leftover)
        if keep:
            leftover.keep()
        else:
            leftover.drop()
        self._offer_next()

    def _opened(self, opened: "OpenedSession") -> None:
        window = self._window
        if opened.saved.camera is not None:
            window.inspect.camera = opened.saved.camera
        titles = [window.tabs.tabText(index) for index in range(window.tabs.count())]
        if opened.saved.tab in titles:
            window.tabs.setCurrentIndex(titles.index(opened.saved.tab))
        if leftover := next((one for one in self._leftovers if one.path == opened.path), None):
            self._settle(leftover, keep=False)
        elif self.autosave is None or opened.path != self.autosave.last:
            self.path = opened.path
            window.recent.add(opened.path)

    def _worth_saving(self) -> SavedSession | None:
        """Return what is shown once the user has made a choice."""
        history = self._window.session.history
        return self.present() if history.undo_label or history.redo_label else None


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
