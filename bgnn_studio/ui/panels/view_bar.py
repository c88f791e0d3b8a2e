"""The strip above the 3D view: which graph, which edges, which colours."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QFrame, QGridLayout, QHBoxLayout, QLabel, QLayout, QSlider, QWidget

from bgnn_studio.ui.widgets.segments import Segments

if TYPE_CHECKING:
    from bgnn_studio.core.session import Session
    from bgnn_studio.native import Model

_EDGES = [
    ("none", "None", "Points only"),
    ("picked", "Picked", "Only the edges of the picked point"),
    ("all", "All", "Every edge of the graph (a fixed random choice of 20,480 when there are more)"),
]
COLOURS = [
    ("height", "Height", "Height of the point"),
    ("distance", "Distance", "Distance to the picked point, in the space that this layer's graph is built in"),
    ("bit", "Bit", "One bit plane of this layer's input"),
    ("in-degree", "In-degree", "How often a point is another's neighbour: hubs stand out"),
    ("drift", "Drift", "Share of the point's neighbours that the reference's graph of this layer does not have"),
    ("critical", "Critical", "How many channels of the embedding took their maximum from the point: what the answer hangs on"),
]


class ViewBar(QFrame):
    """Segmented buttons bound to the session; one row where there is room, two where there is not."""

    def __init__(self, session: "Session[Model]", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("ToolStrip")
        self._session = session
        self.layer = Segments("Graph")
        self.edges = Segments("Edges", _EDGES)
        self.colour = Segments("Colour", COLOURS)
        self.attribute = QComboBox()
        self.attribute.setAccessibleName("Attribute of the file")
        self.attribute.setToolTip("Colour by what the file says of each point")
        self.attribute.setPlaceholderText("File")
        self.attribute.activated.connect(lambda row: session.set_colour(self.attribute.itemText(row)))
        self.bit = QSlider(Qt.Orientation.Horizontal)
        self.bit.setAccessibleName("Bit plane")
        self.bit.setToolTip("Go through the bit planes")
        self.bit.setFixedWidth(110)
        self._bit_text = QLabel()
        self._bit_text.setFixedWidth(48)
        self.layer.chosen.connect(session.select_layer)
        self.edges.chosen.connect(session.set_edges)
        self.colour.chosen.connect(session.set_colour)
        self.bit.valueChanged.connect(session.set_bit)
        self._groups = [
            _group("Graph", self.layer),
            _group("Edges", self.edges),
            _group("Colour", self.colour, self.attribute, self.bit, self._bit_text),
        ]
        self._grid = QGridLayout(self)
        self._grid.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)  # narrower than one row is what two rows are for
        self._grid.setContentsMargins(12, 6, 12, 6)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(6)
        self._rows = 0
        session.subscribe(self._follow)
        self._name_layers()
        self.refresh()

    def refresh(self) -> None:
        """Show the session's choices, and why some cannot be made."""
        s = self._session
        self.layer.set_value(s.layer)
        self.edges.set_value(s.edges)
        for mode, _, _ in COLOURS:
            self.colour.set_reason(mode, s.why_not(mode))
        self.colour.set_value(s.colour)
        self._show_attributes()
        for widget in (self.bit, self._bit_text):
            widget.setVisible(s.colour == "bit")
        self._bit_text.setText(f"bit {s.bit}")
        self.bit.blockSignals(True)
        self.bit.setRange(0, max(s.bits - 1, 0))
        self.bit.setValue(s.bit)
        self.bit.blockSignals(False)
        self._arrange()

    def _show_attributes(self) -> None:
        """List what the file of the selected cloud says of its points; nothing is there where it says nothing."""
        s = self._session
        names = [attribute.name for attribute in s.cloud.cloud.attributes] if s.cloud else []
        if names != [self.attribute.itemText(i) for i in range(self.attribute.count())]:
            self.attribute.clear()
            self.attribute.addItems(names)
        self.attribute.setCurrentIndex(names.index(s.colour) if s.colour in names else -1)
        self.attribute.setVisible(bool(names))
        self.attribute.setProperty("chosen", s.colour in names)
        self.attribute.style().polish(self.attribute)

    def minimumSizeHint(self) -> QSize:
        """Return the size of two rows."""
        widths = [group.sizeHint().width() for group in self._groups]
        return QSize(max(widths[0] + 16 + widths[1], widths[2]) + 24, self._grid.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Go to one row or to two."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        need = sum(group.sizeHint().width() for group in self._groups) + 16 * (len(self._groups) - 1) + 24
        rows = 1 if need <= self.width() else 2
        if rows == self._rows:
            return
        self._rows = rows
        for group in self._groups:
            self._grid.removeWidget(group)
        left = Qt.AlignmentFlag.AlignLeft
        graph, edges, colour = self._groups
        self._grid.addWidget(graph, 0, 0, left)
        self._grid.addWidget(edges, 0, 1, left)
        self._grid.addWidget(colour, *((0, 2) if rows == 1 else (1, 0, 1, 3)), left)
        self._grid.setColumnStretch(2, 1)
        self.updateGeometry()

    def _name_layers(self) -> None:
        on_bits = self._session.model is not None and self._session.model.spec.on_bits
        space = "bits, by Hamming distance" if on_bits else "real features, by L2 distance"
        choices = [(1, "Input", "Graph of layer 1, built on xyz")]
        choices += [(n, f"Layer {n}", f"Graph of layer {n}, built on its input: {space}") for n in range(2, self._session.layers + 1)]
        self.layer.set_choices(choices)
        self._rows = 0

    def _follow(self, changed: frozenset[str]) -> None:
        if "model" in changed:
            self._name_layers()
        if changed & {"model", "cloud", "layer", "edges", "colour", "bit", "pick", "reference", "points"}:
            self.refresh()


def _group(text: str, *widgets: QWidget) -> QWidget:
    box = QWidget()
    row = QHBoxLayout(box)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    label = QLabel(text)
    label.setObjectName("Caption")
    label.setMinimumWidth(46)  # so that the rows align
    for widget in (label, *widgets):
        row.addWidget(widget)
    return box
