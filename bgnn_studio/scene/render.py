"""A picture of a cloud and a layer's graph without a window: `bgnn-studio render`."""

from collections.abc import Callable, Sequence

import numpy as np
import pyvista as pv
from numpy.typing import NDArray

from bgnn_studio.core import views
from bgnn_studio.core.attributes import Attribute
from bgnn_studio.core.comparison import Comparison
from bgnn_studio.core.comparison_views import Panel, Show, panels
from bgnn_studio.core.inference import Inference
from bgnn_studio.core.saved_session import Camera
from bgnn_studio.errors import BgnnError
from bgnn_studio.scene.cloud_scene import EDGE_BUDGET, CloudScene
from bgnn_studio.scene.side_by_side import SideBySide
from bgnn_studio.scene.theme import DARK, SceneTheme

OVERSAMPLING = 2  # drawn at twice the size and averaged: smooth lines without multisampling


def render_image(
    points: NDArray[np.floating],
    inference: Inference | None = None,
    *,
    layer: int = 1,
    edges: views.EdgeMode = "all",
    colour: views.ColourMode = "height",
    pick: int | None = None,
    bit: int = 0,
    reference: Inference | None = None,
    attribute: Attribute | None = None,
    theme: SceneTheme = DARK,
    size: tuple[int, int] = (1200, 800),
    title: str = "",
    up: str = "z",
    budget: int = EDGE_BUDGET,
) -> NDArray[np.uint8]:
    """Draw a cloud as the window does.

    Parameters
    ----------
    points : (N, 3)
        As the model saw them.
    inference : Inference or None
        With its trace; without one there are no edges, and only height and distance in layer 1 to colour by.
    layer, colour, pick, bit, up
        As in `core.views.point_view`.
    edges, budget
        As in `CloudScene.set_graph`.
    reference : Inference or None
        What drift is measured against.
    attribute : Attribute or None
        Of the points, for the colour of its name.
    size : (width, height)
        Pixels.

    Returns
    -------
    (height, width, 3) uint8

    Raises
    ------
    BgnnError
        Something that was asked for does not exist: the message says what.
    """
    if edges not in views.EDGE_MODES:
        raise BgnnError(f"Expected edges to be one of {', '.join(views.EDGE_MODES)} (got {edges!r}).")
    trace = None if inference is None else inference.trace
    view = views.point_view(
        colour,
        points,
        trace,
        layer=layer,
        pick=pick,
        bit=bit,
        reference=None if reference is None else reference.trace,
        attribute=attribute,
        up=up,
    )

    def draw(plotter: pv.Plotter) -> NDArray[np.uint8]:
        scene = CloudScene(plotter, theme=theme, pixel_ratio=OVERSAMPLING)
        scene.set_cloud(points, up=up)
        scene.set_scalars(**vars(view))
        scene.set_graph(None if trace is None else views.layer_graph(trace, layer), edges, pick, budget)
        scene.set_title(title)
        scene.reset_camera()
        return scene.screenshot()

    return _picture(size, draw)


def render_comparison(
    comparison: Comparison, show: Show, *, theme: SceneTheme = DARK, size: tuple[int, int] = (1200, 800)
) -> NDArray[np.uint8]:
    """Draw the models of a comparison side by side as the Compare tab does, (height, width, 3) uint8.

    Raises
    ------
    BgnnError
        Something that was asked for does not exist, or cannot be shown of any of the models: the message says what.
    """
    found = panels(comparison, show)
    if all(panel.colours is None for panel in found):
        raise BgnnError(next((panel.note for panel in found[1:] if panel.note), found[0].note))
    lines = show.edges != "none"
    return render_panels(comparison.runs[0].points, found, pick=show.pick, lines=lines, up=show.up, theme=theme, size=size)


def render_panels(
    points: NDArray[np.floating],
    panels: Sequence[Panel],
    *,
    pick: int | None = None,
    lines: bool = True,
    up: str = "z",
    theme: SceneTheme = DARK,
    size: tuple[int, int] = (1200, 800),
    camera: Camera | None = None,
) -> NDArray[np.uint8]:
    """Draw the views of a comparison, (height, width, 3) uint8; as in `SideBySide.show`, seen by a camera or from where they fit."""

    def draw(plotter: pv.Plotter) -> NDArray[np.uint8]:
        scene = SideBySide(plotter, theme=theme, pixel_ratio=OVERSAMPLING)
        scene.set_points(points, len(panels), up=up)
        scene.show(panels, pick, lines=lines)
        scene.reset_camera()
        if camera is not None:
            scene.camera = camera
        return scene.screenshot()

    return _picture(size, draw)


def _picture(size: tuple[int, int], draw: Callable[[pv.Plotter], NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Draw at twice the size, and average, (height, width, 3) uint8."""
    width, height = size
    if min(size) < 64 or max(size) > 8192:
        raise BgnnError(f"Expected a size between 64 and 8192 pixels (got {width} x {height}).")
    plotter = pv.Plotter(off_screen=True, window_size=[width * OVERSAMPLING, height * OVERSAMPLING])
    assert plotter.render_window is not None  # until close()
    plotter.render_window.SetDPI(72 * OVERSAMPLING)
    try:
        image = draw(plotter)
    finally:
        plotter.close()
    blocks = image.reshape(height, OVERSAMPLING, width, OVERSAMPLING, 3)
    return np.asarray(np.round(blocks.mean(axis=(1, 3))), np.uint8)
