"""Two to four clouds side by side in one render window, with one camera: the views of a comparison."""

from collections.abc import Sequence

import numpy as np
import pyvista as pv
from numpy.typing import NDArray
from vtkmodules.vtkRenderingCore import vtkRenderer

from bgnn_studio.core.comparison_views import Panel
from bgnn_studio.core.edge_difference import CHANGES, KEPT
from bgnn_studio.core.saved_session import Camera
from bgnn_studio.scene.caption import LINES, Caption, room
from bgnn_studio.scene.cloud_scene import AZIMUTH, ELEVATION, CloudScene
from bgnn_studio.scene.theme import DARK, SceneTheme, middle, rgb

_GAP = 2  # pixels between views
_LEGEND = 64  # pixels at the right of a view
_MARGIN, _LEAST = 0.03, 0.45  # parts of a view: below captions and cloud, and from its middle to a side at least
_KEPT_ALPHA = 90  # of 255: what stays steps back behind what changed


class SideBySide:
    """Draws the panels of a comparison into renderers of its own, above the plotter's one, which is the ground between them.

    Parameters
    ----------
    plotter : pyvista.BasePlotter
        `pyvista.Plotter(off_screen=True)` or `pyvistaqt.QtInteractor`.
    theme : SceneTheme
    pixel_ratio : float
        Device pixels per pixel.

    Attributes
    ----------
    scenes : list of CloudScene
        One for each panel.
    """

    def __init__(self, plotter: pv.BasePlotter, *, theme: SceneTheme = DARK, pixel_ratio: float = 1.0) -> None:
        self._plotter, self._theme, self._ratio = plotter, theme, pixel_ratio
        self._window = plotter.renderer.GetRenderWindow()
        self.scenes: list[CloudScene] = []
        self._captions: list[Caption] = []
        self._panels: tuple[Panel, ...] = ()
        self._pick: int | None = None
        self._lines = True
        plotter.renderer.InteractiveOff()  # a drag in a gap turns nothing
        self.set_theme(theme)

    def set_points(self, points: NDArray[np.floating], count: int, *, up: str = "z") -> None:
        """Show (N, 3) points in so many views."""
        while len(self.scenes) > count:
            self._captions.pop()
            self._window.RemoveRenderer(self.scenes.pop().renderer)
        while len(self.scenes) < count:
            renderer = vtkRenderer()
            self._window.AddRenderer(renderer)
            if self.scenes:
                renderer.SetActiveCamera(self.scenes[0].renderer.GetActiveCamera())
            self.scenes.append(CloudScene(self._plotter, renderer, theme=self._theme, pixel_ratio=self._ratio))
            self._captions.append(Caption(renderer))
        for scene in self.scenes:
            scene.set_cloud(points, up=up)
        self.arrange()

    def arrange(self) -> None:
        """Share the window out: rows and columns that leave the views largest."""
        width, height = self._window.GetSize()
        columns = columns_for(len(self.scenes), width, height)
        rows = -(-len(self.scenes) // columns)
        x, y = self._ratio * _GAP / max(width, 1) / 2, self._ratio * _GAP / max(height, 1) / 2
        for i, scene in enumerate(self.scenes):
            row, column = divmod(i, columns)
            low, high = 1 - (row + 1) / rows, 1 - row / rows
            left, right = column / columns, (column + 1) / columns
            scene.renderer.SetViewport(
                left + x * (column > 0), low + y * (row < rows - 1), right - x * (column < columns - 1), high - y * (row > 0)
            )

    def show(self, panels: Sequence[Panel], pick: int | None = None, *, lines: bool = True) -> None:
        """Show what the panels say, and mark a point in all of them; `lines` joins it to its neighbours."""
        self._panels, self._pick, self._lines = tuple(panels), pick, lines
        changes = np.array([[round(255 * part) for part in rgb(colour)] for colour in self._theme.changes], np.uint8)
        alpha = np.full((len(CHANGES), 1), 255, np.uint8)
        alpha[KEPT] = _KEPT_ALPHA
        with_alpha = np.concatenate([changes, alpha], axis=1)  # (3, 4)
        for scene, caption, panel in zip(self.scenes, self._captions, panels, strict=True):
            if panel.colours is None:
                scene.clear_scalars()
            else:
                scene.set_scalars(**vars(panel.colours))
                heading = scene.legend.heading
                heading.SetInput(heading.GetInput().replace(" (", "\n("))  # views are narrow
                if not panel.scale:
                    scene.legend.hide_scale()
            # Colours that mean a change are not darkened with the theme.
            scene.edges.set_shade(self._theme.edge_shade if panel.changes is None else 0.0)
            scene.set_edges(panel.pairs, None if panel.changes is None else with_alpha[panel.changes])
            colours = None if panel.neighbour_changes is None else changes[panel.neighbour_changes]
            scene.set_pick(pick, panel.neighbours, lines=lines, colours=colours)
            scene.set_title(panel.name)
            self._say(caption, panel)

    def set_theme(self, theme: SceneTheme) -> None:
        """Change every colour that is not data."""
        self._theme = theme
        self._plotter.renderer.SetBackground(middle(theme))
        self._plotter.renderer.GradientBackgroundOff()
        for scene in self.scenes:
            scene.set_theme(theme)
        if self._panels:
            self.show(self._panels, self._pick, lines=self._lines)

    def pick(self, x: float, y: float, tolerance: float = 6.0) -> int | None:
        """Return the point under the cursor in the view under it, or None; display coordinates as in `CloudScene.pick`."""
        scene = next((scene for scene in self.scenes if scene.renderer.IsInViewport(int(x), int(y))), None)
        return None if scene is None else scene.pick(x, y, tolerance)

    def reset_camera(self, azimuth: float = AZIMUTH, elevation: float = ELEVATION) -> None:
        """Fit the cloud into the views below their captions, seen from a direction in degrees."""
        if self.scenes:
            width, height = self.scenes[0].renderer.GetSize()
            up = 1 - 2 * (room(LINES - 1, self._ratio) / max(height, 1) + _MARGIN)
            right = 1 - 2 * _LEGEND * self._ratio / max(width, 1)
            parts = ((max(right, _LEAST), max(up, _LEAST)), (0.92, 1 - 2 * _MARGIN))
            self.scenes[0].reset_camera(azimuth, elevation, room=parts)

    @property
    def camera(self) -> Camera:
        """Where the camera is, what it looks at, and which way is up."""
        camera = self.scenes[0].renderer.GetActiveCamera()
        return camera.GetPosition(), camera.GetFocalPoint(), camera.GetViewUp()

    @camera.setter
    def camera(self, camera: Camera) -> None:
        shared = self.scenes[0].renderer.GetActiveCamera()
        shared.SetPosition(camera[0])
        shared.SetFocalPoint(camera[1])
        shared.SetViewUp(camera[2])
        self.scenes[0].renderer.ResetCameraClippingRange()

    def screenshot(self) -> NDArray[np.uint8]:
        """Draw, and return the picture of all views, (H, W, 3) uint8."""
        return self.scenes[0].screenshot()

    def release(self) -> None:
        """Take the views out of the window."""
        for scene in self.scenes:
            self._window.RemoveRenderer(scene.renderer)
        self.scenes, self._captions, self._panels = [], [], ()

    def _say(self, caption: Caption, panel: Panel) -> None:
        text, quiet = rgb(self._theme.text), rgb(self._theme.point)
        left = [(panel.predicted, text), *([(panel.note, quiet)] if panel.note else [])]
        if panel.jaccard is not None:
            left.append((f"Jaccard {panel.jaccard:.3f}", text))
        right = [(f"{count:,} {change}", rgb(self._theme.changes[CHANGES.index(change)])) for change, count in panel.counts]
        caption.set_lines(left, right)


def columns_for(count: int, width: float, height: float) -> int:
    """Return how many columns leave views of a window largest; ties go to fewer rows."""

    def side(columns: int) -> float:
        return min(width / columns, height / -(-count // columns))

    return max(range(count, 0, -1), key=side) if count else 1
