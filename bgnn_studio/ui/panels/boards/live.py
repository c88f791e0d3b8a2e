"""What the board says while it measures: phase and passes, and its run over time."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from bgnn_studio.ui.panels.boards.strips import Strips
from bgnn_studio.ui.widgets.labels import caption, headline

if TYPE_CHECKING:
    from bgnn_studio.boards.messages import Heartbeat
    from bgnn_studio.ui.board_state import BoardState
    from bgnn_studio.ui.theme import Theme

_PHASES = {
    "open": "opening",
    "cool-down": "cooling down",
    "first": "first pass",
    "warm-up": "warming up",
    "measure": "measuring",
    "count": "counting instructions",
    "checksum": "comparing outputs",
}
_DOT = "  \N{MIDDLE DOT}  "


class LivePanel(QWidget):
    """Heartbeats, one a second."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.headline, self.caption, self.strips = headline(), caption(""), Strips()
        for label in (self.headline, self.caption):
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 4)
        column.setSpacing(2)
        for widget in (self.headline, self.caption, self.strips):
            column.addWidget(widget)

    def apply_theme(self, theme: "Theme") -> None:
        """Take the colours of a theme."""
        self.strips.apply_theme(theme)

    def show_state(self, state: "BoardState", board: str) -> None:
        """Show what goes on on a board."""
        began, beats = state.began, state.beats
        self.headline.setText(f"Connecting to {board}" if began is None else f"{began.title} on {board}")
        until = "Its outputs must be equal to this machine's" if began is None else began.until
        self.caption.setText(_said(beats[-1], until) if beats else until)
        load = beats[-1].load_average if beats else None
        self.caption.setToolTip(f"Load of the board: {load[0]:.1f}" if load else "")
        self.strips.show_beats(beats, state.affinity)


def _said(beat: "Heartbeat", until: str) -> str:
    words = [_PHASES.get(beat.phase, beat.phase), f"{beat.runs:,} passes", f"{beat.elapsed_s:.0f} s"]
    return _DOT.join([*words, until])
