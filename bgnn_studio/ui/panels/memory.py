"""What a model takes: parameters as floats and packed, its file, and the scratch memory of a forward pass."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from bgnn_studio.core.memory import activation_memory, parameter_memory
from bgnn_studio.core.units import size_text
from bgnn_studio.ui.widgets.bars import Bar, Bars, Segment
from bgnn_studio.ui.widgets.labels import headline, hint

if TYPE_CHECKING:
    from bgnn_studio.core.memory import Figure
    from bgnn_studio.core.session import Session
    from bgnn_studio.core.spec import NetworkSpec
    from bgnn_studio.native import Model
    from bgnn_studio.ui.theme import Theme

_SERIES = {"computed": 4, "measured": 0}


class MemoryPanel(QWidget):
    """Bytes, each computed or measured, with the formula in its tooltip."""

    def __init__(self, session: "Session[Model]", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.headline = headline()
        self.bars = Bars("Memory")
        self._hint = hint("Sizes appear here once a model is open.")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 6)
        column.setSpacing(2)
        for widget in (self.headline, self.bars, self._hint):
            column.addWidget(widget)
        column.addStretch(1)
        session.subscribe(self._follow)
        self.refresh()

    def apply_theme(self, theme: "Theme") -> None:
        """Take the colours of a theme."""
        self.bars.apply_theme(theme)

    def refresh(self) -> None:
        """Show the selected model."""
        model, inference, points = self._session.model, self._session.inference, self._session.points
        self.headline.setVisible(model is not None)
        self.bars.setVisible(model is not None)
        self._hint.setVisible(model is None)
        if model is None:
            return
        layers = parameter_memory(model.spec)
        as_float, packed = sum(p.float32.bytes for p in layers), sum(p.packed.bytes for p in layers)
        gain = f"Parameters {as_float / packed:.1f}\N{MULTIPLICATION SIGN} smaller than in float32"
        self.headline.setText(gain if as_float > 1.05 * packed else "Parameters in float32")
        bars = [
            _computed("Parameters, float32", as_float, [(p.layer, p.float32) for p in layers]),
            _computed("Parameters, packed", packed, [(p.layer, p.packed) for p in layers]),
            _measured("Model file", model.file_bytes, "Its size on disk: parameters, and what they are called."),
            _measured("Prepared", model.prepared_bytes, "What opening allocated: weights in the order that the kernels read."),
            *_activations(model.spec, model.spec.points if points is None else len(points)),
        ]
        if inference is not None:
            bars.append(_measured("Arena", inference.arena_bytes, "Scratch memory that the engine took for this forward pass."))
        self.bars.set_bars(bars, legend=list(_SERIES.items()))

    def _follow(self, changed: frozenset[str]) -> None:
        if changed & {"inference", "model", "points"} and not self._session.live:
            self.refresh()


def _activations(spec: "NetworkSpec", points: int) -> list[Bar]:
    kept = [a for a in activation_memory(spec, points, spec.k) if a.kept]
    names = [f"{a.layer} {a.tensor}" for a in kept]
    return [
        _computed("Activations, float32", sum(a.float32.bytes for a in kept), list(zip(names, (a.float32 for a in kept), strict=True))),
        _computed("Activations, packed", sum(a.packed.bytes for a in kept), list(zip(names, (a.packed for a in kept), strict=True))),
    ]


def _computed(name: str, size_bytes: int, parts: "list[tuple[str, Figure]]") -> Bar:
    lines = "\n".join(f"{part}: {figure.formula}" for part, figure in parts)
    tip = f"{name}: {size_bytes:,} bytes, computed from the spec\n{lines}"
    return Bar(name, (Segment(size_bytes, _SERIES["computed"], tip),), size_text(size_bytes), tip)


def _measured(name: str, size_bytes: int, source: str) -> Bar:
    tip = f"{name}: {size_bytes:,} bytes, measured\n{source}"
    return Bar(name, (Segment(size_bytes, _SERIES["measured"], tip),), size_text(size_bytes), tip)
