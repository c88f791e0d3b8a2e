"""Columns of a file as attributes: what their names, or where there are none their values, say that they are."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from bgnn_studio.core.attributes import Attribute, attribute
from bgnn_studio.core.views import COLOUR_MODES

Array = np.ndarray[Any, Any]

MAX_ATTRIBUTES = 32  # more are descriptors, one of which says nothing to the eye
MAX_LABELS = 64  # different whole numbers of a column without a name that is still one of classes

_COLOURS = (("red", "green", "blue"), ("r", "g", "b"), ("diffuse_red", "diffuse_green", "diffuse_blue"))
_NORMALS = (("nx", "ny", "nz"), ("normal_x", "normal_y", "normal_z"), ("normalx", "normaly", "normalz"), ("n_x", "n_y", "n_z"))
_COLOUR = re.compile(r"(vertex_)?(colou?rs?|rgba?)")
_NORMAL = re.compile(r"(vertex_)?normals?")
_LABEL = re.compile(
    r"(.*_)?(labels?|class(es)?|classification|class_?ids?|seg(ment)?(ation)?s?(_?ids?)?|instances?(_?ids?)?|pids?|parts?(_?ids?)?)"
)
_ALPHA = ("alpha", "a", "diffuse_alpha")


def named(columns: Mapping[str, Array], label_names: Mapping[int, str] | None = None) -> list[Attribute]:
    """Return the attributes of columns (N,) or (N, C) by their names, in the order of the file, at most 32.

    Three of red, green, blue or of nx, ny, nz become one. A column whose rows are all equal tells no point from another and is left
    out, as is what is no number.
    """
    left: dict[str, Array] = {}
    for name, values in columns.items():
        if values.dtype.kind in "fiub" and values.ndim in (1, 2) and len(values):
            left[_free(_plain(name), left)] = values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
    found: dict[str, Attribute | None] = {}
    if (colour := _trio(left, _COLOURS, _COLOUR)) is not None:
        found["rgb"] = _colour(colour)
        for alpha in _ALPHA:
            left.pop(alpha, None)
    if (normals := _trio(left, _NORMALS, _NORMAL)) is not None:
        found["normals"] = _normals(normals)
    for name, values in left.items():
        for part, column in _single(name, values):
            free = _free(part, found)
            found[free] = _one(free, column, label_names, is_label=_LABEL.fullmatch(name) is not None)
    return [kept for kept in found.values() if kept is not None][:MAX_ATTRIBUTES]


def unnamed(columns: Array, places: Sequence[int]) -> list[Attribute]:
    """Return the attributes of columns (N, C) at these places of the file, from 0, by their values.

    Three whole numbers from 0 to 255 are a colour, three of length 1 a normal; one of few different whole numbers is a label, and
    any other a scalar, called after its place in the file, from 1.
    """
    found: dict[str, Array] = {}
    at = 0
    while at < columns.shape[1]:
        three = columns[:, at : at + 3]
        if three.shape[1] == 3 and "red" not in found and _is_colour(three):
            found |= dict(zip(("red", "green", "blue"), three.T, strict=True))
        elif three.shape[1] == 3 and "nx" not in found and _is_normal(three):
            found |= dict(zip(("nx", "ny", "nz"), three.T, strict=True))
        else:
            column = columns[:, at]
            name = "label" if "label" not in found and _is_label(column) else f"column {places[at] + 1}"
            found[name] = column
            at += 1
            continue
        at += 3
    return named(found)


def interpolated(columns: Mapping[str, Array], corners: Array, weights: Array) -> dict[str, Array]:
    """Return columns of vertices at points on faces: means weighted (n, 3) of the corners (n, 3); of labels the nearest corner's."""
    nearest = corners[np.arange(len(corners)), weights.argmax(axis=1)]
    found = {}
    for name, values in columns.items():
        if values.dtype.kind not in "fiub":
            continue
        if values.dtype.kind == "f" or not _LABEL.fullmatch(_plain(name)):
            mean = np.einsum("nc,nc...->n...", weights, values[corners].astype(np.float64))
            found[name] = np.round(mean).astype(values.dtype) if values.dtype.kind in "iu" else mean
        else:
            found[name] = values[nearest]
    return found


def _plain(name: str) -> str:
    """Return a name as people would write it: lower case, one line, without the prefix of CloudCompare."""
    words = " ".join("".join(c if c.isprintable() else " " for c in name).split()).lower()
    return words.removeprefix("scalar_")[:40] or "column"


def _trio(left: dict[str, Array], trios: Sequence[tuple[str, str, str]], pattern: "re.Pattern[str]") -> Array | None:
    """Take three columns, or one of three or four, out of those left and return them as one, (N, 3)."""
    for names in trios:
        if all(name in left and left[name].ndim == 1 for name in names):
            return np.stack([left.pop(name) for name in names], axis=1)
    for name, values in left.items():
        if values.ndim == 2 and values.shape[1] in (3, 4) and pattern.fullmatch(name):
            return left.pop(name)[:, :3]
    return None


def _colour(values: Array) -> Attribute | None:
    """Return 8-bit colours of (N, 3): whole numbers up to 255 as they are, up to 65535 by their upper byte, fractions up to 1 times 255."""
    if (values == values[0]).all():
        return None
    if values.dtype == np.uint8:
        return attribute("rgb", "colour", values)
    exact = np.nan_to_num(values.astype(np.float32), posinf=0.0, neginf=0.0)
    high = float(exact.max())
    whole = values.dtype.kind in "iu" or bool((exact == np.round(exact)).all() and high > 1)
    scale = 255.0 if not whole and high <= 1 else 1 / 257 if high > 255 else 1.0
    return attribute("rgb", "colour", np.round(exact * scale).clip(0, 255))


def _normals(values: Array) -> Attribute | None:
    return None if (values == values[0]).all() else attribute("normals", "normals", values)


def _single(name: str, values: Array) -> Iterator[tuple[str, Array]]:
    if values.ndim == 1:
        yield name, values
    else:
        yield from ((f"{name} {i}", values[:, i]) for i in range(min(values.shape[1], MAX_ATTRIBUTES)))


def _one(name: str, values: Array, label_names: Mapping[int, str] | None, *, is_label: bool) -> Attribute | None:
    values = values.astype(np.uint8) if values.dtype.kind == "b" else values
    if values.dtype.kind == "f" and values.dtype.itemsize not in (4, 8):
        values = values.astype(np.float64 if values.dtype.itemsize > 8 else np.float32)
    if (values == values[0]).all() or (values.dtype.kind == "f" and not np.isfinite(values).any()):
        return None
    if is_label and (whole := _whole(values)) is not None:
        return attribute(name, "labels", whole, label_names)
    return attribute(name, "scalar", np.ascontiguousarray(values))


def _whole(values: Array) -> Array | None:
    """Return whole numbers as integers, or None where they are others."""
    if values.dtype.kind in "iu":
        return values.astype(np.int64) if values.dtype.itemsize == 8 else values
    if not np.isfinite(values).all() or np.abs(values).max() > 2**31 - 1 or (values != np.round(values)).any():
        return None
    return values.astype(np.int32)


def _is_colour(three: Array) -> bool:
    return bool((three >= 0).all() and (three <= 255).all() and (three == np.round(three)).all() and three.max() > 1)


def _is_normal(three: Array) -> bool:
    length = np.square(three.astype(np.float64)).sum(axis=1)
    return bool((np.abs(length - 1) < 0.02).mean() > 0.99)  # a few may be missing: zeros, or NaN


def _is_label(column: Array) -> bool:
    whole = _whole(column)
    if whole is None or len(whole) < 2 or whole.min() < 0:
        return False
    return len(np.unique(whole)) <= min(MAX_LABELS, max(2, len(whole) // 2))


def _free(name: str, taken: Mapping[str, object]) -> str:
    """Return a name that no other attribute and no colour mode has."""
    tried = f"{name} of the file" if name in COLOUR_MODES else name
    number = 2
    while tried in taken:
        tried, number = f"{name} {number}", number + 1
    return tried
