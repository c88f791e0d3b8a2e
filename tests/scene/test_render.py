from dataclasses import replace

import numpy as np
import pytest

from bgnn_studio.core.comparison import compare, run_model
from bgnn_studio.core.comparison_views import Show, panels
from bgnn_studio.errors import BgnnError
from bgnn_studio.scene.render import render_comparison, render_image, render_panels
from bgnn_studio.scene.theme import DARK, LIGHT, rgb
from tests.core.test_comparison import POINTS, opened
from tests.traces import synthetic_cloud, synthetic_inference

CLOUD = synthetic_cloud(128)
BITS = synthetic_inference(CLOUD)
SMALL = {"size": (320, 240)}


@pytest.mark.parametrize("theme", [DARK, LIGHT])
def test_an_image_has_its_size_and_theme(theme):
    image = render_image(CLOUD, BITS, theme=theme, **SMALL)
    assert image.shape == (240, 320, 3)
    assert image.dtype == np.uint8
    np.testing.assert_allclose(image[0, 0] / 255, rgb(theme.top), atol=0.02)


def test_every_choice_changes_the_picture():
    choices = [
        {},
        {"edges": "none"},
        {"layer": 3},
        {"colour": "in-degree", "layer": 2},
        {"colour": "bit", "layer": 2, "bit": 5},
        {"colour": "bit", "layer": 2, "bit": 6},
        {"colour": "distance", "layer": 3, "pick": 7},
        {"edges": "picked", "layer": 3, "pick": 7},
        {"colour": "critical"},
        {"colour": "drift", "layer": 2, "reference": synthetic_inference(CLOUD, seed=3)},
        {"title": "sphere"},
        {"budget": 60},
    ]
    images = [render_image(CLOUD, BITS, **choice, **SMALL).astype(int) for choice in choices]
    for i, image in enumerate(images):
        for other in images[:i]:
            assert (np.abs(image - other).max(axis=-1) > 8).sum() > 30


def test_a_picture_is_repeatable():
    np.testing.assert_array_equal(render_image(CLOUD, BITS, layer=2, pick=3, **SMALL), render_image(CLOUD, BITS, layer=2, pick=3, **SMALL))


def test_a_cloud_alone_can_be_drawn():
    assert render_image(CLOUD, **SMALL).std() > 5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"edges": "some"}, "none, picked, all .got 'some'"),
        ({"size": (10, 240)}, "between 64 and 8192 pixels .got 10 x 240"),
        ({"layer": 5}, "between 1 and 3 .got 5"),
        ({"colour": "bit", "layer": 2, "bit": 64}, "between 0 and 63"),
        ({"pick": 128}, "between 0 and 127"),
    ],
)
def test_what_does_not_exist_is_refused(options, message):
    with pytest.raises(BgnnError, match=message):
        render_image(CLOUD, BITS, **{**SMALL, **options})


COMPARED = compare("ball", [run_model(opened(name, seed=i), POINTS) for i, name in enumerate("abc")])


def test_models_side_by_side():
    image = render_comparison(COMPARED, Show(layer=3), **SMALL)
    assert image.shape == (240, 320, 3)
    for change in ({"layer": 2}, {"edges": "none"}, {"colour": "in-degree"}, {"pick": 4}):
        other = render_comparison(COMPARED, replace(Show(layer=3), **change), **SMALL).astype(int)
        assert (np.abs(image - other).max(axis=-1) > 8).sum() > 30
    light = render_comparison(COMPARED, Show(layer=3), theme=LIGHT, **SMALL)
    np.testing.assert_allclose(light[0, 0] / 255, rgb(LIGHT.top), atol=0.02)
    camera = ((3.0, 0.0, 0.0), (0.0, 0.0, 0.0), (0.0, 0.0, 1.0))
    turned = render_panels(POINTS, panels(COMPARED, Show(layer=3)), camera=camera, **SMALL)
    assert (np.abs(image.astype(int) - turned).max(axis=-1) > 8).sum() > 30


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({"layer": 9}, {}, "between 1 and 3 .got 9"),
        ({"colour": "distance"}, {}, "needs a picked point"),
        ({"colour": "bit", "layer": 1}, {}, "no bit planes"),
        ({}, {"size": (10, 10)}, "between 64 and 8192"),
    ],
)
def test_what_no_model_can_show_is_refused(change, options, message):
    with pytest.raises(BgnnError, match=message):
        render_comparison(COMPARED, Show(**change), **{**SMALL, **options})
