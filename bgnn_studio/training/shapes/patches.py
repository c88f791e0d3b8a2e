"""Surface patches: (m, n, 3) float64 grids of points. A shape is a list of patches, sampled uniformly by area."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Patch: TypeAlias = NDArray[np.float64]
Shape: TypeAlias = list[Patch]
Axis: TypeAlias = int

X, Y, Z = 0, 1, 2


def box(centre: Sequence[float], size: Sequence[float]) -> Shape:
    """Return the six faces of an axis-aligned box of full edge lengths `size`."""
    faces = []
    for axis in (X, Y, Z):
        first, second = (other for other in (X, Y, Z) if other != axis)
        for side in (-0.5, 0.5):
            face = np.full((2, 2, 3), side)
            face[:, :, first] = [[-0.5, -0.5], [0.5, 0.5]]
            face[:, :, second] = [[-0.5, 0.5], [-0.5, 0.5]]
            faces.append(face * size + centre)
    return faces


def lathe(radii: ArrayLike, heights: ArrayLike, sides: int = 24) -> Shape:
    """Turn a profile (radius, height) about z; few sides make a prism or a pyramid."""
    radius = np.asarray(radii, dtype=np.float64)[:, None]
    height = np.broadcast_to(np.asarray(heights, dtype=np.float64)[:, None], (len(radius), sides + 1))
    turn = np.linspace(0, 2 * np.pi, sides + 1)
    return [np.stack([radius * np.cos(turn), radius * np.sin(turn), height], axis=-1)]


def drum(radius: float, height: float, top_radius: float | None = None, sides: int = 24, *, caps: bool = True) -> Shape:
    """Return a cylinder, cone or prism about z, centred at the origin; `caps` closes both ends."""
    top = radius if top_radius is None else top_radius
    half = height / 2
    return lathe([0, radius, top, 0], [-half, -half, half, half], sides) if caps else lathe([radius, top], [-half, half], sides)


def signed_power(values: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
    """Return |values| ** exponent with the sign of values: 1 is round, towards 0 is square."""
    return np.copysign(np.abs(values) ** exponent, values)


def superellipsoid(north: float, east: float, cells: int = 24) -> Shape:
    """Return Barr's superellipsoid of unit half axes; exponents 1, 1 give the sphere, towards 0 a box."""
    latitude = np.linspace(-np.pi / 2, np.pi / 2, cells + 1)[:, None]
    longitude = np.linspace(-np.pi, np.pi, cells + 1)
    ring = signed_power(np.cos(latitude), north)
    x = ring * signed_power(np.cos(longitude), east)
    y = ring * signed_power(np.sin(longitude), east)
    z = np.broadcast_to(signed_power(np.sin(latitude), north), x.shape)
    return [np.stack([x, y, z], axis=-1)]


def supertorus(tube_radius: float, section: float, ring: float, cells: int = 30) -> Shape:
    """Return a torus of ring radius 1 whose cross section and ring have the superellipse exponents `section`, `ring`."""
    around = np.linspace(-np.pi, np.pi, cells + 1)[:, None]
    across = np.linspace(-np.pi, np.pi, cells + 1)
    reach = 1 + tube_radius * signed_power(np.cos(across), section)
    x = reach * signed_power(np.cos(around), ring)
    y = reach * signed_power(np.sin(around), ring)
    z = np.broadcast_to(tube_radius * signed_power(np.sin(across), section), x.shape)
    return [np.stack([x, y, z], axis=-1)]


def tube(path: NDArray[np.float64], radius: float, binormal: Sequence[float], sides: int = 10) -> Shape:
    """Sweep a circle along a plane `path` (m, 3) whose plane has the unit normal `binormal`."""
    tangent = np.gradient(path, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    up = np.asarray(binormal, dtype=np.float64)
    outward = np.cross(tangent, up)
    turn = np.linspace(0, 2 * np.pi, sides + 1)[:, None]
    return [path[:, None] + radius * (np.cos(turn) * outward[:, None] + np.sin(turn) * up)]


def moved(shape: Shape, offset: Sequence[float]) -> Shape:
    """Return the shape shifted by `offset`."""
    return [patch + np.asarray(offset, dtype=np.float64) for patch in shape]


def scaled(shape: Shape, factors: Sequence[float]) -> Shape:
    """Return the shape scaled along x, y, z."""
    return [patch * np.asarray(factors, dtype=np.float64) for patch in shape]


def rotation(axis: Axis, angle: float) -> NDArray[np.float64]:
    """Return the (3, 3) matrix that turns column vectors by `angle` radians about one axis, counter-clockwise."""
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.eye(3)
    matrix[[first, second], [first, second]] = np.cos(angle)
    matrix[second, first] = np.sin(angle)
    matrix[first, second] = -np.sin(angle)
    return matrix


def turned(shape: Shape, axis: Axis, angle: float) -> Shape:
    """Return the shape turned by `angle` radians about one axis."""
    return [patch @ rotation(axis, angle).T for patch in shape]


def triangles(shape: Shape) -> NDArray[np.float64]:
    """Split every grid cell in two: (T, 3 corners, 3)."""
    halves = []
    for patch in shape:
        a, b, c, d = patch[:-1, :-1], patch[1:, :-1], patch[1:, 1:], patch[:-1, 1:]
        halves += [np.stack(corners, axis=-2).reshape(-1, 3, 3) for corners in ((a, b, c), (a, c, d))]
    return np.concatenate(halves)


def sample(shape: Shape, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw `count` points uniformly by area, (count, 3); areas of patches that pass through each other count twice."""
    corners = triangles(shape)
    origin, first, second = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    areas = np.linalg.norm(np.cross(first, second), axis=1)
    chosen = rng.choice(len(areas), count, p=areas / areas.sum())
    u, v = np.sqrt(rng.random((count, 1))), rng.random((count, 1))  # uniform on a triangle: Turk, Graphics Gems, 1990
    return origin[chosen] + u * (1 - v) * first[chosen] + u * v * second[chosen]
