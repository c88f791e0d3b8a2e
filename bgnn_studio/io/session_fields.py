"""What each field of a session file may hold: one check for each, which returns the value or raises `SessionFileError`."""

import json
import math
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from bgnn_studio.core.perturbation import Perturbation
from bgnn_studio.core.preparation import Preparation
from bgnn_studio.core.saved_session import SavedFile
from bgnn_studio.core.views import EDGE_MODES
from bgnn_studio.errors import BgnnError, SessionFileError

T = TypeVar("T")
V = TypeVar("V", Perturbation, Preparation)


def _quote(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def wrong(name: str, expected: str, got: object) -> SessionFileError:
    """Return the error of a field."""
    return SessionFileError(f"expected '{name}' to be {expected} (got {_quote(got)}). Save the session again.")


def _optional(check: Callable[[Any, str], T]) -> Callable[[Any, str], T | None]:
    return lambda value, name: None if value is None else check(value, name)


def whole_from(low: int) -> Callable[[Any, str], int]:
    """Return a check for whole numbers from `low`."""

    def check(value: object, name: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or value < low:
            raise wrong(name, f"a whole number from {low}", value)
        return value

    return check


def _one_of(*choices: str) -> Callable[[Any, str], Any]:
    def check(value: object, name: str) -> object:
        if value not in choices:
            raise wrong(name, f"one of {', '.join(choices)}", value)
        return value

    return check


def _numbers(count: int) -> Callable[[Any, str], tuple[float, ...]]:
    def check(value: object, name: str) -> tuple[float, ...]:
        if not isinstance(value, list) or len(value) != count or not all(_is_real(number) for number in value):
            raise wrong(name, f"{count} numbers", value)
        return tuple(float(number) for number in value)

    return check


def _is_real(value: object) -> bool:
    """Whether a value is a number that is finite as a float."""
    try:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # a whole number beyond every float
        return False


def _camera(value: object, name: str) -> tuple[tuple[float, ...], ...]:
    if not isinstance(value, list) or len(value) != 3:
        raise wrong(name, "position, focal point and up", value)
    return tuple(_numbers(3)(part, name) for part in value)


def _places(value: object, name: str) -> tuple[int, ...]:
    if not isinstance(value, list):
        raise wrong(name, "a list of places", value)
    return tuple(whole_from(0)(place, name) for place in value)


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise wrong(name, "a text", value)
    return value


def _files(value: object, name: str) -> tuple[SavedFile, ...]:
    if not isinstance(value, list):
        raise wrong(name, "a list of files", value)
    return tuple(_file(entry, name) for entry in value)


def _file(value: object, name: str) -> SavedFile:
    if not isinstance(value, dict) or not isinstance(path := value.get("path"), str) or not path or "\0" in path:
        raise wrong(name, "a list of files with a 'path' each", value)
    prepared = _values(Preparation)(value.get("preparation", {}), f"preparation of {Path(path).name}")
    return SavedFile(Path(path), _text(value.get("sha256", ""), name), prepared)


def _count(value: object, name: str) -> object:
    return value if value in ("model", "all") else whole_from(1)(value, name)


def _values(kind: type[V]) -> Callable[[Any, str], V]:
    """Return a check for values of any fields of a dataclass that judges them itself."""
    known = [field.name for field in fields(kind)]

    def check(value: object, name: str) -> V:
        if not isinstance(value, dict) or not set(value) <= set(known):
            raise wrong(name, f"values for any of {', '.join(known)}", value)
        try:
            return kind(**value)
        except BgnnError as error:
            raise SessionFileError(f"'{name}': {error} Save the session again.") from error

    return check


CHECKS: dict[str, Callable[[Any, str], Any]] = {
    "clouds": _files,
    "models": _files,
    "cloud": _optional(whole_from(0)),
    "model": _optional(whole_from(0)),
    "reference": _optional(whole_from(0)),
    "count": _count,
    "perturbation": _values(Perturbation),
    "pick": _optional(whole_from(0)),
    "layer": whole_from(1),
    "colour": _text,
    "bit": whole_from(0),
    "edges": _one_of(*EDGE_MODES),
    "brush": _optional(_numbers(2)),
    "shown_k": _optional(whole_from(1)),
    "compared": _optional(_places),
    "camera": _optional(_camera),
    "tab": _text,
}
