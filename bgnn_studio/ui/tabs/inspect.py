"""The Inspect tab: one model on one cloud, the graph of each layer, and what it cost."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from bgnn_studio.ui.panels.bits import BitsLine
from bgnn_studio.ui.panels.distances import DistancesPanel
from bgnn_studio.ui.panels.latency import LatencyPanel
from bgnn_studio.ui.panels.memory import MemoryPanel
from bgnn_studio.ui.panels.neighbours import NeighboursPanel
from bgnn_studio.ui.panels.perturb import PerturbPanel
from bgnn_studio.ui.panels.prediction import PredictionPanel
from bgnn_studio.ui.panels.view_bar import ViewBar
from bgnn_studio.ui.widgets.docks import add_dock, scrolled, tabbed
from bgnn_studio.ui.widgets.labels import hint

if TYPE_CHECKING:
    from bgnn_studio.core.saved_session import Camera
    from bgnn_studio.core.session import Session
    from bgnn_studio.native import Model
    from bgnn_studio.ui.measurer import Measurer
    from bgnn_studio.ui.panels.viewport import Viewport
    from bgnn_studio.ui.theme import Theme

_RIGHT, _BOTTOM = Qt.DockWidgetArea.RightDockWidgetArea, Qt.DockWidgetArea.BottomDockWidgetArea

_BARS_HEIGHT = 208  # headline, legend and seven bars


class InspectTab(QMainWindow):
    """The 3D view with its strip in the middle, panels in docks around it.

    Attributes
    ----------
    viewport : Viewport or None
        There from `show_scene` to `release`: importing VTK takes longer than showing the window.
    """

    title = "Inspect"

    def __init__(self, session: "Session[Model]", measurer: "Measurer", parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Widget)
        self._session = session
        self.bar = ViewBar(session)
        self.bits = BitsLine(session)
        self.viewport: Viewport | None = None
        self._camera: Camera | None = None
        self.prediction = PredictionPanel(session)
        self.neighbours = NeighboursPanel(session)
        self.distances = DistancesPanel(session)
        self.latency = LatencyPanel(session, measurer)
        self.memory = MemoryPanel(session)
        self.perturb = PerturbPanel(session)
        self._empty = hint("Drop a point cloud and a model here, or open them with Ctrl+O.")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.bits)
        column.addWidget(self._stack, 1)
        self.setCentralWidget(middle)
        self.setCorner(Qt.Corner.BottomRightCorner, _RIGHT)
        self.docks = self._add_docks()
        session.subscribe(self._follow)

    def apply_theme(self, theme: "Theme") -> None:
        """Take the colours of a theme."""
        self._theme = theme
        for panel in (self.viewport, self.bits, self.prediction, self.distances, self.latency, self.memory, self.perturb):
            if panel is not None:
                panel.apply_theme(theme)

    def show_scene(self) -> None:
        """Make the 3D view."""
        from bgnn_studio.ui.panels.viewport import Viewport

        self.viewport = Viewport(self._session)
        self.viewport.apply_theme(self._theme)
        if self._camera is not None:
            self.viewport.camera = self._camera
        self._stack.addWidget(self.viewport)
        self._follow(frozenset({"cloud"}))

    def release(self) -> None:
        """Give the GL context back."""
        self.perturb.release()
        if self.viewport is not None:
            self.viewport.release()
            self._stack.removeWidget(self.viewport)
            self.viewport.deleteLater()
            self.viewport = None

    def reset_camera(self) -> None:
        """Look at the whole cloud again."""
        if self.viewport is not None:
            self.viewport.reset_camera()

    @property
    def camera(self) -> "Camera | None":
        """Camera of the 3D view, kept for the time when the view is made."""
        return self._camera if self.viewport is None else self.viewport.camera

    @camera.setter
    def camera(self, camera: "Camera") -> None:
        self._camera = camera
        if self.viewport is not None:
            self.viewport.camera = camera

    def find_point(self) -> None:
        """Bring up the field that picks a point by its index."""
        self.docks[1].show()
        self.neighbours.find.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.neighbours.find.selectAll()

    def _add_docks(self) -> list[QDockWidget]:
        for panel in (self.prediction, self.neighbours, self.distances):
            panel.setMinimumWidth(300)
        docks = [
            add_dock(self, _RIGHT, "prediction", "Prediction", self.prediction),
            add_dock(self, _RIGHT, "neighbours", "Neighbours", self.neighbours),
            add_dock(self, _RIGHT, "distances", "Distances", self.distances),
            add_dock(self, _BOTTOM, "latency", "Latency", scrolled(self.latency, _BARS_HEIGHT)),
            add_dock(self, _BOTTOM, "memory", "Memory", scrolled(self.memory, _BARS_HEIGHT)),
            add_dock(self, _BOTTOM, "perturb", "Perturb", scrolled(self.perturb, _BARS_HEIGHT)),
        ]
        tabbed(self, docks[3:])
        return docks

    def arrange(self) -> None:
        """Give the docks their first sizes; works once the window is laid out."""
        self.resizeDocks(self.docks[1:3], [4, 3], Qt.Orientation.Vertical)
        self.resizeDocks(self.docks[:1], [320], Qt.Orientation.Horizontal)

    def _follow(self, changed: frozenset[str]) -> None:
        if "cloud" in changed:
            self._stack.setCurrentWidget(self.viewport if self.viewport and self._session.cloud else self._empty)
