"""Opening the file of the history: at the right version, for several processes, and what to say when it cannot be.

SQLite's write-ahead log makes each transaction whole or absent, whenever the process or the machine ends.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from time import monotonic, sleep

from bgnn_studio.errors import HistoryError
from bgnn_studio.history import schema

PATIENCE_S = 30.0  # for a transaction of another process
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_ELSEWHERE = "Free it, or name another file in BGNN_HISTORY"


@contextmanager
def connected(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the file, made or migrated where needed, and close it in the end; the caller begins transactions itself.

    Raises
    ------
    HistoryError
        It cannot be opened, read or written; it is of a newer version or another program; it is damaged (and was set aside).
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HistoryError(f"{path.parent}: the folder of the run history cannot be made ({error.strerror}). {_ELSEWHERE}.") from error
    inode = _inode(path)
    connection: sqlite3.Connection | None = None
    try:
        connection = sqlite3.connect(path, timeout=PATIENCE_S, isolation_level=None)
        connection.text_factory = lambda value: value.decode(errors="replace")
        _prepare(connection, path)
        yield connection
    except (sqlite3.Error, UnicodeDecodeError) as error:  # SQLite's message may quote damaged text
        if connection is not None:
            connection.close()
        raise _explained(error, path, inode) from error
    finally:
        if connection is not None:
            connection.close()


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Write all of a block, or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        with suppress(sqlite3.Error):  # SQLite ends a transaction itself after a full disk and the like
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    if _is_current(connection, path):
        return
    _write_ahead(connection)
    with transaction(connection):
        if not _is_current(connection, path):  # another process may have come first: look again, alone now
            schema.migrate(connection)


def _is_current(connection: sqlite3.Connection, path: Path) -> bool:
    if schema.is_foreign(connection):
        raise HistoryError(f"{path}: expected the run history (got a database of another program). Name another file in BGNN_HISTORY.")
    found = schema.version(connection)
    if found > len(schema.STEPS):
        raise HistoryError(
            f"{path}: the run history has version {found}, this bgnn-studio reads up to {len(schema.STEPS)}. "
            "Update bgnn-studio, or name another file in BGNN_HISTORY."
        )
    return found == len(schema.STEPS)


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to the write-ahead log; SQLite does not wait for other processes here, so this does."""
    end = monotonic() + PATIENCE_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if _primary(error) != sqlite3.SQLITE_BUSY or monotonic() > end:
                raise
            sleep(0.01)
        else:
            return


def _explained(error: sqlite3.Error | UnicodeDecodeError, path: Path, inode: int | None) -> HistoryError:
    code = _primary(error)
    lost = "no such " in str(error)  # a table or column that the file's version has: its description is damaged
    if code in _DAMAGED or lost or isinstance(error, UnicodeDecodeError):
        return _set_aside(error, path, inode)
    if code == sqlite3.SQLITE_BUSY:
        return HistoryError(f"{path}: another process has kept the run history for {PATIENCE_S:.0f} s. Close it, and try again.")
    if code == sqlite3.SQLITE_FULL:
        return HistoryError(f"{path}: no space is left for the run history. Free some, or name another file in BGNN_HISTORY.")
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return HistoryError(
            f"{path}: expected a run history in a folder that may be written to ({error}). "
            "Change its permissions, or name another file in BGNN_HISTORY."
        )
    return HistoryError(f"{path}: the run history cannot be used ({error}). Check the disk, or name another file in BGNN_HISTORY.")


def _set_aside(error: Exception, path: Path, inode: int | None) -> HistoryError:
    """Move a damaged file and its log out of the way, unless another process has done so already; nothing is deleted."""
    found = f"{path}: the run history is damaged ({error})."
    aside = path.with_name(f"{path.stem}.damaged-{datetime.now().astimezone():%Y%m%d-%H%M%S-%f}{path.suffix}")
    if _inode(path) != inode:
        return HistoryError(f"{found} It was set aside beside it; a new one begins with the next run.")
    try:
        for suffix in ("-wal", "-shm", ""):
            with suppress(FileNotFoundError):
                path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    except OSError as refusal:
        return HistoryError(f"{found} It could not be set aside either ({refusal.strerror}). Move it away yourself.")
    return HistoryError(
        f"{found} It is kept as {aside.name}, and a new one begins with the next run. 'sqlite3 {aside} .recover' may bring runs back."
    )


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None


def _primary(error: Exception) -> int:
    """Return the primary result code; 0 for errors that Python raises itself."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
