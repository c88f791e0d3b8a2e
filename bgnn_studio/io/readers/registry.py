"""Which reader takes which content: one function for each kind of file, found by its bytes; the name decides on damaged ones alone."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bgnn_studio.core.attributes import Attribute
from bgnn_studio.errors import ReaderError

MAX_FILE_BYTES = 1 << 29
MAX_POINTS_BYTES = 1 << 29  # of one cloud, unpacked: forty million points
MAX_EXPANSION = 1100  # bytes out of one byte in: deflate reaches 1032

Points = np.ndarray[Any, Any]  # (N, 3) of any real dtype, not yet checked


@dataclass(frozen=True)
class CloudFile:
    """What a reader reads.

    Attributes
    ----------
    data : bytes
        All of the file.
    folder : Path
        For files beside it.
    index : int
        Which of its clouds is wanted.
    tell : callable
        To be told how many of how many points are read, now and then; what it raises ends the reading.
    """

    data: bytes
    folder: Path
    index: int = 0
    tell: Callable[[int, int], None] = lambda done, total: None  # noqa: ARG005


@dataclass(frozen=True)
class Found:
    """What a reader found: points (N, 3), and what else the file says of each."""

    points: Points
    attributes: Sequence[Attribute] = ()


Parse = Callable[[CloudFile], Found]
Claims = Callable[[bytes], object]


@dataclass(frozen=True)
class Reader:
    """A kind of file.

    Attributes
    ----------
    kind : str
        Its name in messages.
    extensions : tuple of str
        The usual ones.
    claims : function or None
        Whether some bytes are such a file; None: any text that no other reader claims.
    parse : function
    indexed : bool
        Such a file holds many clouds.
    """

    kind: str
    extensions: tuple[str, ...]
    claims: Claims | None
    parse: Parse
    indexed: bool


READERS: list[Reader] = []


def reader(*extensions: str, kind: str, signature: bytes | Claims | None = None, indexed: bool = False) -> Callable[[Parse], Parse]:
    """Register a function from a file to points (N, 3) and their attributes, which `Cloud` checks afterwards.

    Parameters
    ----------
    extensions : str
        With the dot, lower case: for file dialogs and shells; the content decides.
    kind : str
        What messages call it.
    signature : bytes or function, optional
        A regular expression for the first bytes, or whether some bytes are such a file; without one the function takes any
        text that no signature claims.
    indexed : bool
        Such a file holds many clouds: `CloudFile.index` says which one is wanted.
    """
    claims = re.compile(signature).match if isinstance(signature, bytes) else signature

    def register(parse: Parse) -> Parse:
        READERS.append(Reader(kind, extensions, claims, parse, indexed))
        return parse

    return register


def find_reader(data: bytes, suffix: str) -> Reader | None:
    """Return the reader for this content; for binary data that none claims, the one of the suffix; else None."""
    for candidate in READERS:
        if candidate.claims is not None and candidate.claims(data):
            return candidate
    is_text = b"\0" not in data[:4096]
    if is_text:
        return next(r for r in READERS if r.claims is None)
    return next((r for r in READERS if r.claims is not None and suffix.lower() in r.extensions), None)


def check_room(promised: int, there: int) -> None:
    """Raise `ReaderError` where so many bytes of points cannot come of a file (or a part of one) of so many bytes."""
    if promised > min(MAX_POINTS_BYTES, there * MAX_EXPANSION):
        raise ReaderError(
            f"Expected at most {MAX_POINTS_BYTES >> 20} MiB of points, and no more than its {there} bytes can hold "
            f"(its header promises {promised} bytes). Save it again, or resample the cloud first."
        )
