"""The pictures of a comparison's report: every layer's graphs side by side, for light and for dark pages."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import product

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bgnn_studio.core.comparison import Comparison
from bgnn_studio.core.comparison_html import Picture
from bgnn_studio.core.comparison_rows import section_of
from bgnn_studio.core.comparison_views import Panel, Show, panels
from bgnn_studio.core.saved_session import Camera
from bgnn_studio.scene.theme import DARK, LIGHT, SceneTheme

SIZE = (1240, 560)


@dataclass(frozen=True, eq=False)
class Drawing:
    """All that one picture takes, to be drawn here or in another process: `scene.render.render_panels` has the same names."""

    points: NDArray[np.float32]
    panels: tuple[Panel, ...]
    pick: int | None
    lines: bool
    up: str
    theme: SceneTheme
    size: tuple[int, int]
    camera: Camera | None


def drawings(comparison: Comparison, show: Show, layers: Iterable[int], camera: Camera | None = None) -> list[Drawing]:
    """Return the pictures of some layers, a light and a dark one for each, as `show` says; its brush is for its own layer only."""
    points, lines = comparison.runs[0].points, show.edges != "none"
    shows = [replace(show, layer=layer, brush=show.brush if layer == show.layer else None) for layer in layers]
    found = [panels(comparison, one) for one in shows]
    return [Drawing(points, seen, show.pick, lines, show.up, theme, SIZE, camera) for seen, theme in product(found, (LIGHT, DARK))]


def draw(wanted: Sequence[Drawing], progress: Callable[[int, int], None]) -> list[bytes]:
    """Draw here; return the PNG files."""
    done = []
    for i, drawing in enumerate(wanted):
        progress(i, len(wanted))
        done.append(png(drawing))
    return done


def png(drawing: Drawing) -> bytes:
    """Draw one picture; return the bytes of a PNG file."""
    from bgnn_studio.scene.render import render_panels

    file = BytesIO()
    # 256 colours: a quarter of the size, and no channel is more than 17 of 255 from what it stands for (four chairs, 1200 x 600).
    few = Image.fromarray(render_panels(**vars(drawing))).quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(file, format="PNG", optimize=True)
    return file.getvalue()


def captioned(comparison: Comparison, layers: Iterable[int], drawn: Sequence[bytes]) -> list[Picture]:
    """Put pictures in the order of `drawings` into a report."""
    said = f"of {', '.join(comparison.names)}, edges coloured against {comparison.names[0]}"
    pairs = zip(layers, drawn[::2], drawn[1::2], strict=True)
    return [Picture(layer, light, dark, f"{section_of(layer)} {said}") for layer, light, dark in pairs]
