"""Text tables of coordinates (XYZ, TXT, CSV, PTS): one point a line, separated by spaces, tabs, commas or semicolons."""

from collections.abc import Sequence

import numpy as np

from bgnn_studio.errors import ReaderError
from bgnn_studio.io.readers.registry import CloudFile, Points, reader


@reader(".xyz", ".txt", ".csv", ".pts", ".asc", kind="text table")
def read_table(file: CloudFile) -> Points:
    """Read x, y, z from the columns that a header line names so, else from the first three; other columns are ignored.

    A first line that does not start with three numbers is a header (or a count of points); ``#`` and ``//`` start comment lines.
    """
    text = file.data.decode("utf-8-sig", errors="replace")
    numbered = [(i, line) for i, line in enumerate(text.splitlines(), 1) if line.strip() and not line.lstrip().startswith(("#", "//"))]
    if not numbered:
        raise ReaderError("Expected lines of x, y, z (found no line).")
    columns: Sequence[int] = (0, 1, 2)
    first = numbered[0][1]
    if not _is_row(first, _separator(first), columns):
        names = [name.strip(" \t\"'").lower() for name in first.split(_separator(first))]
        if {"x", "y", "z"} <= set(names):
            columns = [names.index(axis) for axis in "xyz"]
        numbered = numbered[1:]
    if not numbered:
        raise ReaderError(f"Expected lines of x, y, z (found only '{first.strip()[:60]}').")
    separator = _separator(numbered[0][1])
    try:
        return np.loadtxt((line for _, line in numbered), delimiter=separator, usecols=columns, comments=None, ndmin=2)
    except (ValueError, IndexError) as error:
        bad = next(((i, line) for i, line in numbered if not _is_row(line, separator, columns)), None)
        if bad is None:
            raise
        raise ReaderError(f"Expected three numbers (got '{bad[1].strip()[:60]}' in line {bad[0]}).") from error


def _separator(line: str) -> str | None:
    """Return the separator of a line; None is any run of white space."""
    return next((s for s in ";,\t" if s in line), None)


def _is_row(line: str, separator: str | None, columns: Sequence[int]) -> bool:
    parts = line.split(separator)
    try:
        [float(parts[c]) for c in columns]
    except (ValueError, IndexError):
        return False
    return True
