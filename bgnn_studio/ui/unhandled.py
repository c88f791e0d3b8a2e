"""Exceptions that nobody caught, in slots and in threads: logged, handed to the window, and the event loop goes on."""

import logging
import sys
import threading
import time
from types import TracebackType

from PySide6.QtCore import QObject, Signal

log = logging.getLogger(__name__)
_QUIET_SECONDS = 10.0  # the same exception, as from a paint event, is told once in this time


class Unhandled(QObject):
    """Takes the place of Python's hooks from its making until `release`.

    Signals
    -------
    caught(Exception)
        Emitted on the GUI thread.
    """

    caught = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._told: dict[tuple[type[BaseException], str, int], float] = {}
        self._before = sys.excepthook, threading.excepthook
        sys.excepthook = self._hook
        threading.excepthook = lambda hooked: self._hook(hooked.exc_type, hooked.exc_value, hooked.exc_traceback)

    def release(self) -> None:
        """Put the hooks back that were there before."""
        sys.excepthook, threading.excepthook = self._before

    def _hook(self, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None or not isinstance(error, Exception):  # Ctrl-C, and the end of the interpreter
            self._before[0](kind, error, trace)
            return
        last = trace
        while last is not None and last.tb_next is not None:
            last = last.tb_next
        where = (kind, last.tb_frame.f_code.co_filename, last.tb_lineno) if last is not None else (kind, "", 0)
        now = time.monotonic()
        if now - self._told.get(where, -_QUIET_SECONDS) >= _QUIET_SECONDS:
            self._told[where] = now
            log.error("unhandled", exc_info=(kind, error, trace))
            self.caught.emit(error)
