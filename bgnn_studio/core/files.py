"""Writing a file whole or not at all."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO


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
