"""What a file says of its points beside their places: colour, normals, labels, and any other number of each point."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bgnn_studio.errors import BgnnError

AttributeKind = Literal["colour", "normals", "labels", "scalar"]

MOST_CLASSES = 12  # with a colour of their own: more are not told apart

_SHAPES: dict[str, tuple[int, ...]] = {"colour": (3,), "normals": (3,), "labels": (), "scalar": ()}
_DTYPES = {"colour": "u1", "normals": "f4"}
_SAMPLE = 100_000  # values that percentiles are taken of
_MOST = 1e300  # a scale between larger numbers would have no length
_TAIL, _LONG = 1.0, 4.0  # per cent at each end that a scale leaves out, where the rest would fill less than a fourth of it


@dataclass(frozen=True, eq=False)
class Attribute:
    """One row of numbers for each point of a cloud.

    Attributes
    ----------
    name : str
        What people choose it by: ``rgb``, ``normals``, or the file's own name.
    kind : str
        ``colour``: (N, 3) uint8 sRGB. ``normals``: (N, 3) float32, of any length, NaN where there is none. ``labels``: (N,) integers,
        classes. ``scalar``: (N,) of any real type, NaN where there is none.
    values : array
        Read-only.
    names : mapping
        What labels are called, where that is known.
    classes : tuple of int
        Of labels: those that occur in the whole cloud, ascending; of more than 12 the most frequent.
    span : (low, high)
        Of a scalar: what the ends of its colour scale stand for, the same for any choice of the points.
    clipped : bool
        Of a scalar: 1 % at each end lies outside of the span, because single values are far from all others.
    """

    name: str
    kind: AttributeKind
    values: NDArray[Any]
    names: Mapping[int, str] = field(default_factory=dict)
    classes: tuple[int, ...] = ()
    span: tuple[float, float] = (0.0, 1.0)
    clipped: bool = False

    def take(self, rows: NDArray[np.int64] | None) -> "Attribute":
        """Return the values of some points; None: of all."""
        return self if rows is None else replace(self, values=self.values[rows])

    def turned(self, turn: NDArray[Any]) -> "Attribute":
        """Return normals turned by a (3, 3) matrix, and anything else as it is."""
        return replace(self, values=(self.values @ turn.T).astype(np.float32)) if self.kind == "normals" else self


def attribute(name: str, kind: AttributeKind, values: NDArray[Any], names: Mapping[int, str] | None = None) -> Attribute:
    """Return an attribute with its classes, or the span of its finite values; raises `BgnnError` for another shape than its kind has."""
    values = np.asarray(values, dtype=_DTYPES.get(kind))
    if values.ndim < 1 or values.shape[1:] != _SHAPES[kind] or values.dtype.kind not in ("iu" if kind == "labels" else "fiu"):
        raise BgnnError(f"Expected '{name}' as {kind}, one row for each point (got {values.dtype} {values.shape}).")
    values = values.view()
    values.flags.writeable = False
    span, clipped = _span(values) if kind == "scalar" else ((0.0, 1.0), False)
    return Attribute(name, kind, values, names or {}, _classes(values) if kind == "labels" else (), span, clipped)


def _classes(values: NDArray[np.integer]) -> tuple[int, ...]:
    """Return the most frequent labels, ascending."""
    if values.dtype.itemsize == 1 and values.dtype.kind == "u":  # the labels of most scans; no sort of millions
        counts = np.bincount(values, minlength=256)
        found = np.flatnonzero(counts)
        counts = counts[found]
    else:
        found, counts = np.unique(values, return_counts=True)
    return tuple(sorted(int(found[i]) for i in np.argsort(-counts, kind="stable")[:MOST_CLASSES]))


def _span(values: NDArray[Any]) -> tuple[tuple[float, float], bool]:
    """Return the range of a colour scale for these values, and whether it leaves the farthest out."""
    finite = values[np.abs(values) < _MOST] if values.dtype.kind == "f" else values
    if not len(finite):
        return (0.0, 1.0), False
    low, high = float(finite.min()), float(finite.max())
    inner = [float(v) for v in np.percentile(finite[:: -(-len(finite) // _SAMPLE)], (_TAIL, 100 - _TAIL))]
    if 0 < inner[1] - inner[0] < (high - low) / _LONG:
        return (inner[0], inner[1]), True
    half = max(0.5, 1e-6 * abs(low))
    return ((low, high) if high - low > 1e-9 * abs(low) else (low - half, high + half)), False
