"""Point clouds: checking, centring and scaling, resampling; the same for training, inference and the board."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bgnn_studio.errors import BgnnError

Method = Literal["farthest", "random"]


@dataclass(frozen=True, eq=False)
class Cloud:
    """One point cloud.

    Attributes
    ----------
    name : str
    points : (N, 3) float32
        A read-only copy of what was given, checked by `check_points`.
    path : Path or None
        The file that it came from.
    """

    name: str
    points: NDArray[np.float32]
    path: Path | None = None

    def __post_init__(self) -> None:
        points = np.array(check_points(self.points))
        points.flags.writeable = False
        object.__setattr__(self, "points", points)


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
    exact = check_points(points).astype(np.float64)
    if (exact == exact[0]).all():
        return np.zeros(exact.shape, dtype=np.float32)
    centred = exact - exact.mean(axis=0)
    return (centred / np.sqrt(np.square(centred).sum(axis=1).max())).astype(np.float32)


def resample(points: ArrayLike, count: int, method: Method = "farthest", seed: int = 0) -> NDArray[np.float32]:
    """Return `count` of the (N, 3) points, deterministically; the points themselves are never moved or interpolated.

    Parameters
    ----------
    points : (N, 3)
    count : int
        Up to N, every point is taken at most once. Above N there is nothing new to take: all N points come first, in their
        order, and the rest are drawn from them at random with replacement (so some points appear more than once).
    method : str
        ``farthest``: start at the point farthest from the mean, then always take the point farthest from those taken; ties go to
        the lower index. Costs N * count distances. ``random``: the first `count` of a seeded permutation.
    seed : int
        Of the random draws.

    Raises
    ------
    BgnnError
        Bad points (see `check_points`), count below 1, or an unknown method.
    """
    values = check_points(points)
    if count < 1:
        raise BgnnError(f"Expected at least one point to resample to (got {count}).")
    if method not in ("farthest", "random"):
        raise BgnnError(f"Expected the method 'farthest' or 'random' (got {method!r}).")
    total = len(values)
    if count > total:
        extra = np.random.default_rng(seed).integers(total, size=count - total)
        return values[np.concatenate([np.arange(total), extra])]
    if method == "random":
        return values[np.random.default_rng(seed).permutation(total)[:count]]
    return values[_farthest(values.astype(np.float64), count)]


def _farthest(points: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Return the indices of farthest-point sampling, count <= N."""
    taken = np.empty(count, dtype=np.int64)
    taken[0] = np.square(points - points.mean(axis=0)).sum(axis=1).argmax()
    nearest = np.full(len(points), np.inf)  # squared distance of each point to those taken
    for i in range(1, count):
        np.minimum(nearest, np.square(points - points[taken[i - 1]]).sum(axis=1), out=nearest)
        nearest[taken[i - 1]] = -1.0  # below any distance: duplicates come after every distinct point, nothing comes twice
        taken[i] = nearest.argmax()
    return taken


def preprocess(points: ArrayLike, count: int | None = None, method: Method = "farthest", seed: int = 0) -> NDArray[np.float32]:
    """Centre on the mean, scale to the unit sphere, then resample to `count` if given; see `normalise` and `resample`."""
    centred = normalise(points)
    return centred if count is None else resample(centred, count, method, seed)


def preprocess_for(points: ArrayLike, trained: int) -> NDArray[np.float32]:
    """Preprocess points for a model trained with `trained` of them: resampled to that number where there are more.

    What a network says of a shape depends on how densely it is sampled.
    """
    values = check_points(points)
    return preprocess(values, trained if len(values) > trained else None)
