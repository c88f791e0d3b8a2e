"""The pictures of a comparison's report: every layer's graphs side by side, for light and for dark pages."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from io import BytesIO
from itertools import product

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bgnn_studio.core.comparison import Comparison
from bgnn_studio.core.comparison_html import Picture
from bgnn_studio.core.comparison_rows import section_of
from bgnn_studio.core.comparison_views import Show
from bgnn_studio.scene.render import render_comparison
from bgnn_studio.scene.side_by_side import View
from bgnn_studio.scene.theme import DARK, LIGHT, SceneTheme

SIZE = (1240, 560)


def comparison_pictures(
    comparison: Comparison,
    show: Show,
    layers: Iterable[int],
    *,
    view: View | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Picture]:
    """Draw the layers as `show` says but for its own layer; `progress` is called with pictures done and pictures in all."""
    layers = list(layers)
    drawn: dict[tuple[int, SceneTheme], bytes] = {}
    for layer, theme in product(layers, (LIGHT, DARK)):
        if progress is not None:
            progress(len(drawn), 2 * len(layers))
        drawn[layer, theme] = _png(render_comparison(comparison, replace(show, layer=layer), theme=theme, size=SIZE, view=view))
    pictures = []
    for layer in layers:
        alt = f"{section_of(layer)} of {', '.join(comparison.names)}, edges coloured against {comparison.names[0]}"
        pictures.append(Picture(layer, drawn[layer, LIGHT], drawn[layer, DARK], alt))
    return pictures


def _png(image: NDArray[np.uint8]) -> bytes:
    file = BytesIO()
    # 256 colours: a quarter of the size, and no channel is more than 17 of 255 from what it stands for (four chairs, 1200 x 600).
    few = Image.fromarray(image).quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(file, format="PNG", optimize=True)
    return file.getvalue()
