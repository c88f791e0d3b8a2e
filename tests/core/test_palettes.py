import numpy as np
import pytest

from bgnn_studio.core.palettes import PALETTES, RAMPS, colourize, oklch_to_srgb, palette
from bgnn_studio.errors import BgnnError


def oklab(colours):
    """sRGB bytes to OKLab by the published forward matrices: the inverse of what the package computes."""
    encoded = colours / 255.0
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    cones = (
        linear
        @ np.array(
            [
                [0.4122214708, 0.5363325363, 0.0514459929],
                [0.2119034982, 0.6806995451, 0.1073969566],
                [0.0883024619, 0.2817188376, 0.6299787005],
            ]
        ).T
    )
    return (
        np.cbrt(cones)
        @ np.array(
            [
                [0.2104542553, 0.7936177850, -0.0040720468],
                [1.9779984951, -2.4285922050, 0.4505937099],
                [0.0259040371, 0.7827717662, -0.8086757660],
            ]
        ).T
    )


def test_white_black_and_red_have_their_published_coordinates():
    rgb = oklch_to_srgb(np.array([1.0, 0.0, 0.62796]), np.array([0.0, 0.0, 0.25768]), np.array([0.0, 0.0, 29.234]))
    np.testing.assert_allclose(rgb, [[1, 1, 1], [0, 0, 0], [1, 0, 0]], atol=2e-3)


@pytest.mark.parametrize("name", [n for n in PALETTES if n != "bit"])
def test_a_palette_is_perceptually_even(name):
    lab = oklab(palette(name).astype(float))
    steps = np.linalg.norm(np.diff(lab[::15], axis=0), axis=1)  # 17 steps: one of 255 would be mostly rounding
    assert steps.max() < 2.0 * steps.min()
    np.testing.assert_allclose(lab[:, 0], np.linspace(*RAMPS[name].lightness, 256), atol=4e-3)


@pytest.mark.parametrize("name", PALETTES)
def test_every_colour_of_a_palette_is_shown_as_asked(name):
    """A colour outside sRGB would have been cut off, and its lightness and hue with it."""
    ramp, lab = RAMPS[name], oklab(palette(name, 2).astype(float))
    hue = np.degrees(np.arctan2(lab[:, 2], lab[:, 1]))
    np.testing.assert_allclose(lab[:, 0], ramp.lightness, atol=4e-3)
    np.testing.assert_allclose((hue - ramp.hue + 180) % 360 - 180, 0, atol=2)


def test_bits_differ_in_lightness_for_every_kind_of_colour_vision():
    lab = oklab(palette("bit", 2).astype(float))
    assert lab[1, 0] - lab[0, 0] > 0.15


def test_values_take_their_place_in_the_palette():
    table = palette("height")
    colours = colourize(np.array([0.0, 10.0, -5.0, 99.0, np.nan, 5.0]), table, (0.0, 10.0))
    np.testing.assert_array_equal(colours, table[[0, 255, 0, 255, 0, 128]])
    np.testing.assert_array_equal(colourize(np.array([0, 1, 1]), palette("bit", 2), (0, 1)), palette("bit", 2)[[0, 1, 1]])
    np.testing.assert_array_equal(colourize(np.array([3.0, 3.0]), table, (3.0, 3.0)), table[[0, 0]])


def test_palettes_are_shared_and_not_writable():
    assert palette("height") is palette("height")
    with pytest.raises(ValueError, match="read-only"):
        palette("height")[0] = 0
    with pytest.raises(BgnnError, match=r"height.*got 'jet'"):
        palette("jet")
