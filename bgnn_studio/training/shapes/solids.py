"""The classes that are one solid; proportions are drawn from the generator `rng`. Several pairs are alike on purpose."""

import numpy as np

from bgnn_studio.training.shapes.patches import Shape, box, drum, lathe, superellipsoid, supertorus


def capsule(rng: np.random.Generator) -> Shape:
    """Return a cylinder with half-sphere ends."""
    half = rng.uniform(0.5, 1.5)
    quarter = np.linspace(0, np.pi / 2, 7)
    radii, rise = np.cos(quarter), np.sin(quarter) + half
    return lathe(np.r_[radii[::-1], radii], np.r_[-rise[::-1], rise])


def cone(rng: np.random.Generator) -> Shape:
    """Return a cone, its tip slightly blunt."""
    return drum(1, rng.uniform(1.2, 2.6), rng.uniform(0, 0.1))


def cuboid(rng: np.random.Generator) -> Shape:
    """Return a box of any proportions."""
    return box((0, 0, 0), (1, rng.uniform(0.5, 1), rng.uniform(0.6, 1.6)))


def cylinder(rng: np.random.Generator) -> Shape:
    """Return a round drum."""
    return drum(1, rng.uniform(1.2, 3), rng.uniform(0.94, 1.06))


def ellipsoid(rng: np.random.Generator) -> Shape:
    """Return an ellipsoid, stretched along z as a capsule is."""
    shape = superellipsoid(rng.uniform(0.9, 1.1), rng.uniform(0.9, 1.1))
    return [patch * (1, 1, rng.uniform(0.9, 1.9)) for patch in shape]


def hex_prism(rng: np.random.Generator) -> Shape:
    """Return a six-sided drum of a cylinder's proportions."""
    return drum(1, rng.uniform(1.2, 3), rng.uniform(0.94, 1.06), sides=6)


def pyramid(rng: np.random.Generator) -> Shape:
    """Return a four-sided cone of a cone's proportions."""
    return drum(1, rng.uniform(1.2, 2.6), rng.uniform(0, 0.1), sides=4)


def square_torus(rng: np.random.Generator) -> Shape:
    """Return a ring with a nearly square cross section."""
    return supertorus(rng.uniform(0.25, 0.5), rng.uniform(0.15, 0.3), rng.uniform(0.9, 1.1))


def torus(rng: np.random.Generator) -> Shape:
    """Return a ring with a round cross section."""
    return supertorus(rng.uniform(0.25, 0.5), rng.uniform(0.9, 1.1), rng.uniform(0.9, 1.1))
