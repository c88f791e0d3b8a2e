"""The line below the strip of choices: how well this layer's bits tell points apart, and its bit planes to choose from."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from bgnn_studio.ui.widgets.bit_strip import BitStrip
from bgnn_studio.ui.widgets.labels import caption

if TYPE_CHECKING:
    from bgnn_studio.core.session import Session
    from bgnn_studio.native import Model
    from bgnn_studio.ui.theme import Theme

_TIPS = {
    "codes": "Distinct codes among the N points: |{x\N{LATIN SUBSCRIPT SMALL LETTER I}}|.\nPoints with equal codes are at distance 0.",
    "ties": "Points i with a tie at the k-th place: some point outside the k neighbours is as near as the k-th.\n"
    "#{j : d(i, j) \N{LESS-THAN OR EQUAL TO} d(i, k-th)} > k. The lower index wins there.",
    "dead": "Bits that are the same at all points: p = 0 or p = 1, with p the share of points at which the value is negative.",
    "duplicate": "Live bits that equal an earlier bit, or its complement, at all points: they repeat its part of every distance.",
    "entropy": "Mean over all C bits of \N{MINUS SIGN}p log\N{SUBSCRIPT TWO} p "
    "\N{MINUS SIGN} (1 \N{MINUS SIGN} p) log\N{SUBSCRIPT TWO} (1 \N{MINUS SIGN} p), in bits: at most 1.\n"
    "Mean balance {balance:.2f}: 1 \N{MINUS SIGN} |2p \N{MINUS SIGN} 1|, 0 for a dead bit and 1 for an even split.",
}


class BitsLine(QFrame):
    """Bit planes and figures of the layer shown; there for models on bits only."""

    def __init__(self, session: "Session[Model]", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("ToolStrip")
        self._session = session
        self.strip = BitStrip()
        self.strip.chosen.connect(self._choose)
        self.figures = {name: caption("", tip) for name, tip in _TIPS.items()}
        self._reason = caption("")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 12, 4)
        row.setSpacing(12)
        label = QLabel("Bits")
        label.setObjectName("Caption")
        label.setMinimumWidth(42)  # in line with the groups above
        row.addWidget(label)
        row.addWidget(self.strip, 1)
        for figure in (*self.figures.values(), self._reason):
            figure.setIndent(0)
            row.addWidget(figure, int(figure is self._reason))
        self.setFixedHeight(self.strip.sizeHint().height() + 9)  # with the figures and without them
        session.subscribe(self._follow)
        self.refresh()

    def apply_theme(self, theme: "Theme") -> None:
        """Take the colours of a theme."""
        self.strip.apply_theme(theme)

    def refresh(self) -> None:
        """Show the session's facts, or why there are none."""
        s = self._session
        self.setVisible(s.model is not None and s.model.spec.on_bits)
        facts = s.facts
        self.strip.show_bits(facts, s.bit if s.colour == "bit" else None)
        self.strip.setVisible(facts is not None)
        waits = "Counted when the perturbation rests." if s.live else ""
        self._reason.setText((s.why_not("bit") or waits) if facts is None else "")
        self._reason.setVisible(facts is None)
        texts = dict.fromkeys(self.figures, "")
        if facts is not None:
            texts = {
                "codes": f"{facts.codes:,} of {facts.points:,} codes",
                "ties": f"{100 * facts.tied / facts.points:.0f} % ties",
                "dead": f"{int(facts.dead.sum())} dead",
                "duplicate": f"{int((facts.duplicate_of >= 0).sum())} duplicate",
                "entropy": f"entropy {facts.entropy.mean():.2f}",
            }
            self.figures["entropy"].setToolTip(_TIPS["entropy"].format(balance=facts.balance.mean()))
        for name, text in texts.items():
            self.figures[name].setText(text)
            self.figures[name].setVisible(facts is not None)

    def _choose(self, bit: int) -> None:
        with self._session.step(f"show bit {bit}"):
            self._session.set_bit(bit)
            self._session.set_colour("bit")

    def _follow(self, changed: frozenset[str]) -> None:
        if changed & {"model", "layer", "facts", "bit", "colour", "live"}:
            self.refresh()
