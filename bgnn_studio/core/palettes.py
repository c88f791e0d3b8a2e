"""Colour palettes, perceptually even by construction: straight ramps of lightness, chroma and hue in OKLCh.

The colour space is Ottosson's OKLab (2020), whose lightness is close to linear in perception. Lightness stays between
0.42 and 0.88, so that every colour is readable on the dark and on the light background.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from bgnn_studio.errors import BgnnError

# OKLab to the cube roots of cone responses, and cone responses to linear sRGB.
_LAB_TO_CONES = np.array([[1.0, 0.3963377774, 0.2158037573], [1.0, -0.1055613458, -0.0638541728], [1.0, -0.0894841775, -1.2914855480]])
_CONES_TO_RGB = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)


@dataclass(frozen=True)
class Ramp:
    """A path in OKLCh inside sRGB: lightness from 0 to 1 and hue in degrees (first, last), chroma (first, middle, last)."""

    lightness: tuple[float, float]
    chroma: tuple[float, float, float]
    hue: tuple[float, float]


RAMPS = {
    "height": Ramp((0.46, 0.88), (0.115, 0.10, 0.17), (275.0, 95.0)),
    "distance": Ramp((0.88, 0.42), (0.14, 0.165, 0.14), (95.0, -75.0)),
    "degree": Ramp((0.50, 0.84), (0.07, 0.15, 0.10), (235.0, 345.0)),
    "drift": Ramp((0.86, 0.58), (0.09, 0.15, 0.20), (95.0, 25.0)),
    "critical": Ramp((0.44, 0.86), (0.05, 0.15, 0.12), (290.0, 437.0)),
    # Two classes, +1 and -1: blue and orange differ in lightness too, and so for every kind of colour vision.
    "bit": Ramp((0.60, 0.80), (0.15, 0.10, 0.145), (255.0, 70.0)),
}
PALETTES = tuple(RAMPS)
CLASSES = "label"  # a palette of as many hues as are asked for, each far from the one before
_GOLDEN = 360 * (3 - 5**0.5) / 2  # degrees: any number of hues in a row stay apart


@cache
def palette(name: str, count: int = 256) -> NDArray[np.uint8]:
    """Return `count` colours of a palette, from one end to the other, (count, 3) uint8 sRGB, read-only; of `CLASSES` the first ones.

    Raises
    ------
    BgnnError
        A name that is neither in `PALETTES` nor `CLASSES`.
    """
    if name == CLASSES:
        number = np.arange(count)
        lightness = np.array([0.62, 0.80, 0.71])[number % 3]
        return _bytes(oklch_to_srgb(lightness, np.full(count, 0.105), 255.0 + _GOLDEN * number.astype(np.float64)))
    if name not in RAMPS:
        raise BgnnError(f"Expected a palette among {', '.join(PALETTES)} (got {name!r}).")
    ramp, t = RAMPS[name], np.linspace(0.0, 1.0, count)
    lightness, chroma, hue = (np.interp(t, np.linspace(0.0, 1.0, len(ends)), ends) for ends in (ramp.lightness, ramp.chroma, ramp.hue))
    return _bytes(oklch_to_srgb(lightness, chroma, hue))


def _bytes(colours: NDArray[np.float64]) -> NDArray[np.uint8]:
    rounded = np.round(colours * 255).astype(np.uint8)
    rounded.flags.writeable = False
    return rounded


def colourize(values: NDArray[np.generic], colours: NDArray[np.uint8], value_range: tuple[float, float]) -> NDArray[np.uint8]:
    """Map (N,) values to (N, 3) uint8 colours of a (count, 3) table; values outside the range take the end colours, NaN the first."""
    low, high = value_range
    t = (np.nan_to_num(values.astype(np.float64), nan=low) - low) / (high - low if high > low else 1.0)
    return colours[np.clip(t * len(colours), 0, len(colours) - 1).astype(np.intp)]


def oklch_to_srgb(lightness: NDArray[np.float64], chroma: NDArray[np.float64], hue: NDArray[np.float64]) -> NDArray[np.float64]:
    """Convert OKLCh (hue in degrees) to gamma-encoded sRGB (..., 3); components outside 0 to 1 are out of gamut."""
    angle = np.radians(hue)
    lab = np.stack([lightness, chroma * np.cos(angle), chroma * np.sin(angle)], axis=-1)
    linear = (lab @ _LAB_TO_CONES.T) ** 3 @ _CONES_TO_RGB.T
    encoded = 1.055 * np.abs(linear) ** (1 / 2.4) - 0.055
    return np.asarray(np.where(linear <= 0.0031308, 12.92 * linear, encoded))
