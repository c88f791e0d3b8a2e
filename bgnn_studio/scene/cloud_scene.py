"""One cloud in one viewport: points, edges, picked neighbourhood, legend and camera.

The scene changes what will be drawn and never draws by itself: its owner repaints once after any number of changes.
"""

import numpy as np
import pyvista as pv
from numpy.typing import NDArray
from vtkmodules.vtkRenderingCore import vtkRenderer

from bgnn_studio.core import graphs
from bgnn_studio.core.palettes import colourize, palette
from bgnn_studio.core.views import EdgeMode
from bgnn_studio.errors import BgnnError
from bgnn_studio.scene import camera
from bgnn_studio.scene.depth_cue import DepthCue
from bgnn_studio.scene.legend import Legend
from bgnn_studio.scene.lines import LinesActor
from bgnn_studio.scene.points import PointsActor, sphere_radius
from bgnn_studio.scene.shadow import ShadowActor
from bgnn_studio.scene.theme import DARK, SceneTheme, middle, rgb

EDGE_BUDGET = 20_480  # every edge at N = 1024, k = 20
AZIMUTH, ELEVATION = -58.0, 20.0


class CloudScene:
    """Draws a cloud and its graphs into a plotter.

    Parameters
    ----------
    plotter : pyvista.BasePlotter
        `pyvista.Plotter(off_screen=True)` or `pyvistaqt.QtInteractor`; its active renderer is used unless one is given.
    renderer : vtkRenderer or None
        For several scenes in one window: the renderer of one view.
    theme : SceneTheme
    pixel_ratio : float
        Device pixels per pixel.

    Attributes
    ----------
    points : (N, 3) float32
        The cloud.
    edges : LinesActor
        All edges; `edges.connectivity` is the memory that VTK draws from.
    """

    def __init__(
        self, plotter: pv.BasePlotter, renderer: vtkRenderer | None = None, *, theme: SceneTheme = DARK, pixel_ratio: float = 1.0
    ) -> None:
        self._plotter = plotter
        self.renderer = plotter.renderer if renderer is None else renderer
        # Spheres smooth their own edges, and in software 4 samples cost 88 against 24 ms a frame (llvmpipe, 2 vCPU, 1200x800).
        self.renderer.GetRenderWindow().SetMultiSamples(0)
        self.points = np.empty((0, 3), np.float32)
        self.up = "z"
        self._radius, self._extent = 0.02, 1.0
        self._painted = False
        self._pick: int | None = None
        self._neighbours = np.empty(0, np.int64)
        self._shadow = ShadowActor()
        self._cloud = PointsActor()
        self._marks = PointsActor(marks=True)
        self.edges = LinesActor(self._cloud.vtk_points)
        self.pick_edges = LinesActor(self._cloud.vtk_points, marks=True)
        self.pick_edges.actor.GetProperty().SetLineWidth(1.6 * pixel_ratio)
        self.edges.actor.GetProperty().SetLineWidth(pixel_ratio)
        actors = [self._shadow.actor, self._cloud.actor, self.edges.actor, self.pick_edges.actor, self._marks.actor]
        for actor in actors:
            self.renderer.AddActor(actor)
        self._cue = DepthCue(self.renderer, actors[1:])
        self.legend = Legend(self.renderer)
        self.set_theme(theme)

    def set_theme(self, theme: SceneTheme) -> None:
        """Change every colour that is not data."""
        self.theme = theme
        self.renderer.SetBackground(rgb(theme.bottom))
        self.renderer.SetBackground2(rgb(theme.top))
        self.renderer.GradientBackgroundOn()
        accent = rgb(theme.accent)
        for points in (self._cloud, self._marks):
            points.set_theme(middle(theme), accent)
        self.edges.set_shade(theme.edge_shade)
        self.pick_edges.actor.GetProperty().SetColor(*accent)
        self._shadow.set_colour(rgb(theme.shadow), theme.shadow_opacity)
        self.legend.set_text_colour(rgb(theme.text))
        self._set_edge_opacity()
        if self._painted:
            self._touch()
        else:
            self.clear_scalars()

    def set_cloud(self, points: NDArray[np.floating], *, up: str = "z") -> None:
        """Show (N, 3) points; with another N, scalars, edges and pick are dropped, since they belong to other points.

        Raises
        ------
        BgnnError
            Another shape, no point, or a coordinate that is not finite.
        """
        if points.ndim != 2 or points.shape[1] != 3 or len(points) == 0 or not np.isfinite(points).all():
            raise BgnnError(f"Expected a cloud of shape (N, 3), N > 0, finite (got {points.shape}).")
        changed = len(points) != len(self.points)
        self.points = points.astype(np.float32)
        self.up = up
        low, high = self.points.min(axis=0).astype(np.float64), self.points.max(axis=0).astype(np.float64)
        self._extent = max(float(np.linalg.norm(high - low)) / 2, 1e-6)
        self._radius = sphere_radius(self.points, self._extent)
        self._cue.set_sphere((low + high) / 2, self._extent)
        self._cloud.set_points(self.points)
        self._cloud.radii[:] = self._radius
        self._shadow.set_points(self.points, up)
        if changed:
            self.edges.set_point_colours(self._cloud.vtk_colours)
            self.set_edges(None)
            self.set_pick(None)
            self.clear_scalars()
        self._set_edge_opacity()
        self._touch()

    def set_scalars(
        self,
        values: NDArray[np.generic],
        *,
        palette: str,
        value_range: tuple[float, float],
        title: str,
        unit: str = "",
        categories: tuple[str, ...] | None = None,
        colours: NDArray[np.uint8] | None = None,
    ) -> None:
        """Colour the points by (N,) values, or in (N, 3) colours, and show the legend: `scene.set_scalars(**vars(point_view(...)))`."""
        if values.shape != (len(self.points),):
            raise BgnnError(f"Expected one value for each of {len(self.points)} points (got {values.shape}).")
        heading = "\n".join((f"{title} ({unit})" if unit else title).split(", "))
        self._painted = True
        if colours is not None:
            self._cloud.colours[:] = colours
            self.legend.set_heading(heading)
        else:
            table = _table(palette, categories)
            self._cloud.colours[:] = colourize(values, table, value_range)
            self.legend.set_scale(table, value_range, heading, categories)
        self._touch()

    def clear_scalars(self) -> None:
        """Show the points in the theme's one colour, without a legend."""
        self._painted = False
        self._cloud.colours[:] = np.round(np.multiply(rgb(self.theme.point), 255))
        self.legend.hide_scale()
        self._touch()

    def set_graph(self, knn: graphs.Graph | None, edges: EdgeMode = "all", pick: int | None = None, budget: int = EDGE_BUDGET) -> None:
        """Show a layer's graph and the picked neighbourhood in it: one call for a layer switch.

        Parameters
        ----------
        knn : (N, k) integers or None
            Without a graph only the picked point itself is marked.
        edges : str
            ``none``, ``picked`` (the lines from the picked point to its neighbours) or ``all`` (those and every edge,
            a fixed random choice of them when there are more than `budget`).
        """
        if knn is not None:
            graphs.check_graph(knn, len(self.points))
        if pick is not None:
            graphs.check_point(pick, len(self.points))
        self.set_edges(graphs.edges(knn, budget=budget) if knn is not None and edges == "all" else None)
        self.set_pick(pick, None if knn is None or pick is None else knn[pick], lines=edges != "none")

    def set_edges(self, pairs: NDArray[np.int64] | None, colours: NDArray[np.uint8] | None = None) -> None:
        """Draw (E, 2) pairs of points, in the colours of their ends or in (E, 3) colours of their own; None: no edges."""
        self.edges.set_pairs(np.empty((0, 2), np.int64) if pairs is None else pairs, colours)
        self._set_edge_opacity()

    def set_pick(
        self,
        index: int | None,
        neighbours: NDArray[np.integer] | None = None,
        *,
        lines: bool = True,
        colours: NDArray[np.uint8] | None = None,
    ) -> None:
        """Mark a point, its neighbours, and the lines between them, in the accent or in (m, 3) colours; None: nothing is marked."""
        if index is not None:
            graphs.check_point(index, len(self.points))
        self._pick = index
        self._neighbours = np.empty(0, np.int64) if neighbours is None or index is None else neighbours.astype(np.int64)
        others = self._neighbours != index
        self._neighbours = self._neighbours[others]
        pairs = np.stack([np.full_like(self._neighbours, -1 if index is None else index), self._neighbours], axis=1)
        drawn = slice(None) if lines else slice(0)
        self.pick_edges.set_pairs(pairs[drawn], None if colours is None else colours[others][drawn])
        self.pick_edges.mapper.SetScalarVisibility(colours is not None)
        self._marks.actor.SetVisibility(index is not None)
        self._touch()

    def pick(self, x: float, y: float, tolerance: float = 6.0) -> int | None:
        """Return the point under the cursor, or None.

        Parameters
        ----------
        x, y : float
            Display coordinates: device pixels from the lower left corner of the render window, as VTK's interactor has
            them (from Qt: ``y = height - 1 - y_qt``, times the device pixel ratio).
        tolerance : float
            Pixels around the cursor. Of the spheres that cover the cursor the frontmost is taken; where none does, the
            frontmost of those whose centre is this close.
        """
        xy, depth, focal_length = camera.project(self.renderer, self.points)
        offset = np.hypot(xy[:, 0] - x, xy[:, 1] - y)
        visible = depth > 0
        covering = visible & (offset * depth <= self._cloud.radii * focal_length)
        candidates = np.flatnonzero(covering)
        if len(candidates) == 0:
            candidates = np.flatnonzero(visible & (offset <= tolerance))
        return int(candidates[depth[candidates].argmin()]) if len(candidates) else None

    def reset_camera(self, azimuth: float = AZIMUTH, elevation: float = ELEVATION, room: camera.Room = camera.ROOM) -> None:
        """Fit the cloud into the room of the viewport, seen from a direction in degrees, with its up axis upwards."""
        if len(self.points):
            camera.fit(self.renderer, self.points, azimuth, elevation, self.up, room=room)
            self.renderer.camera_set = True  # type: ignore[union-attr]  # else pyvista fits its own view before the first frame

    def set_title(self, text: str) -> None:
        """Set the text at the upper left."""
        self.legend.set_title(text)

    def screenshot(self) -> NDArray[np.uint8]:
        """Draw, and return the picture of the whole plotter as (H, W, 3) uint8."""
        self.renderer.GetRenderWindow().Render()  # pyvista by itself would return its last frame
        image = self._plotter.screenshot(return_img=True)
        return np.asarray(image, dtype=np.uint8)

    def _touch(self) -> None:
        """Bring marks and meshes up to date with positions, colours and pick."""
        if self._pick is not None:
            marked = np.append(self._neighbours, self._pick)
            self._marks.set_points(self.points[marked])
            self._marks.colours[:] = self._cloud.colours[marked]
            self._marks.colours[-1] = np.round(np.multiply(rgb(self.theme.pick), 255))
            self._marks.radii[:] = max(1.7 * self._radius, 0.010 * self._extent)  # to be found among 16384 points, too
            self._marks.radii[-1] = max(2.4 * self._radius, 0.015 * self._extent)
            self._marks.touch()
        self._cloud.touch()
        self.edges.touch()
        self.pick_edges.touch()

    def _set_edge_opacity(self) -> None:
        """Share the theme's ink out among the edges, by their number and their mean length."""
        pairs = self.edges.connectivity.reshape(-1, 2)
        if len(pairs) == 0:
            return
        sample = pairs[:: max(1, len(pairs) // 4096)]
        lengths = np.linalg.norm(self.points[sample[:, 0]] - self.points[sample[:, 1]], axis=1)
        length = max(float(lengths.mean()) / (self._radius * np.sqrt(len(self.points))), 1e-6)
        self.edges.actor.GetProperty().SetOpacity(float(np.clip(self.theme.edge_ink * 700 / (len(pairs) * length), 0.02, 0.7)))


def _table(name: str, categories: tuple[str, ...] | None) -> NDArray[np.uint8]:
    return palette(name) if categories is None else palette(name, len(categories))
