"""Rows of numbers in text, read block by block: a file of millions of lines is never a list of lines, and can be left at any time."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from bgnn_studio.errors import ReaderError

BLOCK_BYTES = 1 << 17  # some thousand lines: a few milliseconds
COMMENTS = ("#", "//")


def lines(data: bytes, start: int = 0) -> Iterator[tuple[int, list[str]]]:
    """Yield blocks of lines of UTF-8 text, each with the byte where it ends; any of the usual line ends."""
    while start < len(data):
        end = min(start + BLOCK_BYTES, len(data))
        if end < len(data):
            newline = data.find(b"\n", end)
            newline = newline if newline >= 0 else data.find(b"\r", end)
            end = len(data) if newline < 0 else newline + 1
        yield end, data[start:end].decode("utf-8-sig" if start == 0 else "utf-8", errors="replace").splitlines()
        start = end


def is_data(line: str) -> bool:
    """Whether a line is neither empty nor a comment."""
    return bool(stripped := line.lstrip()) and not stripped.startswith(COMMENTS)


def separator(line: str) -> str | None:
    """Return the separator of a line; None is any run of white space."""
    return next((s for s in ";,\t" if s in line), None)


def is_row(line: str, delimiter: str | None, columns: Sequence[int]) -> bool:
    """Whether these columns of a line are numbers."""
    parts = line.split(delimiter)
    try:
        [float(parts[c]) for c in columns]
    except (ValueError, IndexError):
        return False
    return True


def numbers_in(line: str, delimiter: str | None) -> list[int]:
    """Return which columns of a line are numbers."""
    return [i for i, _ in enumerate(line.split(delimiter)) if is_row(line, delimiter, (i,))]


def parse(rows: Sequence[str], delimiter: str | None, columns: Sequence[int]) -> NDArray[np.float64]:
    """Return columns of rows of text, (N, columns); raises `ValueError` or `IndexError` where one is no number."""
    return np.loadtxt(rows, delimiter=delimiter, usecols=columns, comments=None, ndmin=2)


class Rows:
    """Columns that must be numbers, and columns that are kept as long as they are numbers in every row.

    Parameters
    ----------
    delimiter : str or None
    needed, extra : sequence of int
        Places of the columns.
    """

    def __init__(self, delimiter: str | None, needed: Sequence[int], extra: Sequence[int]) -> None:
        self.delimiter, self.needed, self.extra = delimiter, list(needed), list(extra)
        self._blocks: list[NDArray[np.float64]] = []
        self.count = 0

    def add(self, block: Sequence[str], first: int = 1) -> None:
        """Read some more lines, of which `first` is the number of the first; raises `ReaderError` for one without the needed numbers."""
        columns = [*self.needed, *self.extra]
        if block and block[0].strip():
            try:
                self._keep(parse(block, self.delimiter, columns))  # skips empty lines by itself
            except (ValueError, IndexError):
                pass  # a comment, or a line to look at
            else:
                return
        numbered = [(number, line) for number, line in enumerate(block, first) if is_data(line)]
        if not numbered:
            return
        rows = [line for _, line in numbered]
        bad = next(((i, line) for i, line in numbered if not is_row(line, self.delimiter, self.needed)), None)
        if bad is not None:
            raise ReaderError(f"Expected three numbers (got '{bad[1].strip()[:60]}' in line {bad[0]}).")
        kept = [c for c in self.extra if all(is_row(line, self.delimiter, (c,)) for line in rows)]
        if kept != self.extra:
            places = [*range(len(self.needed)), *(len(self.needed) + self.extra.index(c) for c in kept)]
            self._blocks, self.extra = [earlier[:, places] for earlier in self._blocks], kept
        self._keep(parse(rows, self.delimiter, [*self.needed, *self.extra]))

    def _keep(self, block: NDArray[np.float64]) -> None:
        self._blocks.append(block)
        self.count += len(block)

    def values(self) -> NDArray[np.float64]:
        """Return all rows, needed columns first, (N, needed + extra)."""
        found = np.concatenate(self._blocks)
        self._blocks = []
        return found
