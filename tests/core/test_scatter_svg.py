"""The scatter plot parses as XML, and its dots are where the numbers say."""

from xml.etree import ElementTree as ET

import numpy as np
import pytest

from bgnn_studio.core.scatter_svg import HEIGHT, WIDTH, Dot, scatter_svg


def parse(dots: list[Dot]) -> ET.Element:
    return ET.fromstring(scatter_svg(dots, "Size [KiB]", "Accuracy [%]"))


def of_class(svg: ET.Element, kind: str) -> list[ET.Element]:
    return [e for e in svg.iter() if kind in e.get("class", "").split()]


@pytest.mark.parametrize("x", [[1, 2, 3], [1, 30, 600]])
def test_dots_stand_on_the_axes_that_the_ticks_show(x: list[float]) -> None:
    svg = parse([Dot(value, 10.0 * i, f"m{i}") for i, value in enumerate(x)])
    log = np.log10 if max(x) > 4 else lambda v: v
    ticks = of_class(svg, "tick")
    across = [(log(float(t.text)), float(t.get("x"))) for t in ticks if t.get("text-anchor") == "middle"]
    up = [(float(t.text), float(t.get("y")) - 4) for t in ticks if t.get("text-anchor") == "end"]
    assert min(len(across), len(up)) >= 2
    for dot, (value, i) in zip(of_class(svg, "dot"), zip(x, range(3), strict=True), strict=True):
        slope, start = np.polyfit(*zip(*across, strict=True), 1)
        assert float(dot.get("cx")) == pytest.approx(slope * log(value) + start, abs=0.3)
        slope, start = np.polyfit(*zip(*up, strict=True), 1)
        assert float(dot.get("cy")) == pytest.approx(slope * 10 * i + start, abs=0.3)
    assert ("logarithmic" in "".join(svg.itertext())) == (max(x) > 4)


def test_labels_do_not_cover_each_other_and_stay_inside() -> None:
    svg = parse([Dot(1, 50, "alpha"), Dot(1.02, 50.3, "beta"), Dot(1, 50, "gamma"), Dot(3, 90, "a long name at the right")])
    boxes = [(float(t.get("x")), float(t.get("y")), 7 * len(t.text)) for t in of_class(svg, "label")]
    for i, (x, y, width) in enumerate(boxes):
        assert x >= 0
        assert x + width <= WIDTH
        assert 0 <= y <= HEIGHT
        for other_x, other_y, other_width in boxes[:i]:
            assert abs(y - other_y) >= 10 or x >= other_x + other_width or other_x >= x + width


def test_one_dot_equal_dots_and_names_that_are_markup() -> None:
    assert len(of_class(parse([Dot(0.5, 88, "<b>&\"'")]), "dot")) == 1
    assert of_class(parse([Dot(0.5, 88, "<b>&\"'")]), "label")[0].text == "<b>&\"'"
    assert len(of_class(parse([Dot(0, 0, "a", marked=True), Dot(0, 0, "b")]), "marked")) == 1
