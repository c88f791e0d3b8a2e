"""A dock with a quiet section header instead of a title bar."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QFrame, QLabel, QMainWindow, QScrollArea, QTabWidget, QVBoxLayout, QWidget


def add_dock(window: QMainWindow, area: Qt.DockWidgetArea, name: str, title: str, content: QWidget) -> QDockWidget:
    """Add a movable dock; `name` is what its place is remembered by."""
    dock = QDockWidget(title, window)
    dock.setObjectName(name)
    dock.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetMovable | QDockWidget.DockWidgetFeature.DockWidgetClosable)
    header = QLabel(title)
    header.setObjectName("DockTitle")
    header.setIndent(0)
    dock.setTitleBarWidget(header)
    dock.setWidget(content)
    content.setAutoFillBackground(True)
    window.addDockWidget(area, dock)
    return dock


def tabbed(window: QMainWindow, docks: Sequence[QDockWidget]) -> None:
    """Lay docks over each other, the first in front, with tabs above; a dock that is left alone gets its header back."""
    window.setTabPosition(window.dockWidgetArea(docks[0]), QTabWidget.TabPosition.North)
    headers = {dock: (dock.titleBarWidget(), QWidget()) for dock in docks}

    def name_those_alone() -> None:
        for dock, (header, nothing) in headers.items():
            alone = all(other.isHidden() for other in window.tabifiedDockWidgets(dock))
            if dock.titleBarWidget() is not (wanted := header if alone else nothing):
                dock.titleBarWidget().hide()
                dock.setTitleBarWidget(wanted)
                wanted.show()

    for dock in docks[1:]:
        window.tabifyDockWidget(docks[0], dock)
    docks[0].raise_()
    for dock in docks:
        dock.visibilityChanged.connect(name_those_alone)
        dock.dockLocationChanged.connect(name_those_alone)
    name_those_alone()


def scrolled(content: QWidget, height: int) -> QScrollArea:
    """Let content scroll where it is taller than its dock, which is at least `height` pixels high."""
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setMinimumHeight(height)
    area.setWidget(content)
    return area


def titled(title: str, content: QWidget) -> QWidget:
    """Put a quiet section header over a panel."""
    widget = QWidget()
    widget.setAutoFillBackground(True)
    label = QLabel(title)
    label.setObjectName("DockTitle")
    label.setIndent(0)
    column = QVBoxLayout(widget)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(label)
    column.addWidget(content, 1)
    return widget


def stacked(bar: QWidget, content: QWidget) -> QWidget:
    """Put a bar that comes and goes above what has the rest of the room."""
    widget = QWidget()
    column = QVBoxLayout(widget)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(bar)
    column.addWidget(content, 1)
    return widget
