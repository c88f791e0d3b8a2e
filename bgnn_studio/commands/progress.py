"""How far a long command has come: one line on stderr that is written over, only where somebody watches."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

EVERY_S = 0.1


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Give a function to call with the number done and the number of all; shown as `status` does."""
    with status() as show:
        yield lambda done, total: show(f"{done:,} of {total:,} {what}")


@contextmanager
def status() -> Iterator[Callable[[str], None]]:
    """Give a function to call with what is to be shown; nothing is written unless stderr is a terminal.

    The line is cleared at the end, however it comes.
    """
    if not sys.stderr.isatty():
        yield lambda _text: None
        return
    due = 0.0

    def show(text: str) -> None:
        nonlocal due
        if monotonic() >= due:
            due = monotonic() + EVERY_S
            _write(text)

    try:
        yield show
    finally:
        _write("")


def _write(text: str) -> None:
    sys.stderr.write(f"\r\x1b[K{text}")  # back to the start of the line, and clear it
    sys.stderr.flush()
