"""The labelled shape set: `default_rng([SEED, split, i])` makes cloud i of a split, so every cloud stands on its own.

Clouds are rounded to 2^-16 before they are centred and scaled: sums of such numbers are exact in float64, so the set has the
same bytes whatever the last bit of this machine's sine is. Changing anything here or in the shapes needs a new
GENERATOR_VERSION, a new TEST_SHA256, and demo models trained anew.
"""

import hashlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bgnn_studio.core.clouds import normalise, resample
from bgnn_studio.errors import BgnnError
from bgnn_studio.training.shapes import objects, solids
from bgnn_studio.training.shapes.parallel import clouds_of
from bgnn_studio.training.shapes.patches import X, Y, Z, rotation, sample

GENERATOR_VERSION = 2
SEED = 2021
POINTS = 256
# `make_dataset("test").sha256`: the set that every shipped figure is measured on, frozen before the first shipped model was trained.
TEST_SHA256 = "fbf5c2d8a6928edbdaf2da71e671ecee38d1f95822a71689a8f56ff2ea5a2d13"
# Number of the split in the seed of each cloud, and clouds per class.
SPLITS = {"train": (0, 400), "validation": (1, 40), "test": (2, 50)}
_MAKERS = (
    objects.airplane,
    objects.bottle,
    objects.bowl,
    solids.capsule,
    objects.chair,
    solids.cone,
    solids.cuboid,
    solids.cylinder,
    solids.ellipsoid,
    solids.hex_prism,
    objects.lamp,
    objects.mug,
    solids.pyramid,
    objects.shelf,
    objects.sofa,
    solids.square_torus,
    objects.stool,
    objects.table,
    solids.torus,
    objects.vase,
)
CLASSES = tuple(maker.__name__ for maker in _MAKERS)


@dataclass(frozen=True)
class Nuisance:
    """What keeps the set from being easy.

    Attributes
    ----------
    stretch : float
        Each axis is scaled by exp(U(-stretch, stretch)).
    yaw, tilt : float
        Turn about z, U(-yaw, yaw) radians; about x and y, normal with this standard deviation in radians.
    occlusion, occluded_share : float
        A half space hides up to this fraction of the surface, in this share of the clouds.
    outliers : float
        Up to this fraction of the points is uniform in a cube of half edge 0.9.
    jitter : float
        Standard deviation of the noise, up to this fraction of the radius.
    thinned_share : float
        Share of the clouds that are drawn more densely and thinned by farthest-point sampling, as clouds are on their way to a model.
    """

    stretch: float = 0.25
    yaw: float = np.pi
    tilt: float = 0.12
    occlusion: float = 0.45
    occluded_share: float = 0.7
    outliers: float = 0.05
    jitter: float = 0.025
    thinned_share: float = 0.5


CLEAN = Nuisance(stretch=0.05, yaw=0, tilt=0, occlusion=0, occluded_share=0, outliers=0, jitter=0.004, thinned_share=0)
_DENSER = 4


@dataclass(frozen=True)
class ShapeSet:
    """Labelled clouds: points (n, N, 3) float32, centred on the mean and on the unit sphere; labels (n,) int64."""

    points: NDArray[np.float32]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]

    @property
    def sha256(self) -> str:
        """Digest of the bytes of points and labels, little-endian."""
        digest = hashlib.sha256(self.points.astype("<f4").tobytes())
        digest.update(self.labels.astype("<i8").tobytes())
        return digest.hexdigest()


def make_cloud(name: str, points: int, rng: np.random.Generator, nuisance: Nuisance | None = None) -> NDArray[np.float32]:
    """Make one cloud (points, 3) float32 of the class `name`, centred on its mean and on the unit sphere.

    Raises
    ------
    BgnnError
        No such class, or fewer than 2 points.
    """
    if name not in CLASSES:
        raise BgnnError(f"Expected a class among {', '.join(CLASSES)} (got {name!r}).")
    if points < 2:
        raise BgnnError(f"Expected at least 2 points in a cloud (got {points}).")
    level = Nuisance() if nuisance is None else nuisance
    shape = _MAKERS[CLASSES.index(name)](rng)
    turn = rotation(Z, rng.uniform(-level.yaw, level.yaw)) @ np.diag(np.exp(rng.uniform(-level.stretch, level.stretch, 3)))
    turn = rotation(X, level.tilt * rng.normal()) @ rotation(Y, level.tilt * rng.normal()) @ turn
    stray = int(points * level.outliers * rng.random())
    hidden = level.occlusion * rng.random() if rng.random() < level.occluded_share else 0.0
    dense = points * _DENSER if level.thinned_share and rng.random() < level.thinned_share else points
    surface = sample([patch @ turn.T for patch in shape], int(np.ceil((dense - stray) / (1 - hidden))), rng)
    surface -= (surface.max(axis=0) + surface.min(axis=0)) / 2
    surface /= np.linalg.norm(surface, axis=1).max()
    seen = np.sort(np.argsort(surface @ rng.normal(size=3), kind="stable")[: dense - stray])
    surface = surface[seen] + level.jitter * rng.random() * rng.normal(size=(dense - stray, 3))
    cloud = np.concatenate([surface, rng.uniform(-0.9, 0.9, (stray, 3))])
    cloud = np.round(cloud[rng.permutation(dense)] * 2**16) / 2**16
    if dense > points:
        cloud = resample(cloud, points)[rng.permutation(points)]
    return normalise(cloud)


def make_dataset(
    split: str, points: int = POINTS, count: int | None = None, progress: Callable[[int, int], None] | None = None, processes: int = 1
) -> ShapeSet:
    """Make a split, or its first `count` clouds; labels cycle through the classes, so that any prefix is balanced.

    `progress` is told the clouds made and all clouds, after each; what it raises ends the making. The clouds do not depend on the
    number of `processes`.

    Raises
    ------
    BgnnError
        No such split, or more clouds than it has.
    """
    if split not in SPLITS:
        raise BgnnError(f"Expected a split among {', '.join(SPLITS)} (got {split!r}).")
    number, per_class = SPLITS[split]
    size = per_class * len(CLASSES)
    if count is not None and not 1 <= count <= size:
        raise BgnnError(f"Expected 1 to {size} clouds of the split '{split}' (got {count}).")
    labels = np.arange(size if count is None else count, dtype=np.int64) % len(CLASSES)
    if processes > 1:
        made = clouds_of(split, points, len(labels), processes)
    else:
        made = (make_cloud(CLASSES[label], points, np.random.default_rng([SEED, number, i])) for i, label in enumerate(labels))
    clouds = np.empty((len(labels), points, 3), np.float32)
    with closing(made):
        for i, cloud in enumerate(made):
            clouds[i] = cloud
            if progress is not None:
                progress(i + 1, len(labels))
    return ShapeSet(clouds, labels, CLASSES)
