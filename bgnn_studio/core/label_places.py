"""Places for the labels of a few dots, so that they cover neither dots nor each other."""

from collections.abc import Sequence

Box = tuple[float, float, float, float]  # left, top, right, bottom, in pixels, y downwards

_DOT, _BESIDE = 6.0, 9.0  # half the side of a dot, and from its middle to a label beside it


def label_places(sizes: Sequence[tuple[float, float]], dots: Sequence[tuple[float, float]], bounds: Box) -> list[tuple[float, float]]:
    """Return where the upper left corner of each label goes.

    Parameters
    ----------
    sizes : sequence of (width, height)
        Of the labels, in pixels.
    dots : sequence of (x, y)
        What they belong to.
    bounds : Box
        What they should stay inside.

    Returns
    -------
    list of (x, y)
        Beside the dot, below or above it, the first place that is free, or else the one that covers least.
    """
    taken: list[Box] = [(x - _DOT, y - _DOT, x + _DOT, y + _DOT) for x, y in dots]
    places = []
    for (width, height), (x, y) in zip(sizes, dots, strict=True):
        middle, right, left = x - width / 2, x + _BESIDE, x - _BESIDE - width
        choices = [(right, y - height / 2), (left, y - height / 2), (middle, y + _BESIDE), (middle, y - _BESIDE - height)]
        choices += [(side, top) for side in (right, left) for top in (y + 2, y - height - 2, y + 2 + height / 2, y - 2 - 1.5 * height)]
        boxes = [(left, top, left + width, top + height) for left, top in choices]
        chosen = min(range(len(boxes)), key=lambda i: _trouble(boxes[i], taken, bounds))
        taken.append(boxes[chosen])
        places.append(choices[chosen])
    return places


def _trouble(box: Box, taken: Sequence[Box], bounds: Box) -> float:
    """Return the area that a box shares with others, and what of it is out of bounds, in square pixels."""
    area = (box[2] - box[0]) * (box[3] - box[1])
    return sum(_shared(box, other) for other in taken) + area - _shared(box, bounds)


def _shared(a: Box, b: Box) -> float:
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
