"""Files opened before, as a menu: the last ten, in this and in earlier sessions."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from bgnn_studio.core.resources import bundled_files
from bgnn_studio.io.readers import split_index

if TYPE_CHECKING:
    from bgnn_studio.core.session import Session
    from bgnn_studio.native import Model

LIMIT = 10
_KEY = "recent"


class RecentFiles(QMenu):
    """Remembers what was opened well, but for the bundled files, which are there at every start.

    Parameters
    ----------
    session : Session
    settings : QSettings
    choose : callable
        Opens one path.
    """

    def __init__(
        self, session: "Session[Model]", settings: QSettings, choose: Callable[[Path], None], parent: QWidget | None = None
    ) -> None:
        super().__init__("Open &recent", parent)
        self._session, self._settings, self._choose = session, settings, choose
        self._bundled = {path.resolve() for path in bundled_files().values()}
        self._known: set[Path] = set()
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self._fill)
        session.subscribe(self._follow)
        self._show_state()

    @property
    def paths(self) -> list[Path]:
        """Absolute paths, the newest first, those of other windows among them."""
        self._settings.sync()
        stored = self._settings.value(_KEY) or []
        return [Path(text) for text in ([stored] if isinstance(stored, str) else stored)]  # a list of one is stored as its string

    def add(self, path: Path) -> None:
        """Put a file first."""
        path = path.resolve()
        if path not in self._bundled:
            self._store([path, *(other for other in self.paths if other != path)][:LIMIT])

    def _store(self, paths: list[Path]) -> None:
        self._settings.setValue(_KEY, [str(path) for path in paths])
        self._show_state()

    def _show_state(self) -> None:
        action = self.menuAction()
        action.setEnabled(bool(self.paths))
        action.setToolTip("Files opened before" if self.paths else "Nothing was opened yet but what comes with the application")

    def _fill(self) -> None:
        self.clear()
        for number, path in enumerate(self.paths, start=1):
            there = split_index(path)[0].is_file()
            text = f"{path.name}  \N{EN DASH}  {path.parent.name}".replace("&", "&&")
            action = self._add(f"&{number % 10}  {text}", lambda path=path: self._choose(path))
            action.setEnabled(there)
            action.setToolTip(str(path) if there else f"{path} is not there any more")
        self.addSeparator()
        self._add("&Clear list", lambda: self._store([]))

    def _add(self, text: str, call: Callable[[], None]) -> QAction:
        action = self.addAction(text)
        action.triggered.connect(lambda _=False: call())
        return action

    def _follow(self, changed: frozenset[str]) -> None:
        if not changed & {"clouds", "models"}:
            return
        s = self._session
        opened = {path for path in (*(c.cloud.path for c in s.clouds), *(m.path for m in s.models)) if path is not None}
        for path in opened - self._known:
            self.add(path)
        self._known = opened
