"""The layers of a run in figures: median time, its part of the pass, operations and their rate."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from bgnn_studio.core.units import ms_text
from bgnn_studio.history import LayerRecord
from bgnn_studio.ui.widgets.labels import layer_label

_NONE = "\N{EN DASH}"
_ROW = 22
_DEFINITION = "by the network's definition, so that rates compare between engines: this engine does fewer, because it factorises"
_HEADS = (
    ("Layer", "In the order of execution"),
    ("ms", "Median time over all measured passes; medians need not add up to that of the whole"),
    (
        "Here",
        "Median milliseconds of the newest run of this model on this machine: same N and k, and the same threads where there is one",
    ),
    ("Part", "Of the sum of the layers' medians"),
    ("MACs", f"Multiply-adds of real values, computed {_DEFINITION}"),
    ("Bit-ops", f"XORs of two bits with their count, computed {_DEFINITION}"),
    ("Gop/s", f"Operations a second: MACs and bit-ops {_DEFINITION}"),
)
_HERE, _PART = 2, 3


class LayerTable(QTableWidget):
    """As high as its layers; items, not a model in Python: a repaint then asks Python nothing, whose lock others may hold."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, len(_HEADS), parent)
        self.setAccessibleName("Layers of the run")
        for column, (name, tip) in enumerate(_HEADS):
            self.setHorizontalHeaderItem(column, _item(column, name, tip))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        header.setHighlightSections(False)

    def set_layers(self, layers: Sequence[LayerRecord], here: Sequence[LayerRecord] = (), isa: str = "") -> None:
        """Show other layers, beside those of a run on this machine; `isa` names the kernels."""
        whole = sum(layer.p50_ns for layer in layers)
        others = {layer.name: layer.p50_ns for layer in here}
        self.setRowCount(len(layers))
        for row, layer in enumerate(layers):
            tip = _kernels(layer, isa)
            for column, text in enumerate(_cells(layer, whole, others.get(layer.name))):
                self.setItem(row, column, _item(column, text, tip))
        self.setColumnHidden(_HERE, not here)
        self.setColumnHidden(_PART, bool(here))  # there is room for six; the bars show it, too
        self.setFixedHeight(self.horizontalHeader().sizeHint().height() + _ROW * len(layers) + 4)


def _item(column: int, text: str, tip: str) -> QTableWidgetItem:
    item = QTableWidgetItem(text)
    item.setTextAlignment(Qt.AlignmentFlag.AlignVCenter | (Qt.AlignmentFlag.AlignLeft if column == 0 else Qt.AlignmentFlag.AlignRight))
    item.setToolTip(tip)
    return item


def _kernels(layer: LayerRecord, isa: str) -> str:
    """Name the steps of a layer, what each took, and which kernels ran."""
    lines = [f"{step.name}: {step.p50_ns / 1e6:.3f} ms" for step in layer.steps]
    bits = "packed bits" if layer.bit_ops else "real values"
    return "\n".join([f"{layer_label(layer.name)} on {bits}, {isa} kernels", *lines])


def _cells(layer: LayerRecord, whole: float, here_ns: float | None) -> tuple[str, ...]:
    known = layer.macs is not None and layer.bit_ops is not None
    rate = _rate((layer.macs + layer.bit_ops) / layer.p50_ns) if known and layer.p50_ns else _NONE
    return (
        layer_label(layer.name),
        ms_text(layer.p50_ns / 1e6),
        _NONE if here_ns is None else ms_text(here_ns / 1e6),
        f"{100 * layer.p50_ns / whole:.0f} %" if whole else _NONE,
        _count(layer.macs),
        _count(layer.bit_ops),
        rate,
    )


def _rate(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _count(operations: int | None) -> str:
    """Return ``13.1 M``, its space a narrow one to fit a small window; a dash for none and for unknown."""
    if not operations:
        return _NONE
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if operations >= size:
            return f"{operations / size:.3g}\N{NARROW NO-BREAK SPACE}{unit}"
    return str(operations)
