"""Pictures of a report, drawn here and in another process."""

from io import BytesIO
from threading import Event

import numpy as np
import pytest
from PIL import Image

from bgnn_studio.core.comparison import compare, run_model
from bgnn_studio.core.comparison_views import Show
from bgnn_studio.errors import BgnnError
from bgnn_studio.scene import comparison_pictures
from bgnn_studio.scene.comparison_pictures import captioned, draw, drawings
from bgnn_studio.scene.drawing_process import draw_elsewhere
from tests.core.test_comparison import POINTS, opened

COMPARED = compare("ball", [run_model(opened(name, seed=i), POINTS) for i, name in enumerate("abc")])


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(comparison_pictures, "SIZE", (300, 140))


def test_every_layer_is_drawn_light_and_dark_and_in_another_process_the_same():
    told = []
    wanted = drawings(COMPARED, Show(pick=4), [1, 3])
    here = draw(wanted, lambda done, total: told.append((done, total)))
    assert told == [(0, 4), (1, 4), (2, 4), (3, 4)]
    found = captioned(COMPARED, [1, 3], here)
    assert [(picture.layer, picture.alt) for picture in found] == [
        (1, "Input graph (xyz) of a, b, c, edges coloured against a"),
        (3, "Layer 3 graph of a, b, c, edges coloured against a"),
    ]
    for picture in found:
        light, dark = (np.asarray(Image.open(BytesIO(data)).convert("RGB")) for data in (picture.light, picture.dark))
        assert light.shape == dark.shape == (140, 300, 3)
        assert light.mean() > 150 > dark.mean()
    there = draw_elsewhere(wanted, lambda done, total: told.append((done, total)), Event())
    for a, b in zip(here, there, strict=True):
        images = (np.asarray(Image.open(BytesIO(data)).convert("RGB")).astype(int) for data in (a, b))
        assert np.abs(np.subtract(*images)).mean() < 1
    assert told[4][1] == 4


def test_a_brush_is_for_its_own_layer():
    brush = Show(layer=3, brush=(0, 1), brush_on_bits=True)
    plain, brushed = ([len(d.panels[1].pairs) for d in drawings(COMPARED, show, [2, 3])] for show in (Show(layer=3), brush))
    assert brushed[:2] == plain[:2]
    assert brushed[2] < plain[2]


def test_a_cancelled_process_is_gone_and_gives_nothing():
    cancelled = Event()
    assert draw_elsewhere(drawings(COMPARED, Show(), [1]), lambda *_: cancelled.set(), cancelled) == []


def test_a_process_that_fails_says_its_last_line(monkeypatch):
    monkeypatch.setattr(comparison_pictures, "SIZE", (10, 10))
    wanted = drawings(COMPARED, Show(), [1])
    with pytest.raises(BgnnError, match=r"could not be drawn \(.*between 64 and 8192"):
        draw_elsewhere(wanted, lambda *_: None, Event())
