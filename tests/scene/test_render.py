import numpy as np
import pytest

from bgnn_studio.errors import BgnnError
from bgnn_studio.scene.render import render_image
from bgnn_studio.scene.theme import DARK, LIGHT, rgb
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
