"""What is open: a cloud after preprocessing, and as much of a model as a session looks at."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from bgnn_studio.core.clouds import Cloud, resample
from bgnn_studio.core.spec import NetworkSpec

SHOWN_POINTS = 16_384  # at most, while no model asks for its number: 41 ms a frame (llvmpipe, 2 vCPU, 1200x800)
MOST_POINTS = 65_536  # of one pass: the k-NN of a layer takes time with their square

PointCount = int | Literal["model", "all"]
POINT_COUNTS: tuple[PointCount, ...] = ("model", 512, 1024, 4096, "all")


class OpenModel(Protocol):
    """What the session needs to know of a model."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def path(self) -> Path | None: ...  # noqa: D102
    @property
    def spec(self) -> NetworkSpec: ...  # noqa: D102


@dataclass(frozen=True, eq=False)
class OpenCloud:
    """A cloud and what is left of it after preprocessing.

    Attributes
    ----------
    cloud : Cloud
        As in the file.
    whole : (M, 3) float32
        All of its points, centred and scaled to the unit sphere.
    points : (N, 3) float32
        What is shown without a model: the same array, or a seeded random choice of 16,384 where there are more.
    """

    cloud: Cloud
    whole: NDArray[np.float32]
    points: NDArray[np.float32] = field(init=False)
    _resampled: dict[int | str, NDArray[np.float32]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        few = len(self.whole) <= SHOWN_POINTS
        object.__setattr__(self, "points", self.whole if few else resample(self.whole, SHOWN_POINTS, "random"))

    def for_model(self, model: OpenModel, count: PointCount) -> NDArray[np.float32]:
        """Return the points that a model runs on: as many as it was trained with, another number, or all (at most 65,536)."""
        if count != "all":
            return self.at(model.spec.points if count == "model" else count)
        if len(self.whole) <= MOST_POINTS:
            return self.whole
        if "all" not in self._resampled:
            self._resampled.setdefault("all", resample(self.whole, MOST_POINTS, "random"))
        return self._resampled["all"]

    def at(self, count: int) -> NDArray[np.float32]:
        """Return `count` of all points, farthest-point sampled, or all where there are no more; the same array each time.

        The first call for a count takes its time with a large cloud, and may come from any thread.
        """
        if count >= len(self.whole):
            return self.whole
        if count not in self._resampled:
            self._resampled.setdefault(count, resample(self.whole, count))
        return self._resampled[count]

    def sampling(self, model: OpenModel, count: PointCount) -> str:
        """Say on how many points a model runs, how they are chosen, and with how many it was trained where these are others."""
        have, run, trained = len(self.whole), len(self.for_model(model, count)), model.spec.points
        wanted = {"model": trained, "all": have}.get(str(count), count)
        if run < have:
            taken = f"{run:,} of {have:,} points, {'a random choice' if count == 'all' else 'farthest point sampling'}"
        elif isinstance(wanted, int) and have < wanted:
            taken = f"all {have:,} points, fewer than {wanted:,}; none is repeated"
        else:
            taken = f"all {have:,} points"
        return f"{taken[0].upper()}{taken[1:]}." + (f" {model.name} was trained with {trained:,}." if run != trained else "")
