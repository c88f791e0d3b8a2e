"""What is open: a cloud with what is done to its points, and as much of a model as a session looks at."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from bgnn_studio.core.attributes import Attribute
from bgnn_studio.core.clouds import Cloud, Method, farthest_pool
from bgnn_studio.core.preparation import DEFAULT, Placement, Preparation, Sample
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
    """A cloud and what is done to its points.

    Attributes
    ----------
    cloud : Cloud
        As in the file.
    preparation : Preparation
        Of a cloud of millions only the points that are shown or run are placed: no second copy of all of them is made.
    shown : Sample
        What is shown without a model: all points, or a seeded random choice of 16,384 where there are more.
    """

    cloud: Cloud
    preparation: Preparation = DEFAULT
    shown: Sample = field(init=False, repr=False)
    _placed: Placement = field(init=False, repr=False)
    _samples: dict[tuple[int, Method], Sample] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_placed", Placement(self.preparation, self.cloud.points))
        object.__setattr__(self, "shown", self._sample(min(self.total, SHOWN_POINTS), "random"))

    @property
    def total(self) -> int:
        """Points of the file."""
        return len(self.cloud.points)

    @property
    def points(self) -> NDArray[np.float32]:
        """What is shown without a model, prepared, (N, 3)."""
        return self.shown.points

    def for_model(self, model: OpenModel, count: PointCount) -> Sample:
        """Return the points that a model runs on: as many as it was trained with, another number, or all (at most 65,536).

        The first call for a number takes its time with a large cloud, and may come from any thread; later ones return the same sample.
        """
        if count == "all":
            return self._sample(MOST_POINTS, "random")
        return self._sample(model.spec.points if count == "model" else count, self.preparation.method)

    def attribute(self, name: str, rows: NDArray[np.int64] | None = None) -> Attribute | None:
        """Return an attribute of some points, or of all, turned as they are; None where the file has none of that name."""
        found = self.cloud.attribute(name)
        return None if found is None else found.take(rows).turned(self.preparation.turn)

    def _sample(self, count: int, method: Method) -> Sample:
        key = (min(count, self.total), method if count < self.total else "farthest")
        if key not in self._samples:
            rows = None if count >= self.total else self._placed.rows(count, method)
            points = self.cloud.points if rows is None else self.cloud.points[rows]
            self._samples.setdefault(key, Sample(self._placed.at(points), rows))
        return self._samples[key]

    def sampling(self, model: OpenModel, count: PointCount) -> str:
        """Say on how many points a model runs, how they are chosen, and with how many it was trained where these are others."""
        have, run, trained = self.total, len(self.for_model(model, count).points), model.spec.points
        wanted = {"model": trained, "all": have}.get(str(count), count)
        if run < have:
            taken = f"{run:,} of {have:,} points, {self._chosen(run, count)}"
        elif isinstance(wanted, int) and have < wanted:
            taken = f"all {have:,} points, fewer than {wanted:,}; none is repeated"
        else:
            taken = f"all {have:,} points"
        return f"{taken[0].upper()}{taken[1:]}." + (f" {model.name} was trained with {trained:,}." if run != trained else "")

    def _chosen(self, run: int, count: PointCount) -> str:
        """Say how fewer points are chosen."""
        if count == "all" or self.preparation.method == "random":
            return "a random choice"
        pool = farthest_pool(run)
        return "farthest point sampling" + (f" of {pool:,} drawn at random" if pool < self.total else "")
