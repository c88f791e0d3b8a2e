"""What is open: a cloud after preprocessing, and as much of a model as a session looks at."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bgnn_studio.core.clouds import Cloud, resample
from bgnn_studio.core.spec import NetworkSpec


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
    points : (N, 3) float32
        Centred, scaled to the unit sphere; a large cloud is resampled.
    """

    cloud: Cloud
    points: NDArray[np.float32]
    _resampled: dict[int, NDArray[np.float32]] = field(default_factory=dict, repr=False)

    def at(self, count: int) -> NDArray[np.float32]:
        """Return `count` of the points, farthest-point sampled, or all where there are no more; the same array each time."""
        if count >= len(self.points):
            return self.points
        if count not in self._resampled:
            self._resampled[count] = resample(self.points, count)
        return self._resampled[count]
