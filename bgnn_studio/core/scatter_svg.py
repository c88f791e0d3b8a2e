"""A scatter plot of few labelled points as SVG; its colours are CSS variables of the page around it."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from bgnn_studio.core.axes import log_ticks, ticks, wants_log
from bgnn_studio.core.label_places import label_places

WIDTH, HEIGHT = 460, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 20, 16, 44
_LETTER, _LINE = 7.0, 14.0  # size of a letter at 12 pixels, on the wide side
_TICKS = 6


@dataclass(frozen=True)
class Dot:
    """A point with its label; `marked` ones are filled with the accent."""

    x: float
    y: float
    label: str
    marked: bool = False


def scatter_svg(dots: Sequence[Dot], x_label: str, y_label: str) -> str:
    """Draw at least one dot; the x axis is logarithmic where its values reach over more than a factor of four."""
    x, y = np.array([d.x for d in dots], float), np.array([d.y for d in dots], float)
    log = wants_log(x)
    across = np.log10(x) if log else x
    x_span, y_span = _span(across), _span(y)
    width, height = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM
    columns = _LEFT + width * (across - x_span[0]) / (x_span[1] - x_span[0])
    rows = _TOP + height * (1 - (y - y_span[0]) / (y_span[1] - y_span[0]))
    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(y_label)} against {escape(x_label)}">']
    for value in log_ticks(10 ** x_span[0], 10 ** x_span[1]) if log else ticks(*x_span, _TICKS):
        at = _LEFT + width * ((np.log10(value) if log else value) - x_span[0]) / (x_span[1] - x_span[0])
        parts.append(f'<line class="grid" x1="{at:.1f}" y1="{_TOP}" x2="{at:.1f}" y2="{HEIGHT - _BOTTOM}"/>')
        parts.append(f'<text class="tick" x="{at:.1f}" y="{HEIGHT - _BOTTOM + 16}" text-anchor="middle">{value:g}</text>')
    for value in ticks(*y_span, _TICKS):
        at = _TOP + height * (1 - (value - y_span[0]) / (y_span[1] - y_span[0]))
        parts.append(f'<line class="grid" x1="{_LEFT}" y1="{at:.1f}" x2="{WIDTH - _RIGHT}" y2="{at:.1f}"/>')
        parts.append(f'<text class="tick" x="{_LEFT - 7}" y="{at + 4:.1f}" text-anchor="end">{value:g}</text>')
    scale = ", logarithmic" if log else ""
    parts.append(f'<text class="axis" x="{_LEFT + width / 2}" y="{HEIGHT - 8}" text-anchor="middle">{escape(x_label)}{scale}</text>')
    middle = _TOP + height / 2
    parts.append(f'<text class="axis" transform="translate(14 {middle}) rotate(-90)" text-anchor="middle">{escape(y_label)}</text>')
    for dot, column, row in zip(dots, columns, rows, strict=True):
        kind = "dot marked" if dot.marked else "dot"
        tip = f"{escape(dot.label)}: {dot.x:.4g}, {dot.y:.4g}"
        parts.append(f'<circle class="{kind}" cx="{column:.1f}" cy="{row:.1f}" r="5.5"><title>{tip}</title></circle>')
    sizes = [(_LETTER * len(dot.label), _LINE) for dot in dots]
    bounds = (_LEFT, 0, WIDTH, HEIGHT - _BOTTOM)
    for dot, (left, top) in zip(dots, label_places(sizes, list(zip(columns, rows, strict=True)), bounds), strict=True):
        parts.append(f'<text class="label" x="{left:.1f}" y="{top + _LINE - 3:.1f}">{escape(dot.label)}</text>')
    return "\n".join([*parts, "</svg>"])


def _span(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the range of values with room around it."""
    low, high = float(values.min()), float(values.max())
    room = 0.12 * (high - low) or 0.1 * abs(high) or 1.0
    return low - room, high + room
