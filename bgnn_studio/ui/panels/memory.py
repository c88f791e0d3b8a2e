"""What a model takes: parameters as floats and packed, its file, and the scratch memory of a forward pass."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from bgnn_studio.core.machine import peak_resident_bytes
from bgnn_studio.core.memory import activation_memory, parameter_memory
from bgnn_studio.core.units import size_text
from bgnn_studio.ui.widgets.bars import Bar, Bars, Segment
from bgnn_studio.ui.widgets.labels import caption, headline, hint, layer_label
from bgnn_studio.ui.widgets.segments import Segments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bgnn_studio.core.memory import Activation, Figure, LayerParameters
    from bgnn_studio.core.session import Session
    from bgnn_studio.native import Model
    from bgnn_studio.ui.theme import Theme

_SERIES = {"computed": 4, "measured": 0}
_PARTS = {"parameters": 0, "graph": 1, "activations": 2}
_PAGES = (
    ("all", "Total", "The model and a forward pass in all"),
    ("layers", "Layers", "Packed parameters and what the engine keeps of each layer, computed from the spec"),
)
_ARENA = (
    "Scratch memory that the engine took for this forward pass. Less than the activations together where buffers are used again, "
    "more where threads need their own."
)
_PEAK = (
    "The most memory that this whole process has held at once since it began, as the system counts it: window, 3D view, all open clouds "
    "and models. It never falls. A model alone needs its file, what is prepared of it, and the arena; "
    "the Boards tab measures the peak of just that, on this machine too."
)


class MemoryPanel(QWidget):
    """Bytes, each computed or measured, with the formula in its tooltip: in all, or layer by layer.

    Attributes
    ----------
    pages : Segments
        Chooses between the two.
    """

    def __init__(self, session: "Session[Model]", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._page = session, "all"
        self.pages = Segments("Memory", _PAGES)
        self.pages.set_value(self._page)
        self.pages.chosen.connect(self.show_page)
        self.headline = headline()
        self.headline.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.bars = Bars("Memory")
        self.peak = caption("", _PEAK)
        self._hint = hint("Sizes appear here once a model is open.")
        top = QHBoxLayout()
        top.setContentsMargins(0, 0, 8, 0)
        top.setSpacing(12)
        top.addWidget(self.headline, 1)
        top.addWidget(self.peak)
        top.addWidget(self.pages)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2, 0, 2)
        column.setSpacing(1)
        column.addLayout(top)
        for widget in (self.bars, self._hint):
            column.addWidget(widget)
        column.addStretch(1)
        session.subscribe(self._follow)
        self.refresh()

    def apply_theme(self, theme: "Theme") -> None:
        """Take the colours of a theme."""
        self.bars.apply_theme(theme)

    def show_page(self, page: str) -> None:
        """Show ``all`` or ``layers``."""
        self._page = page
        self.pages.set_value(page)
        self.refresh()

    def refresh(self) -> None:
        """Show the selected model."""
        model, points = self._session.model, self._session.points
        for widget in (self.headline, self.bars, self.peak):
            widget.setVisible(model is not None)
        self._hint.setVisible(model is None)
        if model is None:
            return
        layers = parameter_memory(model.spec)
        as_float, packed = sum(p.float32.bytes for p in layers), sum(p.packed.bytes for p in layers)
        gain = f"Parameters {as_float / packed:.1f}\N{MULTIPLICATION SIGN} smaller"
        self.headline.setText(gain if as_float > 1.05 * packed else "Parameters in float32")
        self.headline.setToolTip("Packed, as the file has them, against all of them in float32; computed")
        kept = [a for a in activation_memory(model.spec, model.spec.points if points is None else len(points), model.spec.k) if a.kept]
        if self._page == "all":
            self.bars.set_bars(self._totals(model, layers, kept), legend=list(_SERIES.items()))
        else:
            self.headline.setText("Of each layer, computed")
            self.bars.set_bars([_layer(p, kept) for p in layers], legend=list(_PARTS.items()))
        peak = peak_resident_bytes()
        self.peak.setText("" if peak is None else f"Process peak {size_text(peak)} resident (measured)")

    def _totals(self, model: "Model", layers: "Sequence[LayerParameters]", kept: "Sequence[Activation]") -> list[Bar]:
        names = [f"{a.layer} {a.tensor}" for a in kept]
        bars = [
            _computed("Parameters, float32", [(p.layer, p.float32) for p in layers]),
            _computed("Parameters, packed", [(p.layer, p.packed) for p in layers]),
            _measured("Model file", model.file_bytes, "Its size on disk: parameters, and what they are called."),
            _measured("Prepared", model.prepared_bytes, "What opening allocated: weights in the order that the kernels read."),
            _computed("Activations, float32", list(zip(names, (a.float32 for a in kept), strict=True))),
            _computed("Activations, packed", list(zip(names, (a.packed for a in kept), strict=True))),
        ]
        inference = self._session.inference
        if inference is not None:
            bars.append(_measured("Arena", inference.arena_bytes, _ARENA))
        return bars

    def _follow(self, changed: frozenset[str]) -> None:
        if changed & {"inference", "model", "points"} and not self._session.live:
            self.refresh()


def _layer(parameters: "LayerParameters", kept: "Sequence[Activation]") -> Bar:
    """Return what one layer takes: its parameters as the file has them, and its tensors as the engine keeps them."""
    label = layer_label(parameters.layer)
    tensors = [a for a in kept if a.layer == parameters.layer]
    parts = [("parameters", parameters.packed, parameters.float32, "parameters")]
    parts += [(a.tensor, a.packed, a.float32, "graph" if a.tensor == "graph" else "activations") for a in tensors]
    segments = tuple(
        Segment(
            packed.bytes,
            _PARTS[part],
            f"{label}, {name}: {packed.bytes:,} bytes, computed\n{packed.formula}\nin float32: {real.bytes:,} bytes = {real.formula}",
        )
        for name, packed, real, part in parts
    )
    total = sum(segment.value for segment in segments)
    return Bar(label, segments, size_text(total), f"{label}: {total:,} bytes, computed from the spec")


def _computed(name: str, parts: "list[tuple[str, Figure]]") -> Bar:
    lines = "\n".join(f"{part}: {figure.formula}" for part, figure in parts)
    size_bytes = sum(figure.bytes for _, figure in parts)
    tip = f"{name}: {size_bytes:,} bytes, computed from the spec\n{lines}"
    return Bar(name, (Segment(size_bytes, _SERIES["computed"], tip),), size_text(size_bytes), tip)


def _measured(name: str, size_bytes: int, source: str) -> Bar:
    tip = f"{name}: {size_bytes:,} bytes, measured\n{source}"
    return Bar(name, (Segment(size_bytes, _SERIES["measured"], tip),), size_text(size_bytes), tip)
