"""The 3D view: a cloud, the graph of the layer shown, and the picked point; a click picks."""

from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from PIL import Image
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from bgnn_studio.core import graphs
from bgnn_studio.core.files import replacing
from bgnn_studio.core.saved_session import Camera
from bgnn_studio.core.views import layer_name, point_view
from bgnn_studio.scene.cloud_scene import EDGE_BUDGET, CloudScene
from bgnn_studio.ui.theme import DARK, Theme
from bgnn_studio.ui.widgets.scene_view import Gestures, fill_with_interactor

if TYPE_CHECKING:
    from bgnn_studio.core.session import Session
    from bgnn_studio.native import Model

_BUSY_POINTS = 4096  # from here on a frame with its edges takes 200 ms and more in software, without them 40
_SLOW_MS = 40.0  # a frame with edges that takes longer than this is drawn without them while a perturbation moves
_GRAPH = {"points", "cloud", "model", "inference", "layer", "edges", "pick", "brush", "shown_k"}
_COLOURS = {"points", "inference", "layer", "colour", "bit", "pick", "reference", "reference_inference"}


class Viewport(QWidget):
    """Owns the interactor and its scene; follows the session."""

    def __init__(self, session: "Session[Model]", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("Viewport")
        self._session = session
        self._framed = False
        self.interactor = fill_with_interactor(self, "3D view of the cloud and its graph")
        self.scene = CloudScene(self.interactor, theme=DARK.scene, pixel_ratio=self.devicePixelRatioF())
        self._gestures = Gestures(self.interactor)
        self._gestures.clicked.connect(self._click)
        self._gestures.turned.connect(self._hide_edges)
        self._gestures.painting.connect(self._fit)
        self._edges_hidden = False
        self._began = self._frame_ms = self._edges_ms = 0.0  # how long the last frame took, and the last one with all edges
        window = self.scene.renderer.GetRenderWindow()
        self._window_observers = [window.AddObserver("StartEvent", self._frame_begins), window.AddObserver("EndEvent", self._frame_ends)]
        self._pace = QTimer(self, singleShot=True)
        self._pace.timeout.connect(self.interactor.update)
        self._unsubscribe = session.subscribe(self._follow)
        self._follow(frozenset(_GRAPH | _COLOURS))

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self.scene.set_theme(theme.scene)
        self.interactor.update()

    def reset_camera(self) -> None:
        """Look at the whole cloud from the first direction."""
        self.scene.reset_camera()
        self.interactor.update()

    @property
    def camera(self) -> Camera | None:
        """Position, focal point and up; None until the first cloud was framed."""
        camera = self.scene.renderer.GetActiveCamera()
        return (camera.GetPosition(), camera.GetFocalPoint(), camera.GetViewUp()) if self._framed else None

    @camera.setter
    def camera(self, camera: Camera) -> None:
        vtk = self.scene.renderer.GetActiveCamera()
        vtk.SetPosition(camera[0])
        vtk.SetFocalPoint(camera[1])
        vtk.SetViewUp(camera[2])
        self.scene.renderer.ResetCameraClippingRange()
        self._framed = True
        self.interactor.update()

    def screenshot(self, path: Path) -> None:
        """Write the view as a PNG; raises `OSError` where it cannot be written."""
        with replacing(path) as file:
            Image.fromarray(self.scene.screenshot()).save(file, format="PNG")

    def release(self) -> None:
        """Give the GL context back; nothing is drawn afterwards."""
        self._unsubscribe()
        self._gestures.release()
        for observer in self._window_observers:
            self.scene.renderer.GetRenderWindow().RemoveObserver(observer)
        self._pace.stop()
        self.interactor.close()

    def _fit(self) -> None:
        """Frame the first cloud: only before a frame has the view its size."""
        if not self._framed and len(self.scene.points):
            self._framed = True
            self.scene.reset_camera()

    def _hide_edges(self, hidden: bool) -> None:
        """Leave the edges of a large cloud out while it turns; a click or a turn of the wheel moves nothing that is held."""
        if hidden != self._edges_hidden and (len(self.scene.points) >= _BUSY_POINTS or not hidden):
            self._edges_hidden = hidden
            self.scene.edges.set_hidden(hidden=hidden)
            self.interactor.update()

    def _frame_begins(self, *_: object) -> None:
        self._began = perf_counter()

    def _frame_ends(self, *_: object) -> None:
        self._frame_ms = 1e3 * (perf_counter() - self._began)
        if self._session.edges == "all" and not self._edges_hidden:
            self._edges_ms = self._frame_ms

    def _draw(self) -> None:
        """Ask for a frame; while a perturbation moves, frames take half of the time at most, so that passes and sliders go on."""
        live = self._session.live
        if self._session.edges == "all" and (not live or self._edges_ms > _SLOW_MS):
            self._edges_hidden = live
        self.scene.edges.set_hidden(hidden=self._edges_hidden)
        if not live:
            self._pace.stop()
            self.interactor.update()
        elif not self._pace.isActive():
            self._pace.start(round(self._frame_ms))

    def _click(self, x: float, y: float, tolerance: float) -> None:
        if (point := self.scene.pick(x, y, tolerance=tolerance)) is not None:
            self._session.select_point(point)

    def _follow(self, changed: frozenset[str]) -> None:
        if not changed & (_GRAPH | _COLOURS):
            return
        s = self._session
        self.interactor.setVisible(s.points is not None)
        if s.points is None:
            return
        if "points" in changed:
            self.scene.set_cloud(s.points)
        if changed & _GRAPH:
            self._draw_graph()
        if changed & _COLOURS:
            self._paint_points()
        self._draw()

    def _draw_graph(self) -> None:
        s = self._session
        trace = s.inference.trace if s.inference else None
        knn = trace.knn[s.layer - 1][:, : s.shown_k] if trace else None
        if s.cloud is not None and s.points is not None:
            trained = f", trained with {s.model.spec.points:,}" if s.model and s.model.spec.points != len(s.points) else ""
            parts = [s.cloud.cloud.name, f"{len(s.points):,} points{trained}", *([layer_name(s.layer, s.bits > 0)] if trace else [])]
            self.scene.set_title("  \N{MIDDLE DOT}  ".join(parts))
        if trace is None or knn is None or s.brush is None:
            self.scene.set_graph(knn, s.edges, s.pick)
            return
        low, high = s.brush
        distances = trace.distances[s.layer - 1][:, : s.shown_k]
        inside = (distances >= low) & (distances <= high)  # (N, k)
        pairs = graphs.edges(knn)[inside.ravel()]
        self.scene.set_edges(pairs[:: -(-len(pairs) // EDGE_BUDGET) or 1] if s.edges == "all" else None)
        self.scene.set_pick(s.pick, None if s.pick is None else knn[s.pick][inside[s.pick]], lines=s.edges != "none")

    def _paint_points(self) -> None:
        s = self._session
        if s.points is None:
            return
        trace = s.inference.trace if s.inference else None
        reference = s.reference_inference.trace if s.reference_inference else None
        missing = {"drift": reference is None, "distance": s.pick is None}  # the picked point, too, may be taken away
        attribute = s.attribute
        ready = s.colour == "height" or attribute is not None or (trace is not None and not missing.get(s.colour, False))
        mode = s.colour if ready else "height"
        view = point_view(mode, s.points, trace, layer=s.layer, pick=s.pick, bit=s.bit, reference=reference, attribute=attribute)
        self.scene.set_scalars(**vars(view))
