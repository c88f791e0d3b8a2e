"""The neighbours of the picked point in the layer shown, nearest first."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStackedWidget, QTableView, QVBoxLayout, QWidget

from bgnn_studio.core.graphs import Neighbourhood, neighbourhood
from bgnn_studio.ui.widgets.labels import headline, hint

if TYPE_CHECKING:
    from bgnn_studio.core.session import Session
    from bgnn_studio.native import Model

_WATCHED = {"inference", "pick", "layer", "points", "model"}


class NeighbourTable(QAbstractTableModel):
    """Rank, index, distance in the space of the graph, distance in space."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.shown: Neighbourhood | None = None
        self.on_bits = False

    def set_neighbourhood(self, shown: Neighbourhood | None, *, on_bits: bool) -> None:
        """Show other neighbours."""
        self.beginResetModel()
        self.shown, self.on_bits = shown, on_bits
        self.endResetModel()

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 (Qt's signature)
        """Return k."""
        return 0 if self.shown is None or parent.isValid() else len(self.shown.index)

    def columnCount(self, _parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008
        """Return 4."""
        return 4

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the text of a cell."""
        if self.shown is None:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        row = index.row()
        if role == Qt.ItemDataRole.ToolTipRole and self.shown.index[row] == self.shown.point:
            return "The point itself: a candidate like any other, at distance 0."
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        distance = self.shown.feature_distance[row]
        cells = (
            str(row + 1),
            str(self.shown.index[row]),
            f"{distance:.0f}" if self.on_bits else f"{distance:#.4g}".rstrip("."),
            f"{self.shown.spatial_distance[row]:.4f}",
        )
        return cells[index.column()]

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the column names, and in their tooltips the units."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.DisplayRole:
            return ("Rank", "Point", "Hamming" if self.on_bits else "L2\N{SUPERSCRIPT TWO}", "Spatial")[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            space = "Bits that differ, in this layer's input" if self.on_bits else "Squared L2 distance in this layer's input"
            return ("1 is nearest; ties go to the lower index", "Index in the cloud", space, "Euclidean; the cloud's radius is 1")[section]
        return None


class NeighboursPanel(QWidget):
    """A table, or what to do to fill it; a double click on a row picks that neighbour."""

    def __init__(self, session: "Session[Model]", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.table = NeighbourTable(self)
        self.headline = headline()
        self.view = _view(self.table)
        self.view.activated.connect(self._walk)
        self.view.doubleClicked.connect(self._walk)
        copy = QShortcut(QKeySequence.StandardKey.Copy, self.view)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self.copy)
        self._hint = hint()
        filled = QWidget()
        column = QVBoxLayout(filled)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.headline)
        column.addWidget(self.view, 1)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._hint)
        self._stack.addWidget(filled)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)
        session.subscribe(self._follow)
        self.refresh()

    def refresh(self) -> None:
        """Show the neighbours of the picked point."""
        s = self._session
        shown = None
        on_bits = s.bits > 0
        if s.points is not None and s.inference is not None and s.inference.trace is not None and s.pick is not None:
            trace = s.inference.trace
            shown = neighbourhood(trace.knn[s.layer - 1], trace.distances[s.layer - 1], s.points, s.pick)
            x, y, z = (f"{v:.2f}".replace("-", "\N{MINUS SIGN}") for v in s.points[s.pick])
            self.headline.setText(f"Point {s.pick}  ({x}, {y}, {z})")
        else:
            what = "Open a model to see the neighbours it gives each point." if s.model is None else "Click a point in the 3D view."
            self._hint.setText(what if s.cloud is not None else "Open a point cloud to begin.")
        self.table.set_neighbourhood(shown, on_bits=on_bits)
        self._stack.setCurrentIndex(shown is not None)

    def copy(self) -> None:
        """Put the table on the clipboard, one row a line, columns parted by tabs."""
        rows = range(self.table.rowCount())
        columns = range(self.table.columnCount())
        lines = [[self.table.headerData(c, Qt.Orientation.Horizontal) for c in columns]]
        lines += [[self.table.index(r, c).data() for c in columns] for r in rows]
        QGuiApplication.clipboard().setText("\n".join("\t".join(map(str, line)) for line in lines))

    def _walk(self, index: QModelIndex) -> None:
        if self.table.shown is not None:
            self._session.select_point(int(self.table.shown.index[index.row()]))

    def _follow(self, changed: frozenset[str]) -> None:
        if changed & _WATCHED:
            self.refresh()


def _view(table: NeighbourTable) -> QTableView:
    view = QTableView()
    view.setAccessibleName("Neighbours of the picked point")
    view.setToolTip("Double-click a neighbour to pick it; Ctrl+C copies the table")
    view.setModel(table)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.setShowGrid(False)
    view.setWordWrap(False)
    view.verticalHeader().hide()
    view.verticalHeader().setDefaultSectionSize(22)
    view.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
    view.horizontalHeader().setHighlightSections(False)
    view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return view
