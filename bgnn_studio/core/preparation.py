"""What is done to the points of a file before a model sees them: up axis, centring, scaling, and how fewer of them are chosen."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bgnn_studio.core.clouds import METHODS, Method, check_points, frame, moved, sampled_rows
from bgnn_studio.errors import BgnnError

Up = Literal["x", "y", "z", "-x", "-y", "-z"]
UP_AXES: tuple[Up, ...] = get_args(Up)
MAX_SEED = 2**31 - 1
METHOD_NAMES = {"farthest": "farthest point", "random": "at random"}

# Turns that bring an axis of the file onto z: rows are the new axes. Ones and zeros alone, so that no coordinate is rounded.
_TURNS: dict[str, tuple[tuple[int, int, int], ...]] = {
    "x": ((0, 1, 0), (0, 0, 1), (1, 0, 0)),
    "y": ((1, 0, 0), (0, 0, -1), (0, 1, 0)),
    "z": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "-x": ((0, 1, 0), (0, 0, -1), (-1, 0, 0)),
    "-y": ((1, 0, 0), (0, 0, 1), (0, -1, 0)),
    "-z": ((1, 0, 0), (0, -1, 0), (0, 0, -1)),
}


@dataclass(frozen=True)
class Preparation:
    """How the points of a file become those of a model, which expects its objects upright along z.

    Attributes
    ----------
    centre : bool
        Put the mean of all points at the origin.
    unit : bool
        Divide by the largest distance from the origin: the unit sphere.
    up : str
        Axis of the file that points up: the cloud is turned so that this is z.
    method : str
        How fewer points are chosen: ``farthest`` or ``random``.
    seed : int
        Of what is random in that.

    Raises
    ------
    BgnnError
        An unknown axis or method, or a seed that is not a whole number from 0 to 2^31 - 1.
    """

    centre: bool = True
    unit: bool = True
    up: Up = "z"
    method: Method = "farthest"
    seed: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.centre, bool) or not isinstance(self.unit, bool):
            raise BgnnError(f"Expected 'centre' and 'unit' to be true or false (got {self.centre!r}, {self.unit!r}).")
        if self.up not in UP_AXES:
            raise BgnnError(f"Expected an up axis among {', '.join(UP_AXES)} (got {self.up!r}).")
        if self.method not in METHODS:
            raise BgnnError(f"Expected the method 'farthest' or 'random' (got {self.method!r}).")
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or not 0 <= self.seed <= MAX_SEED:
            raise BgnnError(f"Expected 'seed' to be a whole number between 0 and {MAX_SEED} (got {self.seed!r}).")

    @property
    def turn(self) -> NDArray[np.int64]:
        """The (3, 3) rotation that brings the file's up axis onto z."""
        return np.array(_TURNS[self.up])

    @property
    def is_raw(self) -> bool:
        """Whether the points stay where they are."""
        return not self.centre and not self.unit and self.up == "z"

    def __str__(self) -> str:
        parts = ["centred"] * self.centre + ["unit sphere"] * self.unit
        return " \N{MIDDLE DOT} ".join([*(parts or ["as in the file"]), f"{self.up.replace('-', MINUS)} up"])


MINUS = "\N{MINUS SIGN}"
DEFAULT = Preparation()
RAW = Preparation(centre=False, unit=False)


class Placement:
    """A preparation with the centre and the size of one cloud, (N, 3) float32: places any of its points, without a copy of all."""

    def __init__(self, preparation: Preparation, points: NDArray[np.float32]) -> None:
        self._preparation, self._points = preparation, points
        self._offset, self._scale = frame(points, centre=preparation.centre, unit=preparation.unit)

    def at(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return where (n, 3) of the cloud's points are placed; the very array where nothing is done to it."""
        placed = moved(points, self._offset, self._scale)
        if self._preparation.up == "z":
            return placed
        turn = self._preparation.turn
        axes = np.abs(turn).argmax(axis=1)
        return np.ascontiguousarray(placed[:, axes]) * turn.sum(axis=1).astype(np.float32)

    def rows(self, count: int, method: Method | None = None) -> NDArray[np.int64]:
        """Return which points are chosen where `count` are wanted; see `core.clouds.sampled_rows`."""
        return sampled_rows(self._points, count, method or self._preparation.method, self._preparation.seed, self.at)


@dataclass(frozen=True, eq=False)
class Sample:
    """Some points of a cloud, prepared.

    Attributes
    ----------
    points : (n, 3) float32
    rows : (n,) int64 or None
        Which points of the file these are; None: all of them, in their order.
    """

    points: NDArray[np.float32]
    rows: NDArray[np.int64] | None = None


@dataclass(frozen=True)
class AskedPoints:
    """What commands do to the points of a cloud.

    Attributes
    ----------
    preparation : Preparation
    count : int or None
        Points to resample to; None: as many as the model was trained with, where there are more.
    raw : bool
        Not even that.
    """

    preparation: Preparation = DEFAULT
    count: int | None = None
    raw: bool = False

    def apply(self, points: ArrayLike, trained: int | None = None) -> Sample:
        """Return the points that a model trained with so many gets; None: all of them. Raises `BgnnError` as `check_points` does.

        What a network says of a shape depends on how densely it is sampled.
        """
        checked = check_points(points)
        placed = Placement(self.preparation, checked)
        wanted = self.count if self.count is not None or trained is None or trained >= len(checked) else trained
        rows = None if self.raw or wanted is None else placed.rows(wanted)
        return Sample(placed.at(checked if rows is None else checked[rows]), rows)


DEFAULT_POINTS = AskedPoints()
