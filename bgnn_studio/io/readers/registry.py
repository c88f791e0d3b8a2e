"""Which reader takes which content: one function for each kind of file, found by the first bytes, never by the name."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Points = np.ndarray[Any, Any]  # (N, 3) of any real dtype, not yet checked
Parse = Callable[[bytes], Points]


@dataclass(frozen=True)
class Reader:
    """A kind of file: its name in messages, usual extensions, what its first bytes match (None: any text), its function."""

    kind: str
    extensions: tuple[str, ...]
    signature: re.Pattern[bytes] | None
    parse: Parse


READERS: list[Reader] = []


def reader(*extensions: str, kind: str, signature: bytes | None = None) -> Callable[[Parse], Parse]:
    """Register a function from the bytes of a file to points (N, 3), which `check_points` checks afterwards.

    Parameters
    ----------
    extensions : str
        With the dot, lower case: for file dialogs and shells; the content decides.
    kind : str
        What messages call it.
    signature : bytes, optional
        A regular expression for the first bytes; without one the function takes any text that no signature claims.
    """

    def register(parse: Parse) -> Parse:
        READERS.append(Reader(kind, extensions, None if signature is None else re.compile(signature), parse))
        return parse

    return register


def find_reader(data: bytes) -> Reader | None:
    """Return the reader for this content, or None: binary data of no known kind."""
    for candidate in READERS:
        if candidate.signature is not None and candidate.signature.match(data):
            return candidate
    is_text = b"\0" not in data[:4096]
    return next((r for r in READERS if r.signature is None and is_text), None)
