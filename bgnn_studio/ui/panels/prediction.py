"""What the selected model says that the selected cloud is: the five likeliest classes."""

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from bgnn_studio.ui.widgets.bars import Bar, Bars, Segment
from bgnn_studio.ui.widgets.labels import headline, hint

if TYPE_CHECKING:
    from bgnn_studio.core.session import Session
    from bgnn_studio.native import Model
    from bgnn_studio.ui.theme import Theme

_SHOWN = 5
_HEIGHT = 142  # the answer and five bars


class PredictionPanel(QWidget):
    """Bars of probability, the likeliest class first."""

    def __init__(self, session: "Session[Model]", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.headline = headline("Answer")
        self.bars = Bars("Prediction")
        self._hint = hint("The five likeliest classes appear here once a model has run on a cloud.")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 6)
        column.setSpacing(2)
        for widget in (self.headline, self.bars, self._hint):
            column.addWidget(widget)
        column.addStretch(1)
        self.setFixedHeight(_HEIGHT)
        session.subscribe(self._follow)
        self.refresh()

    def apply_theme(self, theme: "Theme") -> None:
        """Take the colours of a theme."""
        self.bars.apply_theme(theme)

    def refresh(self) -> None:
        """Show the current inference."""
        inference, model = self._session.inference, self._session.model
        shown = inference is not None and model is not None
        self._hint.setVisible(not shown)
        self.headline.setVisible(shown)
        self.bars.setVisible(shown)
        if inference is None or model is None:
            return
        chance = inference.probabilities
        best = np.argsort(-chance, kind="stable")[:_SHOWN]
        self.headline.setText(model.spec.classes[best[0]])
        rows = []
        for rank, i in enumerate(best):
            name = model.spec.classes[i]
            tip = f"{name}: logit {inference.logits[i]:.3f}. Percentages are the softmax of the logits, not calibrated."
            rows.append(Bar(name, (Segment(float(chance[i]), 0 if rank == 0 else 4),), f"{100 * chance[i]:.1f} %", tip))
        self.bars.set_bars(rows, maximum=1.0)

    def _follow(self, changed: frozenset[str]) -> None:
        if changed & {"inference", "model"}:
            self.refresh()
