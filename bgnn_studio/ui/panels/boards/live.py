"""What the board says while it measures: phase and passes, temperature and clock."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from bgnn_studio.boards.messages import Heartbeat, Identity
from bgnn_studio.ui.board_news import Began
from bgnn_studio.ui.widgets.labels import caption, headline
from bgnn_studio.ui.widgets.time_line import TimeLine

if TYPE_CHECKING:
    from bgnn_studio.ui.theme import Theme

_NO_TEMPERATURE, _NO_CLOCK = "temperature", "clock"
_PHASES = {"open": "opening", "first": "first pass", "measure": "measuring", "checksum": "comparing outputs"}


class LivePanel(QWidget):
    """Heartbeats, one a second."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.headline, self.caption, self.sensors = headline(), caption(""), caption("")
        for label in (self.headline, self.caption, self.sensors):
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.temperature = TimeLine("Temperature", "\N{DEGREE SIGN}C", 1)
        self.temperature.setToolTip("Highest of the board's thermal zones, over seconds of this run")
        self.clock = TimeLine("Clock", "GHz", 0)
        self.clock.setToolTip("Highest clock of the CPUs that the run may use, over seconds of this run")
        self._affinity: tuple[int, ...] | None = None
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self.temperature, 1)
        row.addWidget(self.clock, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 4)
        column.setSpacing(2)
        for widget in (self.headline, self.caption, self.sensors):
            column.addWidget(widget)
        column.addLayout(row)
        self.begin("")

    def apply_theme(self, theme: "Theme") -> None:
        """Take the colours of a theme."""
        for line in (self.temperature, self.clock):
            line.apply_theme(theme)

    def begin(self, board: str) -> None:
        """Wait for a board."""
        self.headline.setText(f"Connecting to {board}")
        self.caption.setText("Its outputs must be equal to this machine's")
        self._clear()

    def hear(self, news: object) -> None:
        """Show what is told."""
        if isinstance(news, Began):
            until = f"{news.repeat:,} passes" if news.repeat else f"until the median is known to 1 %, {news.seconds:g} s at most"
            self.headline.setText(f"{news.model}" + (f", {news.number} of {news.of}" if news.of > 1 else ""))
            self.caption.setText(until)
            self._clear()
        elif isinstance(news, Identity):
            self._affinity = news.affinity
        elif isinstance(news, Heartbeat):
            self._beat(news)

    def _beat(self, beat: Heartbeat) -> None:
        words = [_PHASES.get(beat.phase, beat.phase), f"{beat.runs:,} passes", f"{beat.elapsed_s:.0f} s"]
        words += [f"load {beat.load_average[0]:.1f}"] if beat.load_average else []
        self.caption.setText("  \N{MIDDLE DOT}  ".join(words))
        celsius = [one.celsius for one in beat.temperatures or () if one.celsius is not None]
        clocks = [one.khz for one in beat.frequencies or () if one.khz and (self._affinity is None or one.cpu in self._affinity)]
        for line, value in ((self.temperature, max(celsius, default=None)), (self.clock, max(clocks, default=0) / 1e6 or None)):
            if value is not None:
                line.append(beat.elapsed_s, value)
            line.setVisible(bool(line.values))
        missing = [name for name, line in ((_NO_TEMPERATURE, self.temperature), (_NO_CLOCK, self.clock)) if not line.values]
        self.sensors.setText(f"This board tells no {' and no '.join(missing)}." if missing else "")
        self.sensors.setVisible(bool(missing))

    def _clear(self) -> None:
        self.sensors.hide()
        for line in (self.temperature, self.clock):
            line.clear()
            line.hide()
