"""The Compare tab: two to four models on the selected cloud, side by side, in pictures and in figures."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from bgnn_studio.ui.comparer import Comparer
from bgnn_studio.ui.panels.compare.export import CompareExport
from bgnn_studio.ui.panels.compare.figures import FiguresTable
from bgnn_studio.ui.panels.compare.picker import ComparePicker
from bgnn_studio.ui.panels.compare.plots import ComparePlots
from bgnn_studio.ui.panels.view_bar import ViewBar
from bgnn_studio.ui.theme import DARK, Theme
from bgnn_studio.ui.widgets.labels import caption, hint

if TYPE_CHECKING:
    from bgnn_studio.core.comparison_views import Show
    from bgnn_studio.core.saved_session import Camera
    from bgnn_studio.core.session import Session
    from bgnn_studio.native import Model
    from bgnn_studio.ui.panels.compare.views import CompareViews
    from bgnn_studio.ui.toasts import Toasts
    from bgnn_studio.ui.workers import Jobs


class CompareTab(QWidget):
    """The choice of models above, linked views in the middle, figures and plots below.

    Attributes
    ----------
    comparer : Comparer
    views : CompareViews or None
        There from the first time the tab is seen to `release`.
    """

    title = "Compare"

    def __init__(self, session: "Session[Model]", jobs: "Jobs", toasts: "Toasts", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._theme = session, DARK
        self.comparer = Comparer(session, jobs, toasts, self)
        self.picker = ComparePicker(session, toasts)
        self.bar = ViewBar(session)
        self.views: CompareViews | None = None
        self._divided = False
        self.figures, self.plots = FiguresTable(), ComparePlots()
        self.export = CompareExport(jobs, toasts, self._seen, self)
        self.state = caption("")
        self.state.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._hint = hint()
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._hint)
        self._lay_out()
        self.comparer.changed.connect(self.refresh)
        self.comparer.state_changed.connect(self._say_state)
        self.refresh()

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self._theme = theme
        for panel in (self.views, self.figures, self.plots):
            if panel is not None:
                panel.apply_theme(theme)

    def release(self) -> None:
        """Give the GL context back."""
        self.comparer.set_active(active=False)
        if self.views is not None:
            self.views.release()
            self._stack.removeWidget(self.views)
            self.views.deleteLater()
            self.views = None

    def showEvent(self, event: QShowEvent) -> None:
        """Compare what is selected now, and make the 3D views the first time."""
        super().showEvent(event)
        self.comparer.set_active(active=True)
        if self.views is None:
            QTimer.singleShot(0, self, self._make_views)

    def hideEvent(self, event: QHideEvent) -> None:
        """Compare nothing while nobody looks."""
        super().hideEvent(event)
        self.comparer.set_active(active=False)

    def reset_camera(self) -> None:
        """Look at the whole cloud again."""
        if self.views is not None:
            self.views.reset_camera()

    def refresh(self) -> None:
        """Show the comparison there is, or what to do for one."""
        comparison, table = self.comparer.comparison, self.comparer.table
        self._lower.setVisible(table is not None)
        if table is not None and not self._divided:
            self._divided = True
            height = self._middle.height()
            self._middle.setSizes([round(0.57 * height), round(0.43 * height)])
        if comparison is not None and table is not None:
            self.figures.show_table(table)
            self.plots.show_table(table)
            self.export.set_found((comparison, table))
        else:
            self.export.set_found(None)
        self._stack.setCurrentWidget(self.views if self.views is not None and comparison is not None else self._hint)
        self._say_state()

    def _say_state(self) -> None:
        self._hint.setText(self.comparer.why_none)
        self.state.setText(self.comparer.state)

    def _make_views(self) -> None:
        from bgnn_studio.ui.panels.compare.views import CompareViews

        if self.views is None and self.isVisible():
            self.views = CompareViews(self._session, self.comparer)
            self.views.apply_theme(self._theme)
            self._stack.addWidget(self.views)
            self.refresh()

    def _seen(self) -> "tuple[Show, Camera | None]":
        """Return what the views show, and from where; only there is something to export when there are views."""
        assert self.views is not None
        return self.views.show_options, self.views.camera

    def _lay_out(self) -> None:
        strip = QFrame()
        strip.setObjectName("ToolStrip")
        row = QHBoxLayout(strip)
        row.setContentsMargins(12, 6, 12, 6)
        row.setSpacing(12)
        row.addWidget(self.picker)
        row.addWidget(self.state, 1)
        row.addWidget(self.export.button)
        self._lower = QSplitter()
        self.figures.setMinimumWidth(380)
        self.plots.setMinimumWidth(280)
        for widget in (self.figures, self.plots):
            self._lower.addWidget(widget)
        self._lower.setSizes([610, 390])
        self._middle = QSplitter(Qt.Orientation.Vertical)
        self._middle.addWidget(self._stack)
        self._middle.addWidget(self._lower)
        self._middle.setStretchFactor(0, 1)
        for splitter in (self._lower, self._middle):
            splitter.setChildrenCollapsible(False)
            splitter.setHandleWidth(6)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (strip, self.bar):
            column.addWidget(widget)
        column.addWidget(self._middle, 1)
