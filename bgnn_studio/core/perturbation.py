"""Perturbations of a preprocessed cloud: what a sensor or another pose does to the points that a network sees."""

from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bgnn_studio.errors import BgnnError


@dataclass(frozen=True)
class Range:
    """What a number may be: from `low` to `high`, inclusive; `unit` is for people, `step` a sensible change."""

    low: float
    high: float
    step: float
    unit: str


RANGES = {
    "turn": Range(-180.0, 180.0, 1.0, "\N{DEGREE SIGN}"),
    "tilt": Range(-180.0, 180.0, 1.0, "\N{DEGREE SIGN}"),
    "scale": Range(0.25, 4.0, 0.01, "\N{MULTIPLICATION SIGN}"),
    "jitter": Range(0.0, 0.2, 0.001, "radii"),
    "drop": Range(0.0, 0.95, 0.01, "%"),
    "occlude": Range(0.0, 0.95, 0.01, "%"),
    "azimuth": Range(-180.0, 180.0, 1.0, "\N{DEGREE SIGN}"),
    "elevation": Range(-90.0, 90.0, 1.0, "\N{DEGREE SIGN}"),
}
MAX_SEED = 2**31 - 1


@dataclass(frozen=True)
class Perturbation:
    """What is done to a cloud, in this order.

    It works on points that are already centred, scaled to the unit sphere and resampled, and nothing of that is done again
    after it: else no scale would show. Points that are taken away are not replaced: the network runs on those that are left.

    Attributes
    ----------
    occlude : float
        1. Share of the points taken away behind a plane: those farthest in the direction of `azimuth` and `elevation`.
    azimuth, elevation : float
        Degrees, from the x axis about the up axis z, and above the horizon.
    drop : float
        2. Share of the points that are left then, taken away at random; a larger share takes the same ones and more.
    turn : float
        3. Degrees about the up axis z.
    tilt : float
        4. Degrees about the x axis.
    scale : float
        5. Factor about the origin, which was the mean of the points.
    jitter : float
        6. Standard deviation of normal noise added to every coordinate, in radii of the unperturbed cloud. The noise of a
        point depends on the seed and its index alone, so that sliders move it smoothly.
    seed : int
        Of drop and jitter.

    Raises
    ------
    BgnnError
        A number that is not finite or out of its range in `RANGES`, or a seed that is not a whole number from 0 to 2^31 - 1.
    """

    turn: float = 0.0
    tilt: float = 0.0
    scale: float = 1.0
    jitter: float = 0.0
    drop: float = 0.0
    occlude: float = 0.0
    azimuth: float = 0.0
    elevation: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name, allowed in RANGES.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not allowed.low <= value <= allowed.high:
                raise BgnnError(f"Expected '{name}' between {allowed.low:g} and {allowed.high:g} (got {value!r}).")
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or not 0 <= self.seed <= MAX_SEED:
            raise BgnnError(f"Expected 'seed' to be a whole number between 0 and {MAX_SEED} (got {self.seed!r}).")

    @property
    def is_identity(self) -> bool:
        """Whether it changes nothing, whatever the seed and the direction of the plane."""
        free = {"seed", "azimuth", "elevation"}
        return all(getattr(self, f.name) == f.default for f in fields(self) if f.name not in free)

    def apply(self, points: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return the perturbed (M, 3) points, M <= N, and their (M,) indices in the (N, 3) points given, in ascending order.

        At least one point is left. The identity returns the very same array, and a part that changes nothing changes no bit.
        """
        index = self._left(points)
        if self.is_identity:
            return points, index
        moved = points if len(index) == len(points) else points[index]
        if self.turn or self.tilt or self.scale != 1.0:
            moved = (moved.astype(np.float64) @ self._motion().T).astype(np.float32)
        if self.jitter:
            moved = moved + np.float32(self.jitter) * _noise(self.seed, len(points))[index]
        return moved, index

    @property
    def turning(self) -> NDArray[np.float64]:
        """The (3, 3) rotation of turn and tilt, without the scale: what happens to normals."""
        return self._motion() / self.scale

    def _left(self, points: NDArray[np.float32]) -> NDArray[np.int64]:
        """Return the indices of the points that are neither occluded nor dropped."""
        count = len(points)
        index = np.arange(count)
        if self.occlude:
            azimuth, elevation = np.radians([self.azimuth, self.elevation])
            direction = np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])
            order = np.argsort(points @ direction, kind="stable")
            index = np.sort(order[: max(1, count - round(self.occlude * count))])
        if self.drop:
            order = index[np.argsort(_draws(self.seed, count)[index], kind="stable")]
            index = np.sort(order[: max(1, len(index) - round(self.drop * len(index)))])
        return index

    def _motion(self) -> NDArray[np.float64]:
        """Return the (3, 3) matrix of turn, tilt and scale."""
        (ct, st), (cx, sx) = ((np.cos(a), np.sin(a)) for a in np.radians([self.turn, self.tilt]))
        turn = np.array([[ct, -st, 0.0], [st, ct, 0.0], [0.0, 0.0, 1.0]])
        tilt = np.array([[1.0, 0.0, 0.0], [0.0, cx, -sx], [0.0, sx, cx]])
        return np.asarray(self.scale * tilt @ turn)


IDENTITY = Perturbation()


@lru_cache(maxsize=4)
def _noise(seed: int, count: int) -> NDArray[np.float32]:
    return np.random.default_rng([seed, 0]).standard_normal((count, 3), dtype=np.float32)


@lru_cache(maxsize=4)
def _draws(seed: int, count: int) -> NDArray[np.float64]:
    return np.random.default_rng([seed, 1]).random(count)
