"""The boards that the user has named, remembered in the settings; no secret is among what is remembered."""

import json
import platform
import shlex
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from bgnn_studio.boards.target import LOCAL, Target, parse_target
from bgnn_studio.errors import BgnnError, RemoteError

if TYPE_CHECKING:
    from PySide6.QtCore import QSettings

_KEY = "boards"


@dataclass(frozen=True)
class KnownBoard:
    """A board as the user named it.

    Attributes
    ----------
    address : str
        ``user@host``, ``user@host:port``, a name of ``~/.ssh/config``, or ``local``.
    key : str
        Path of a private key; empty: those of the agent, of the configuration, and the default ones.
    jump : str
        Jump hosts, separated by commas; empty: those of the configuration.
    prefix : str
        What the runner is started with, such as ``taskset -c 3``.
    """

    address: str
    key: str = ""
    jump: str = ""
    prefix: str = ""

    @property
    def is_local(self) -> bool:
        """Whether it is this machine."""
        return self.address == LOCAL

    @property
    def title(self) -> str:
        """What the list calls it."""
        return "This machine" if self.is_local else self.address

    @property
    def machine(self) -> str:
        """What the run history calls it."""
        return platform.node() if self.is_local else self.address

    def target(self) -> Target:
        """Return where it is; raises `RemoteError` for an address that is none."""
        return parse_target(self.address, key=Path(self.key) if self.key else None, jump=self.jump or None)


THIS_MACHINE = KnownBoard(LOCAL)


class BoardBook(QObject):
    """The boards that were added, after this machine.

    Attributes
    ----------
    boards : tuple of KnownBoard
        This machine first.

    Signals
    -------
    changed
        A board was added or removed.
    """

    changed = Signal()

    def __init__(self, settings: "QSettings", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self.boards: tuple[KnownBoard, ...] = (THIS_MACHINE, *_read(settings))

    def add(self, board: KnownBoard) -> None:
        """Add a board, or replace the one of the same address; raises `BgnnError` where it is none."""
        if board.target().is_local:
            raise RemoteError("This machine is in the list already. Enter the address of another one, as user@host.")
        try:
            shlex.split(board.prefix)
        except ValueError as error:
            raise BgnnError(f"Expected a launch prefix such as 'taskset -c 3' (got {board.prefix!r}: {error}).") from error
        self._set((*(other for other in self._latest() if other.address != board.address), board))

    def remove(self, board: KnownBoard) -> None:
        """Forget a board; its runs stay in the history."""
        if not board.is_local:
            self._set(tuple(other for other in self._latest() if other != board))

    def _latest(self) -> tuple[KnownBoard, ...]:
        """Return the boards with those that another window has added or removed meanwhile."""
        self._settings.sync()
        return (THIS_MACHINE, *_read(self._settings))

    def _set(self, boards: tuple[KnownBoard, ...]) -> None:
        self.boards = boards
        self._settings.setValue(_KEY, json.dumps([asdict(board) for board in boards if not board.is_local]))
        self.changed.emit()


def _read(settings: "QSettings") -> tuple[KnownBoard, ...]:
    """Return the boards in the settings; what somebody made unreadable is left out."""
    try:
        return tuple(KnownBoard(**{name: str(value) for name, value in entry.items()}) for entry in json.loads(str(settings.value(_KEY))))
    except (ValueError, TypeError, AttributeError):
        return ()
