"""Clouds as the commands feed them to models, and files that the commands write."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from bgnn_studio.core.attributes import Attribute
from bgnn_studio.core.clouds import Cloud
from bgnn_studio.core.files import replacing
from bgnn_studio.core.preparation import DEFAULT_POINTS, METHOD_NAMES, AskedPoints, Sample
from bgnn_studio.core.views import COLOUR_MODES
from bgnn_studio.errors import BgnnError
from bgnn_studio.io.readers import read_cloud
from bgnn_studio.native import Model


@dataclass(frozen=True, eq=False)
class GivenCloud:
    """A cloud that was read, and those of its points that a model gets."""

    cloud: Cloud
    asked: AskedPoints
    sample: Sample

    @property
    def points(self) -> NDArray[np.float32]:
        """The (N, 3) points."""
        return self.sample.points

    def attribute(self, name: str) -> Attribute | None:
        """Return an attribute of these points, or None for a colour mode; raises `BgnnError` for any other name."""
        found = self.cloud.attribute(name)
        if found is None and name not in COLOUR_MODES:
            own = ", ".join(attribute.name for attribute in self.cloud.attributes) or "nothing"
            raise BgnnError(f"Expected a color among {', '.join(COLOUR_MODES)}, or of what {self.cloud.path} says: {own} (got {name!r}).")
        return None if found is None else found.take(self.sample.rows).turned(self.asked.preparation.turn)


def open_points(path: Path, model: Model | None = None, asked: AskedPoints = DEFAULT_POINTS) -> GivenCloud:
    """Read a cloud and prepare its points; the window does the same."""
    cloud = read_cloud(path)
    return GivenCloud(cloud, asked, asked.apply(cloud.points, None if model is None else model.spec.points))


def describe_points(given: GivenCloud) -> str:
    """Say how many points went in and what was done to them."""
    have, got, how = len(given.cloud.points), len(given.points), given.asked.preparation
    change = ""
    if got != have:
        change = f", resampled to {got}" + (f" ({got - have} of them repeats)" if got > have else f" ({METHOD_NAMES[how.method]})")
    return f"{have} points, {how}{change}"


def write_file(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Write a file by a function of the open file; raises `BgnnError` when it cannot be written."""
    try:
        with replacing(path) as file:
            write(file)
    except OSError as error:
        raise BgnnError(f"{path}: could not be written ({error.strerror}). Choose another folder, or free some space.") from error
