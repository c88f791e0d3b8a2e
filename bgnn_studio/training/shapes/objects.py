"""The classes that are everyday objects put together from patches, z up; sizes are drawn from the generator `rng`."""

import numpy as np

from bgnn_studio.training.shapes.patches import Shape, Y, Z, box, drum, lathe, moved, scaled, superellipsoid, tube, turned


def airplane(rng: np.random.Generator) -> Shape:
    """Return a fuselage along x with swept wings, a tailplane and a fin."""
    length, girth = rng.uniform(0.95, 1.3), rng.uniform(0.13, 0.2)
    sweep, span, chord = rng.uniform(0.15, 0.5), rng.uniform(1.0, 1.4), rng.uniform(0.4, 0.6)
    plane = scaled(superellipsoid(1, 1, 16), (length, girth, girth))
    for side in (-1, 1):
        root, tip = np.array([0.15, 0.0, 0.0]), np.array([0.15 - sweep, side * span, 0.06])
        wing = np.array([[root, root - [chord, 0, 0]], [tip, tip - [chord * 0.45, 0, 0]]])
        plane += [wing, 0.4 * wing - [0.8 * length, 0, -0.04]]
    fin = rng.uniform(0.35, 0.55)
    plane.append(np.array([[[-0.65, 0, 0], [-0.95, 0, 0]], [[-0.88, 0, fin], [-1.02, 0, fin]]]) * (length, 1, 1))
    return plane


def bottle(rng: np.random.Generator) -> Shape:
    """Return a closed body with a shoulder and a narrow open neck."""
    neck, shoulder, height = rng.uniform(0.25, 0.42), rng.uniform(0.3, 0.7), rng.uniform(1.6, 2.2)
    rise = np.array([0, 0, height, height + shoulder, height + shoulder + rng.uniform(0.6, 1)])
    return lathe([0, 0.8, 0.8, neck, neck], rise)


def bowl(rng: np.random.Generator) -> Shape:
    """Return a thick open cup cut from a sphere."""
    angle = np.linspace(0, rng.uniform(0.4, 0.52) * np.pi, 9)
    inner = rng.uniform(0.82, 0.93)
    radii, rise = np.sin(angle), -np.cos(angle)
    return lathe(np.r_[radii, inner * radii[::-1]], np.r_[rise, inner * rise[::-1]])


def _four_legs(width: float, depth: float, height: float, thickness: float) -> Shape:
    """Return legs under the corners of a rectangle, from the floor up to `height`."""
    x, y = (width - thickness) / 2, (depth - thickness) / 2
    corners = [(x, y), (x, -y), (-x, y), (-x, -y)]
    return [face for cx, cy in corners for face in box((cx, cy, height / 2), (thickness, thickness, height))]


def chair(rng: np.random.Generator) -> Shape:
    """Return four legs, a seat and a backrest."""
    width, depth, seat = rng.uniform(0.8, 1.1), rng.uniform(0.8, 1.1), rng.uniform(0.7, 1)
    thickness, back = rng.uniform(0.07, 0.14), rng.uniform(0.7, 1.2)
    shape = _four_legs(width, depth, seat, rng.uniform(0.08, 0.14))
    shape += box((0, 0, seat + thickness / 2), (width, depth, thickness))
    shape += box(((thickness - width) / 2, 0, seat + thickness + back / 2), (thickness, depth, back))
    return shape


def lamp(rng: np.random.Generator) -> Shape:
    """Return a flat foot, a thin stem and an open shade."""
    stem, shade = rng.uniform(1.3, 2), rng.uniform(0.45, 0.7)
    foot = drum(rng.uniform(0.4, 0.6), 0.1)
    rod = moved(drum(rng.uniform(0.05, 0.09), stem, sides=8), (0, 0, stem / 2))
    cover = moved(drum(shade, rng.uniform(0.5, 0.8), shade * rng.uniform(0.4, 0.75), caps=False), (0, 0, stem))
    return foot + rod + cover


def mug(rng: np.random.Generator) -> Shape:
    """Return an open cup with a wall, a floor and a handle on the side of +x."""
    half, inner = rng.uniform(0.85, 1.3), rng.uniform(0.82, 0.9)
    floor = 0.2 - half
    cup = lathe([0, 1, 1, inner, inner, 0], [-half, -half, half, half, floor, floor])
    turn = np.linspace(-np.pi / 2, np.pi / 2, 15)
    reach = rng.uniform(0.45, 0.7)
    handle = np.stack([1 + reach * np.cos(turn), np.zeros_like(turn), 0.6 * half * np.sin(turn)], axis=1)
    return cup + tube(handle, rng.uniform(0.09, 0.15), (0, 1, 0))


def shelf(rng: np.random.Generator) -> Shape:
    """Return two side walls with three to five boards between them."""
    width, depth, height = rng.uniform(0.9, 1.4), rng.uniform(0.35, 0.6), rng.uniform(1.3, 2.1)
    thickness = 0.06
    shape = box((-width / 2, 0, height / 2), (thickness, depth, height)) + box((width / 2, 0, height / 2), (thickness, depth, height))
    for rise in np.linspace(thickness / 2, height - thickness / 2, rng.integers(3, 6)):
        shape += box((0, 0, rise), (width - thickness, depth, thickness))
    return shape


def sofa(rng: np.random.Generator) -> Shape:
    """Return a seat block with a backrest and two arms."""
    width, depth, seat = rng.uniform(1.6, 2.4), rng.uniform(0.8, 1), rng.uniform(0.35, 0.5)
    back, arm, thickness = rng.uniform(0.4, 0.65), rng.uniform(0.2, 0.3), rng.uniform(0.2, 0.28)
    shape = box((0, 0, seat / 2), (width, depth, seat))
    shape += box((0, (thickness - depth) / 2, seat + back / 2), (width, thickness, back))
    for side in (-1, 1):
        shape += box((side * (width - thickness) / 2, thickness / 2, seat + arm / 2), (thickness, depth - thickness, arm))
    return shape


def stool(rng: np.random.Generator) -> Shape:
    """Return a round seat on three or four splayed legs."""
    height, radius, thickness = rng.uniform(0.8, 1.2), rng.uniform(0.45, 0.6), rng.uniform(0.1, 0.18)
    shape = moved(drum(radius, thickness), (0, 0, height))
    count, splay, girth = int(rng.integers(3, 5)), rng.uniform(0.1, 0.25), rng.uniform(0.05, 0.08)
    leg = moved(turned(drum(girth, height, sides=8), Y, -splay), (0.75 * radius + 0.5 * height * np.sin(splay), 0, height / 2))
    for number in range(count):
        shape += turned(leg, Z, 2 * np.pi * number / count)
    return shape


def table(rng: np.random.Generator) -> Shape:
    """Return a rectangular top on four legs."""
    width, depth, height = rng.uniform(1.2, 1.9), rng.uniform(0.8, 1.2), rng.uniform(0.65, 1.05)
    thickness = rng.uniform(0.06, 0.13)
    top = box((0, 0, height + thickness / 2), (width, depth, thickness))
    return top + _four_legs(0.92 * width, 0.92 * depth, height, rng.uniform(0.07, 0.14))


def vase(rng: np.random.Generator) -> Shape:
    """Return a closed floor and an open wall that swells and narrows smoothly."""
    rise = np.linspace(0, 1, 15)
    swell, phase = rng.uniform(0.2, 0.38), rng.uniform(-0.9, 0.3)
    radii = 0.6 + swell * np.sin(2 * np.pi * 0.85 * rise + phase)
    return lathe(np.r_[0, radii], np.r_[0, rise] * rng.uniform(2, 3))
