"""Point clouds: checking, centring and scaling, resampling; the same for training, inference and the board."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bgnn_studio.core.attributes import Attribute
from bgnn_studio.errors import BgnnError

Method = Literal["farthest", "random"]
METHODS: tuple[Method, ...] = ("farthest", "random")

FARTHEST_MOST = 65_536  # points that farthest-point sampling chooses among; of more, a random choice of so many comes first
_BLOCK = 1 << 18  # points that are worked on at a time: a few MiB beside the cloud itself


@dataclass(frozen=True, eq=False)
class Cloud:
    """One point cloud.

    Attributes
    ----------
    name : str
    points : (N, 3) float32
        A read-only copy of what was given, checked by `check_points`.
    path : Path or None
        The file that it came from; with ``#12`` at its end, cloud 12 of that file.
    attributes : sequence of Attribute
        What else the file says of each point; every one has a name of its own.

    Raises
    ------
    BgnnError
        Bad points (see `check_points`), or attributes that do not fit them.
    """

    name: str
    points: NDArray[np.float32]
    path: Path | None = None
    attributes: Sequence[Attribute] = ()

    def __post_init__(self) -> None:
        points = check_points(self.points)
        points = np.array(points) if np.may_share_memory(points, self.points) else points
        points.flags.writeable = False
        object.__setattr__(self, "points", points)
        names = [found.name for found in self.attributes]
        for found in self.attributes:
            if len(found.values) != len(points) or names.count(found.name) > 1:
                raise BgnnError(
                    f"Expected one '{found.name}' of {len(points)} rows (got {names.count(found.name)}, {len(found.values)} rows)."
                )

    def attribute(self, name: str) -> Attribute | None:
        """Return the attribute of a name, or None."""
        return next((found for found in self.attributes if found.name == name), None)


def check_points(points: ArrayLike) -> NDArray[np.float32]:
    """Return points as a C-contiguous (N, 3) float32 array.

    Raises
    ------
    BgnnError
        Another shape, no point, not real numbers, or a coordinate that is not finite in float32 (names the first such point).
    """
    values = np.asarray(points)
    if values.dtype.kind not in "fiu":
        raise BgnnError(f"Expected points of real numbers (got {values.dtype}).")
    if values.ndim != 2 or values.shape[1] != 3:
        raise BgnnError(f"Expected points of shape (N, 3): one x, y, z row for each point (got {values.shape}).")
    if not len(values):
        raise BgnnError("Expected at least one point (got none).")
    with np.errstate(over="ignore"):
        single = np.ascontiguousarray(values, dtype=np.float32)
    bad = np.flatnonzero(~np.isfinite(single).all(axis=1))
    if bad.size:
        xyz = ", ".join(f"{v:g}" for v in values[bad[0]])
        raise BgnnError(
            f"Expected finite float32 coordinates (got ({xyz}) at point {bad[0]}, {bad.size} such of {len(values)}). Remove these points."
        )
    return single


def normalise(points: ArrayLike) -> NDArray[np.float32]:
    """Centre (N, 3) points on their mean and scale them to the unit sphere; points that are all equal give zeros."""
    values = check_points(points)
    offset, scale = frame(values)
    return moved(values, offset, scale)


def frame(points: NDArray[np.float32], *, centre: bool = True, unit: bool = True) -> tuple[NDArray[np.float64], float]:
    """Return what to subtract from (N, 3) points, their (3,) mean or zero, and what to divide by then, their largest norm or 1.

    A norm of 0 gives 1, and so does one of points that are all equal, whose mean is theirs.
    """
    offset, scale = np.zeros(3), 1.0
    if (points == points[0]).all():
        offset = points[0].astype(np.float64) if centre else offset
    elif centre:
        total = np.zeros((1, 3))
        for start in range(0, len(points), _BLOCK):  # one accumulator in the order of the points, as of all at once
            total = np.concatenate([total, points[start : start + _BLOCK]]).sum(axis=0, keepdims=True)
        offset = total[0] / len(points)
    if unit:
        blocks = range(0, len(points), _BLOCK)
        scale = max(float(np.sqrt(np.square(points[i : i + _BLOCK].astype(np.float64) - offset).sum(axis=1).max())) for i in blocks)
    return offset, scale if scale > 0 else 1.0


def moved(points: NDArray[np.float32], offset: NDArray[np.float64], scale: float) -> NDArray[np.float32]:
    """Return (N, 3) points less (3,) `offset`, divided by `scale`, computed in float64; the very points where these change nothing."""
    if scale == 1.0 and not offset.any():
        return points
    out = np.empty_like(points)
    for i in range(0, len(points), _BLOCK):
        out[i : i + _BLOCK] = (points[i : i + _BLOCK].astype(np.float64) - offset) / scale
    return out


def resample(points: ArrayLike, count: int, method: Method = "farthest", seed: int = 0) -> NDArray[np.float32]:
    """Return `count` of the (N, 3) points, deterministically; the points themselves are never moved or interpolated.

    See `sampled_rows` for which.
    """
    values = check_points(points)
    return values[sampled_rows(values, count, method, seed)]


def sampled_rows(
    points: NDArray[np.float32],
    count: int,
    method: Method = "farthest",
    seed: int = 0,
    place: Callable[[NDArray[np.float32]], NDArray[np.float32]] = lambda points: points,
) -> NDArray[np.int64]:
    """Return which of the (N, 3) points resampling takes, (count,), deterministically.

    Parameters
    ----------
    points : (N, 3)
    count : int
        Up to N, every point is taken at most once. Above N there is nothing new to take: all N points come first, in their
        order, and the rest are drawn from them at random with replacement (so some points appear more than once).
    method : str
        ``farthest``: start at the point farthest from the mean, then always take the point farthest from those taken; ties go to
        the lower index. Costs N * count distances, so of more than `farthest_pool` points a seeded random choice of so many is made
        first. ``random``: the first `count` of a seeded permutation.
    seed : int
        Of the random draws.
    place : callable
        From (n, 3) of the points to where distances between them are measured.

    Raises
    ------
    BgnnError
        Count below 1, or an unknown method.
    """
    if count < 1:
        raise BgnnError(f"Expected at least one point to resample to (got {count}).")
    if method not in METHODS:
        raise BgnnError(f"Expected the method 'farthest' or 'random' (got {method!r}).")
    total = len(points)
    if count > total:
        extra = np.random.default_rng(seed).integers(total, size=count - total)
        return np.concatenate([np.arange(total), extra])
    if method == "random":
        return np.random.default_rng(seed).permutation(total)[:count]
    pool = farthest_pool(count)
    if total <= pool:
        return _farthest(place(points).astype(np.float64), count)
    drawn = np.sort(np.random.default_rng(seed).permutation(total)[:pool])
    return drawn[_farthest(place(points[drawn]).astype(np.float64), count)]


def farthest_pool(count: int) -> int:
    """Return among how many points farthest-point sampling chooses `count`, where there are so many."""
    return max(FARTHEST_MOST, 4 * count)


def _farthest(points: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Return the indices of farthest-point sampling, count <= N."""
    taken = np.empty(count, dtype=np.int64)
    taken[0] = np.square(points - points.mean(axis=0)).sum(axis=1).argmax()
    x, y, z = np.ascontiguousarray(points.T)
    nearest = np.full(len(points), np.inf)  # squared distance of each point to those taken
    distance, part = np.empty_like(nearest), np.empty_like(nearest)
    for i in range(1, count):
        last = taken[i - 1]
        np.square(np.subtract(x, x[last], out=distance), out=distance)
        for axis in (y, z):
            distance += np.square(np.subtract(axis, axis[last], out=part), out=part)
        np.minimum(nearest, distance, out=nearest)
        nearest[last] = -1.0  # below any distance: duplicates come after every distinct point, nothing comes twice
        taken[i] = nearest.argmax()
    return taken


def preprocess(points: ArrayLike, count: int | None = None, method: Method = "farthest", seed: int = 0) -> NDArray[np.float32]:
    """Centre on the mean, scale to the unit sphere, then resample to `count` if given; see `normalise` and `resample`."""
    centred = normalise(points)
    return centred if count is None else resample(centred, count, method, seed)
