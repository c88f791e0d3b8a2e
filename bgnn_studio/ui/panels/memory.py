"""What a model takes: parameters as floats and packed, its file, and the scratch memory of a forward pass."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from bgnn_studio.core.memory import Figure, figures
from bgnn_studio.ui.units import size_text
from bgnn_studio.ui.widgets.bars import Bar, Bars, Segment

if TYPE_CHECKING:
    from bgnn_studio.core.session import Session
    from bgnn_studio.native import Model
    from bgnn_studio.ui.theme import Theme

_SERIES = {"computed": 4, "measured": 0}


class MemoryPanel(QWidget):
    """Bytes, each computed or measured, with the formula in its tooltip."""

    def __init__(self, session: "Session[Model]", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.headline = QLabel()
        self.headline.setObjectName("Headline")
        self.headline.setIndent(12)
        self.bars = Bars("Memory")
        self._hint = QLabel("Sizes appear here once a model is open.")
        self._hint.setObjectName("Hint")
        self._hint.setWordWrap(True)
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
        model, inference, cloud = self._session.model, self._session.inference, self._session.cloud
        self.headline.setVisible(model is not None)
        self.bars.setVisible(model is not None)
        self._hint.setVisible(model is None)
        if model is None:
            return
        points = len(cloud.points) if cloud else model.spec.points
        shown = figures(model.spec, points, model.file_bytes, model.prepared_bytes, inference.arena_bytes if inference else None)
        by_name = {figure.name: figure.size_bytes for figure in shown}
        smaller = by_name["Parameters, float32"] / by_name["Parameters, stored"]
        self.headline.setText(
            "Float parameters" if smaller < 1.05 else f"Parameters {smaller:.1f}\N{MULTIPLICATION SIGN} smaller than float32"
        )
        self.bars.set_bars([_bar(figure) for figure in shown], legend=list(_SERIES.items()))

    def _follow(self, changed: frozenset[str]) -> None:
        if changed & {"inference", "model", "cloud"}:
            self.refresh()


def _bar(figure: Figure) -> Bar:
    text = f"{figure.name}: {figure.size_bytes:,} bytes, {figure.kind}.\n{figure.formula}"
    return Bar(figure.name, (Segment(figure.size_bytes, _SERIES[figure.kind], text),), size_text(figure.size_bytes), text)
