"""The neighbours of the picked point in the layer shown, nearest first, and what the reference makes of them."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QSizePolicy,
    QSpinBox,
    QStackedWidget,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from bgnn_studio.core.graphs import neighbourhood
from bgnn_studio.core.neighbours import NeighbourRow, neighbour_rows, neighbours_csv
from bgnn_studio.core.views import layer_features
from bgnn_studio.ui.panels.find_point import FindPoint
from bgnn_studio.ui.widgets.labels import INDENT, headline, hint

if TYPE_CHECKING:
    from bgnn_studio.core.session import Session
    from bgnn_studio.native import Model

_WATCHED = {"inference", "reference_inference", "reference", "pick", "layer", "points", "model", "shown_k"}
_CHANGES = {
    "kept": "The reference has this neighbour too, at the rank given",
    "new": "The reference does not have this neighbour",
    "lost": "Only the reference has this neighbour, at the rank given; here it is too far",
}


class NeighbourTable(QAbstractTableModel):
    """Rank, index, distance in the space of the graph, distance in space, and with a reference what it keeps."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows: tuple[NeighbourRow, ...] = ()
        self.point: int | None = None
        self.on_bits = False
        self.reference = ""

    def set_rows(self, rows: tuple[NeighbourRow, ...], point: int | None, *, on_bits: bool, reference: str = "") -> None:
        """Show other neighbours, those of `point`, compared with the reference of this name where there is one."""
        self.beginResetModel()
        self.rows, self.point, self.on_bits, self.reference = rows, point, on_bits, reference
        self.endResetModel()

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 (Qt's signature)
        """Return k, and how many were lost."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, _parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008
        """Return 4, or 5 with a reference."""
        return 5 if self.reference else 4

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the text of a cell."""
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.FontRole and row.change == "lost":
            font = QGuiApplication.font()
            font.setItalic(True)
            return font
        if role == Qt.ItemDataRole.ToolTipRole and index.column() == 4 and row.change:
            return _CHANGES[row.change]
        if role == Qt.ItemDataRole.ToolTipRole and row.point == self.point:
            return "The point itself: a candidate like any other, at distance 0."
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        cells = (
            "\N{EN DASH}" if row.rank is None else str(row.rank),
            str(row.point),
            f"{row.feature_distance:.0f}" if self.on_bits else f"{row.feature_distance:#.4g}".rstrip("."),
            f"{row.spatial_distance:.3f}",
            row.change if row.reference_rank is None else f"{row.change} {row.reference_rank}",
        )
        return cells[index.column()]

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the column names, and in their tooltips the units."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.DisplayRole:
            return ("Rank", "Point", "Hamming" if self.on_bits else "L2\N{SUPERSCRIPT TWO}", "Spatial", "Change")[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            space = "Bits that differ, in this layer's input" if self.on_bits else "Squared L2 distance in this layer's input"
            change = f"Against the same layer's graph of {self.reference}: kept and its rank there, new, or lost and its rank there"
            spatial = "Euclidean; the cloud's radius is 1"
            return ("1 is nearest; ties go to the lower index", "Index in the cloud", space, spatial, change)[section]
        return None


class NeighboursPanel(QWidget):
    """A table, or what to do to fill it; a double click on a row picks that neighbour.

    Attributes
    ----------
    find : FindPoint
    export : QAction
        For who asks where to: nothing is connected to it here.
    shown : QSpinBox
        How many of the k neighbours are listed and drawn.

    Signals
    -------
    copied(int)
        So many rows are on the clipboard.
    """

    copied = Signal(int)

    def __init__(self, session: "Session[Model]", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.table = NeighbourTable(self)
        self.headline = headline()
        self.view = _view(self.table)
        self.view.activated.connect(self._walk)
        self.view.doubleClicked.connect(self._walk)
        copy = QAction("&Copy", self.view)
        copy.setShortcut(QKeySequence.StandardKey.Copy)
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(self.copy)
        self.export = QAction("&Export neighbours\N{HORIZONTAL ELLIPSIS}", self.view)
        self.export.setShortcut(QKeySequence("Ctrl+E"))
        self.view.addActions([copy, self.export])
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.find = FindPoint(session)
        self.headline.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        top = QHBoxLayout()
        top.setContentsMargins(0, 0, 8, 0)
        top.addWidget(self.headline, 1)
        top.addWidget(self.find)
        self.shown = QSpinBox()
        self.shown.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.shown.setKeyboardTracking(False)
        self.shown.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.shown.setAccessibleName("Neighbours shown")
        self.shown.setToolTip("List and draw so many neighbours of each point, the nearest. The network always uses all k.")
        self.shown.valueChanged.connect(lambda m: session.set_shown_k(m if m < self.shown.maximum() else None))
        self.copy_button = QToolButton()
        self.copy_button.setText("Copy")
        self.copy_button.setAccessibleName("Copy the neighbours")
        self.copy_button.setToolTip("Put the table on the clipboard (Ctrl+C in the table)")
        self.copy_button.clicked.connect(lambda _=False: self.copy())
        below = QHBoxLayout()
        below.setContentsMargins(INDENT, 0, 8, 0)
        below.addWidget(self.shown)
        below.addStretch(1)
        below.addWidget(self.copy_button)
        self._hint = hint()
        self._stack = QStackedWidget()
        self._stack.addWidget(self._hint)
        self._stack.addWidget(self.view)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(top)
        column.addLayout(below)
        column.addWidget(self._stack, 1)
        session.subscribe(self._follow)
        self.refresh()

    def refresh(self) -> None:
        """Show the neighbours of the picked point."""
        s = self._session
        rows: tuple[NeighbourRow, ...] = ()
        reference = s.reference_graph
        if s.points is not None and s.inference is not None and s.inference.trace is not None and s.pick is not None:
            trace = s.inference.trace
            found = neighbourhood(trace.knn[s.layer - 1], trace.distances[s.layer - 1], s.points, s.pick, reference)
            there = None if reference is None else reference[s.pick]
            rows = neighbour_rows(found, layer_features(s.points, trace, s.layer), s.points, there)
            rows = tuple(row for row in rows if (row.rank or row.reference_rank or 0) <= (s.shown_k or len(rows)))
            x, y, z = (f"{v:.2f}".replace("-", "\N{MINUS SIGN}") for v in s.points[s.pick])
            self.headline.setText(f"Point {s.pick}  ({x}, {y}, {z})")
        else:
            self.headline.setText("No point picked" if s.pick is None else f"Point {s.pick}")
            what = (
                "Open a model to see the neighbours it gives each point."
                if s.model is None
                else "Click a point in the 3D view, or find one by its index."
            )
            if s.pick is None and s.choices.pick is not None:
                what = "The perturbation takes the picked point away; it comes back with it."
            self._hint.setText(what if s.cloud is not None else "Open a point cloud to begin.")
        name = s.reference.name if s.reference is not None and reference is not None else ""
        self.table.set_rows(rows, s.pick, on_bits=s.bits > 0, reference=name)
        narrow = QHeaderView.ResizeMode.ResizeToContents
        for column in range(1, self.table.columnCount()):
            self.view.horizontalHeader().setSectionResizeMode(column, narrow)
        self._stack.setCurrentIndex(bool(rows))
        self._count(s.model.spec.k if s.model is not None else None)
        self.copy_button.setEnabled(bool(rows))
        self.export.setEnabled(bool(rows))
        self.export.setToolTip("Write this table as CSV" if rows else "No neighbours yet: pick a point of a cloud that a model has run on.")

    def _count(self, k: int | None) -> None:
        """Show how many of k neighbours are listed."""
        self.shown.setEnabled(k is not None)
        self.shown.blockSignals(True)
        self.shown.setRange(1, k or 1)
        self.shown.setPrefix("Nearest ")
        self.shown.setSuffix(f" of {k}" if k else "")
        self.shown.setValue(min(self._session.shown_k or k or 1, k or 1))
        self.shown.blockSignals(False)

    def copy(self) -> None:
        """Put the table on the clipboard, one row a line, columns parted by tabs."""
        rows = range(self.table.rowCount())
        columns = range(self.table.columnCount())
        lines = [[self.table.headerData(c, Qt.Orientation.Horizontal) for c in columns]]
        lines += [[self.table.index(r, c).data() for c in columns] for r in rows]
        QGuiApplication.clipboard().setText("\n".join("\t".join(map(str, line)) for line in lines))
        self.copied.emit(len(rows))

    def csv(self) -> str:
        """Return the table as CSV, unrounded, with units in the header."""
        return neighbours_csv(self.table.rows, on_bits=self.table.on_bits)

    def _walk(self, index: QModelIndex) -> None:
        self._session.select_point(self.table.rows[index.row()].point)

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
