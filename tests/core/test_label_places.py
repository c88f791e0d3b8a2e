"""Labels beside dots, at seams: alone, crowded, at the edge."""

import numpy as np
import pytest

from bgnn_studio.core.label_places import label_places

BOUNDS = (0.0, 0.0, 200.0, 120.0)


def boxes(sizes: list[tuple[float, float]], dots: list[tuple[float, float]]) -> list[tuple[float, float, float, float]]:
    return [(x, y, x + w, y + h) for (x, y), (w, h) in zip(label_places(sizes, dots, BOUNDS), sizes, strict=True)]


def test_a_label_stands_beside_its_dot_or_at_the_other_side_at_the_edge() -> None:
    assert boxes([(40, 14)], [(100, 60)]) == [(109, 53, 149, 67)]
    assert boxes([(40, 14)], [(190, 60)]) == [(141, 53, 181, 67)]
    assert boxes([(40, 14)], [(20, 60)])[0][0] == 29


@pytest.mark.parametrize("seed", range(20))
def test_four_labels_cover_neither_dots_nor_each_other(seed: int) -> None:
    rng = np.random.default_rng(seed)
    dots = [tuple(dot) for dot in rng.uniform((50, 30), (120, 90), (4, 2))]
    found = boxes([(30, 12)] * 4, dots)
    for i, (left, top, right, bottom) in enumerate(found):
        assert left >= 0
        assert right <= 200
        assert top >= 0
        assert bottom <= 120
        for a, b, c, d in found[:i]:
            assert left >= c or a >= right or top >= d or b >= bottom


def test_no_dots_and_no_room_are_no_error() -> None:
    assert label_places([], [], BOUNDS) == []
    assert len(label_places([(500, 14)] * 2, [(1, 1), (1, 1)], BOUNDS)) == 2
