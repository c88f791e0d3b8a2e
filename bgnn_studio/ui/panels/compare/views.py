"""The 3D views of the Compare tab: models side by side under one camera; a click in any of them picks."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from bgnn_studio.core.comparison_views import Show, panels
from bgnn_studio.core.saved_session import Camera
from bgnn_studio.scene.cloud_scene import EDGE_BUDGET
from bgnn_studio.scene.side_by_side import SideBySide
from bgnn_studio.ui.comparer import Comparer
from bgnn_studio.ui.theme import DARK, Theme
from bgnn_studio.ui.widgets.scene_view import Gestures, fill_with_interactor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bgnn_studio.core.session import Session
    from bgnn_studio.native import Model

_WATCHED = {"layer", "edges", "pick", "brush", "colour", "bit", "shown_k"}


class CompareViews(QWidget):
    """Owns an interactor with two to four views; follows the session and the comparison.

    Attributes
    ----------
    scene : SideBySide
    """

    def __init__(self, session: "Session[Model]", comparer: Comparer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("Viewport")
        self._session, self._comparer = session, comparer
        self._home: Camera | None = None
        self._points: NDArray[np.float32] | None = None
        self._differences: object = None
        self._arranged = (0, 0, 0)
        self.interactor = fill_with_interactor(self, "3D views of the models side by side")
        self.scene = SideBySide(self.interactor, theme=DARK.scene, pixel_ratio=self.devicePixelRatioF())
        self._gestures = Gestures(self.interactor)
        self._gestures.clicked.connect(self._click)
        self._gestures.turned.connect(self._hide_edges)
        self._gestures.painting.connect(self._fit)
        self._edges_hidden = False
        self._unsubscribe = session.subscribe(lambda changed: self.refresh() if changed & _WATCHED else None)
        comparer.changed.connect(self._compared)
        self.refresh()

    @property
    def show_options(self) -> Show:
        """What the session asks all views to show."""
        s = self._session
        return Show(s.layer, s.edges, s.colour, s.pick, s.bit, "z", s.brush, s.bits > 0, s.shown_k, EDGE_BUDGET, s.attribute)

    @property
    def camera(self) -> Camera | None:
        """The shared camera, once there are views."""
        return self.scene.camera if self._home is not None and self.scene.scenes else None

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self.scene.set_theme(theme.scene)
        self.interactor.update()

    def reset_camera(self) -> None:
        """Look at the whole cloud from the first direction."""
        self.scene.reset_camera()
        self._home = self.scene.camera
        self.interactor.update()

    def release(self) -> None:
        """Give the GL context back; nothing is drawn afterwards."""
        self._unsubscribe()
        self._comparer.changed.disconnect(self._compared)
        self._gestures.release()
        self.scene.release()
        self.interactor.close()

    def refresh(self) -> None:
        """Show the comparison, if there is one, as the session says."""
        comparison, show = self._comparer.comparison, self.show_options
        if comparison is None:
            return
        points, scenes = comparison.runs[0].points, self.scene.scenes
        if len(scenes) != len(comparison.runs) or points is not self._points:
            self._points = points
            self.scene.set_points(points, len(comparison.runs))
        self.scene.show(panels(comparison, show), show.pick, lines=show.edges != "none")
        self.interactor.update()

    def _compared(self) -> None:
        """Show other graphs; more figures of the same change nothing here, and a frame takes its time."""
        comparison = self._comparer.comparison
        if comparison is not None and comparison.differences is not self._differences:
            self._differences = comparison.differences
            self.refresh()

    def _fit(self) -> None:
        """Share the window out before a frame of another size or of another number of views; refit what nobody has turned."""
        size = (self.interactor.width(), self.interactor.height(), len(self.scene.scenes))
        if self.scene.scenes and size != self._arranged:
            self._arranged = size
            self.scene.arrange()
            if self._home is None or self.scene.camera == self._home:  # only now have the views their size
                self.scene.reset_camera()
                self._home = self.scene.camera

    def _hide_edges(self, hidden: bool) -> None:
        """Leave edges out while the views turn, where there are more than one view takes at most."""
        drawn = sum(scene.edges.connectivity.size // 2 for scene in self.scene.scenes)
        if hidden != self._edges_hidden and (drawn > EDGE_BUDGET or not hidden):
            self._edges_hidden = hidden
            for scene in self.scene.scenes:
                scene.edges.set_hidden(hidden=hidden)
            self.interactor.update()

    def _click(self, x: float, y: float, tolerance: float) -> None:
        if (point := self.scene.pick(x, y, tolerance=tolerance)) is not None:
            self._session.select_point(point)
