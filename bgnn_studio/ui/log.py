"""The log file: rotating, in the user's state folder, with Qt's messages and the tracebacks of crashes in native code."""

import faulthandler
import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

NAME, CRASHES = "bgnn-studio.log", "crashes.log"
MAX_BYTES, BACKUPS = 1 << 20, 3
_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


class SharedLog(RotatingFileHandler):
    """A rotating file that several processes append to: each goes on in the new file once another has put the old one aside."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record to the file that has the name now."""
        if self.stream is not None and not self._is_current():
            self.stream.close()
            self.stream = self._open()
        super().emit(record)

    def _is_current(self) -> bool:
        try:
            return os.path.samestat(os.fstat(self.stream.fileno()), os.stat(self.baseFilename))  # noqa: PTH116 (a handler's path is text)
        except OSError:
            return False


@contextmanager
def log_to(folder: Path) -> Iterator[None]:
    """Log to a file in `folder`, and to the terminal from warnings on; where the folder cannot be used, to the terminal alone."""
    root, own = logging.getLogger(), logging.getLogger("bgnn_studio")
    own.setLevel(logging.INFO)
    handlers: list[logging.Handler] = [logging.StreamHandler()]
    handlers[0].setLevel(logging.WARNING)
    handlers[0].setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    before = qInstallMessageHandler(_qt_message)
    with ExitStack() as stack:
        stack.callback(qInstallMessageHandler, before)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handlers.append(SharedLog(folder / NAME, maxBytes=MAX_BYTES, backupCount=BACKUPS, encoding="utf-8", errors="backslashreplace"))
            handlers[1].setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"))
            if not faulthandler.is_enabled():
                faulthandler.enable(stack.enter_context((folder / CRASHES).open("a", encoding="utf-8")))
                stack.callback(faulthandler.disable)
        except OSError as error:
            own.warning("There is no log file: %s", error)
        for handler in handlers:
            root.addHandler(handler)
            stack.callback(handler.close)
            stack.callback(root.removeHandler, handler)
        yield


def last_lines(folder: Path, count: int) -> list[str]:
    """Return the last lines of the log, and of the one put aside before it where the log is young."""
    return [*_tail(folder / f"{NAME}.1", count), *_tail(folder / NAME, count)][-count:]


def last_crash(folder: Path) -> list[str]:
    """Return the last lines that a crash in native code left, if there was one."""
    return _tail(folder / CRASHES, 30)


def _tail(path: Path, count: int) -> list[str]:
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 256 * count))
            return file.read().decode(errors="replace").splitlines()[-count:]
    except OSError:
        return []


def _qt_message(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    logging.getLogger(f"qt.{context.category or 'default'}").log(_LEVELS[kind], message)
