"""A dock with a quiet section header instead of a title bar."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QFrame, QHBoxLayout, QLabel, QMainWindow, QScrollArea, QWidget


def add_dock(
    window: QMainWindow, area: Qt.DockWidgetArea, name: str, title: str, content: QWidget, *, corner: QWidget | None = None
) -> QDockWidget:
    """Add a movable dock; `name` is what its place is remembered by, `corner` stands at the right end of its header."""
    dock = QDockWidget(title, window)
    dock.setObjectName(name)
    dock.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetMovable | QDockWidget.DockWidgetFeature.DockWidgetClosable)
    header = QLabel(title)
    header.setObjectName("DockTitle")
    header.setIndent(0)
    dock.setTitleBarWidget(header if corner is None else _beside(header, corner))
    dock.setWidget(content)
    content.setAutoFillBackground(True)
    window.addDockWidget(area, dock)
    return dock


def _beside(header: QLabel, corner: QWidget) -> QWidget:
    both = QWidget()
    both.setAutoFillBackground(True)
    row = QHBoxLayout(both)
    row.setContentsMargins(0, 0, 8, 0)
    row.addWidget(header, 1)
    row.addWidget(corner, 0, Qt.AlignmentFlag.AlignBottom)
    return both


def scrolled(content: QWidget, height: int) -> QScrollArea:
    """Let content scroll where it is taller than its dock, which is at least `height` pixels high."""
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setMinimumHeight(height)
    area.setWidget(content)
    return area
