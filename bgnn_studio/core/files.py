"""Files: written whole or not at all, and read only where they are plain files of a size in reason."""

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from typing import IO

from bgnn_studio.core.units import size_text


def open_plain(path: Path) -> BufferedReader:
    """Open a plain file for reading; opening a named pipe would wait for a writer, and a device may never end.

    Raises
    ------
    OSError
        It cannot be opened, or is a folder, a pipe or a device; with a `strerror`.
    """
    try:
        file = open(path, "rb", opener=_without_waiting)  # noqa: SIM115 (the caller closes it)
    except ValueError as error:  # a NUL in the name
        raise OSError(errno.EINVAL, f"not a file name: {error}", str(path)) from error
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    raise OSError(errno.EINVAL, "a device, not a file", str(path))


def read_plain(path: Path, most: int) -> bytes:
    """Read a plain file of up to `most` bytes; raises `OSError` as `open_plain` does, or where it is larger."""
    with open_plain(path) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"larger than {size_text(most)}", str(path))
    return data


def starts_with(path: Path, count: int) -> bytes:
    """Return the first bytes of a plain file; none for one that cannot be read."""
    try:
        with open_plain(path) as file:
            return file.read(count)
    except OSError:
        return b""


def _without_waiting(name: str, flags: int) -> int:
    return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for writing that takes the place of `path` when the block ends.

    Until then, after an error in the block, and after a crash at any moment, what was there before is still there. A link is
    followed; what is no plain file (a pipe, a device) is written as it is.

    Raises
    ------
    OSError
        The file cannot be written; with the `strerror` of the system.
    """
    if (path.exists() and not path.is_file()) or path.parts[:2] in (("/", "dev"), ("/", "proc")):
        with path.open("wb") as file:
            yield file
        return
    target = path.resolve()
    part = target.with_name(f".{secrets.token_hex(8)}.part")  # in the same folder: a rename across file systems is a copy
    try:
        with part.open("xb") as file:
            if target.exists():
                part.chmod(target.stat().st_mode)
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Bring the rename to the disk, where the system lets folders be synced."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
