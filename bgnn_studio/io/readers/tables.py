"""Text tables (XYZ, TXT, CSV, PTS): one point a line, separated by spaces, tabs, commas or semicolons."""

from collections.abc import Sequence

import numpy as np

from bgnn_studio.core.attributes import Attribute
from bgnn_studio.errors import ReaderError
from bgnn_studio.io.readers.columns import Array, named, unnamed
from bgnn_studio.io.readers.registry import CloudFile, Found, reader
from bgnn_studio.io.readers.rows import Rows, is_data, is_row, lines, numbers_in, separator

MOST_COLUMNS = 64  # of numbers that are kept
SINGLE = 1 << 24  # whole numbers up to this are exact in float32


@reader(".xyz", ".txt", ".csv", ".pts", ".asc", kind="text table")
def read_table(file: CloudFile) -> Found:
    """Read x, y, z from the columns that a header line names so, else from the first three; other numbers are attributes.

    A first line that does not start with three numbers is a header (or a count of points), one that starts with ``//`` or ``#`` a
    comment: the last one before the points is a header too where it names as many columns as they have.
    """
    rows: Rows | None = None
    header: str | None = None
    names: list[str] = []
    comment, number = "", 0
    for end, block in lines(file.data):
        start = 0
        while rows is None and start < len(block):
            line, start = block[start], start + 1
            if not is_data(line):
                comment = line.strip().lstrip("#/ \t") or comment
            elif header is None and not is_row(line, separator(line), (0, 1, 2)):
                header = line
            else:
                rows, names = _layout(line, header, comment)
                start -= 1
        if rows is not None:
            rows.add(block[start:] if start else block, number + start + 1)
        number += len(block)
        file.tell(end, len(file.data))
    if rows is None:
        raise ReaderError("Expected lines of x, y, z (found no line)." if header is None else _only(header))
    values = rows.values()
    found = [names[c] for c in rows.extra] if names else rows.extra
    return Found(values[:, :3], _attributes(values[:, 3:], found))


def _only(header: str) -> str:
    return f"Expected lines of x, y, z (found only '{header.strip()[:60]}')."


def _layout(first: str, header: str | None, comment: str) -> tuple[Rows, list[str]]:
    """Return where the numbers of a row are, and what its columns are called; no names where the file gives none."""
    delimiter = separator(first)
    width = len(first.split(delimiter))
    names: list[str] = []
    for text in (header, comment):
        if text is not None and not names:
            parts = [name.strip(" \t\"'") for name in text.split(separator(text))]
            if {"x", "y", "z"} <= {part.lower() for part in parts} and (text is header or len(parts) == width):
                names = parts
    lower = [name.lower() for name in names]
    needed: Sequence[int] = [lower.index(axis) for axis in "xyz"] if names else (0, 1, 2)
    extra = [c for c in numbers_in(first, delimiter) if c not in needed and (not names or c < len(names))]
    return Rows(delimiter, needed, extra[:MOST_COLUMNS]), names


def _attributes(values: Array, names: Sequence[str | int]) -> list[Attribute]:
    """Return attributes of columns (N, C) by their names, or by the places of columns without names."""
    if all(isinstance(name, int) for name in names):
        return unnamed(values, [int(name) for name in names])
    columns: dict[str, Array] = {}
    for name, column in zip(names, values.T, strict=True):
        columns.setdefault(str(name), _narrow(column))
    return named(columns)


def _narrow(column: Array) -> Array:
    """Return whole numbers in half the room, where float32 holds them."""
    with np.errstate(all="ignore"):
        exact = bool((np.abs(column) <= SINGLE).all() and (column == np.round(column)).all())
    return column.astype(np.float32) if exact else column
