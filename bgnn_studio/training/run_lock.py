"""One process trains in a folder: a lock that ends with it, however it ends."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from bgnn_studio.errors import BgnnError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_NAME = "run.lock"
_PATIENCE_S = 2.0  # who only looks holds the lock for a moment, too
_BYTE = 1 << 20  # on Windows: the byte that is locked, after what is read


@contextmanager
def training_in(folder: Path) -> Iterator[None]:
    """Hold a folder while the block trains in it.

    Raises
    ------
    BgnnError
        Another process trains there, or the folder cannot be written.
    """
    path = folder / _NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = path.open("a+b")
    except OSError as error:
        raise BgnnError(f"{folder}: could not be written ({error.strerror}). Choose another folder (--out).") from error
    with file:
        until = time.monotonic() + _PATIENCE_S
        while not _locked(file, shared=False):
            if time.monotonic() > until:
                raise BgnnError(f"{folder}: process {_pid(file)} trains here. Wait for it, stop it, or choose another folder (--out).")
            time.sleep(0.02)
        file.truncate(0)
        file.write(str(os.getpid()).encode())
        file.flush()
        yield


def trainer_of(folder: Path) -> int | None:
    """Return the id of the process that trains in a folder, None where nobody does."""
    try:
        with (folder / _NAME).open("rb") as file:
            return None if _locked(file, shared=True) else _pid(file)
    except OSError:
        return None


def _pid(file: IO[bytes]) -> int:
    file.seek(0)
    text = file.read(20)
    return int(text) if text.isdigit() else 0


def _locked(file: IO[bytes], *, shared: bool) -> bool:
    """Take a lock, which ends when the file is closed; return whether it was free."""
    try:
        if fcntl is not None:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        else:
            import msvcrt

            file.seek(_BYTE)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    except OSError:
        return False
    return True
