import numpy as np
import pytest
import pyvista as pv

from bgnn_studio.core.palettes import palette
from bgnn_studio.scene.legend import BOTTOM, LEFT, RIGHT, TOP, Legend

SIZE = (600, 400)


@pytest.fixture
def plotter():
    made = pv.Plotter(off_screen=True, window_size=SIZE)
    made.set_background("black")
    yield made
    made.close()


def shown(legend):
    return [label.GetInput() for label in legend.labels if label.GetVisibility()]


def picture(plotter):
    plotter.render_window.Render()
    return plotter.screenshot(return_img=True)


def strip(plotter):
    """The column through the middle of the strip, from its low end to its high end."""
    image = picture(plotter)[::-1]
    return image[round(BOTTOM * SIZE[1]) + 1 : round(TOP * SIZE[1]) - 1, round((LEFT + RIGHT) / 2 * SIZE[0])]


def test_the_strip_is_the_palette_from_low_to_high(plotter):
    legend = Legend(plotter.renderer)
    legend.set_scale(palette("height"), (-1.0, 1.0), "Height (z)")
    column = strip(plotter).astype(int)
    expected = palette("height")[np.linspace(0, 255, len(column)).astype(int)].astype(int)
    assert np.abs(column - expected).max() <= 12
    assert shown(legend) == ["\N{MINUS SIGN}1", "\N{MINUS SIGN}0.5", "0", "0.5", "1"]


def test_categories_are_bands_with_their_names(plotter):
    legend = Legend(plotter.renderer)
    legend.set_scale(palette("height"), (0.0, 9.0), "Height (z)")
    legend.set_scale(palette("bit", 2), (0.0, 1.0), "Bit 3", ("+1", "\N{MINUS SIGN}1"))
    column = strip(plotter)
    np.testing.assert_array_equal(column[len(column) // 4], palette("bit", 2)[0])
    np.testing.assert_array_equal(column[3 * len(column) // 4], palette("bit", 2)[1])
    np.testing.assert_array_equal(column[len(column) // 2], 0)
    assert shown(legend) == ["+1", "\N{MINUS SIGN}1"]


def test_text_is_drawn_in_the_colour_asked_for_and_stays_inside(plotter):
    legend = Legend(plotter.renderer)
    legend.set_text_colour((0.0, 1.0, 0.0))
    legend.set_title("airplane_0627")
    legend.set_scale(palette("drift"), (0.0, 100.0), "A heading that is rather long, layer 3 (%)")
    image = picture(plotter).astype(int)
    green = (image[..., 1] > 120) & (image[..., 0] < 60) & (image[..., 2] < 60)
    ys, xs = np.nonzero(green)
    assert (ys < 0.1 * SIZE[1]).sum() > 50  # the title
    assert (ys > 0.5 * SIZE[1]).sum() > 100  # the legend
    assert xs.max() < SIZE[0] - 5


def test_a_hidden_scale_leaves_the_title(plotter):
    legend = Legend(plotter.renderer)
    empty = picture(plotter)
    legend.set_scale(palette("drift"), (0.0, 100.0), "Drift")
    assert (picture(plotter) != empty).any()
    legend.hide_scale()
    np.testing.assert_array_equal(picture(plotter), empty)
