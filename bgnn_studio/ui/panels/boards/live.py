"""What the board says while it measures: phase and passes, and its run over time."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from bgnn_studio.core.units import ms_text
from bgnn_studio.ui.panels.boards.strips import Strips
from bgnn_studio.ui.widgets.bars import Bar, Bars, Segment
from bgnn_studio.ui.widgets.labels import caption, headline

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        self.bars = Bars("Mean time of each layer so far")
        self.bars.setToolTip("Mean over the passes measured so far; medians follow at the end")
        for label in (self.headline, self.caption):
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 4)
        column.setSpacing(2)
        for widget in (self.headline, self.caption, self.strips, self.bars):
            column.addWidget(widget)

    def apply_theme(self, theme: "Theme") -> None:
        """Take the colours of a theme."""
        self.strips.apply_theme(theme)
        self.bars.apply_theme(theme)

    def show_state(self, state: "BoardState", board: str) -> None:
        """Show what goes on on a board."""
        began, beats = state.began, state.beats
        self.headline.setText(f"Connecting to {board}" if began is None else f"{began.title} on {board}")
        until = "Its outputs must be equal to this machine's" if began is None else began.until
        if state.bringing is not None:
            until = f"Bringing {state.bringing.what}: {100 * state.bringing.share:.0f} %"
        self.caption.setText(_said(beats[-1]) if beats and state.bringing is None else until)
        bars = _layers(beats)
        self.bars.set_bars(bars)
        self.bars.setVisible(bool(bars))
        load = beats[-1].load_average if beats else None
        self.caption.setToolTip("\n".join(filter(None, [until, f"load of the board {load[0]:.1f}" if load else ""])))
        self.strips.show_beats(beats, state.affinity)


def _layers(beats: "Sequence[Heartbeat]") -> list[Bar]:
    """Return a bar for each layer: its mean so far; none before the first pass."""
    if not beats or not beats[-1].runs or not beats[-1].layers_ns:
        return []
    sums = beats[-1].layers_ns
    names = [*(f"Layer {number}" for number in range(1, len(sums) - 1)), "Embedding", "Head"]
    means = [total / beats[-1].runs / 1e6 for total in sums]
    return [Bar(name, (Segment(mean),), f"{ms_text(mean)} ms") for name, mean in zip(names, means, strict=True)]


def _said(beat: "Heartbeat") -> str:
    words = [_PHASES.get(beat.phase, beat.phase), f"{beat.runs:,} passes", f"{beat.elapsed_s:.0f} s"]
    return _DOT.join(words)
