"""A run over its time: what a pass took, the temperature, the clock."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from bgnn_studio.boards.over_time import clocks, pass_times, temperatures
from bgnn_studio.ui.widgets.labels import caption
from bgnn_studio.ui.widgets.time_line import TimeLine

if TYPE_CHECKING:
    from bgnn_studio.boards.messages import Heartbeat
    from bgnn_studio.ui.theme import Theme


class Strips(QWidget):
    """A line for each; what the board does not tell is said, not drawn."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.passes, self.temperature = TimeLine("Time of a pass", "ms", 0, "Pass "), TimeLine("Temperature", "\N{DEGREE SIGN}C", 1)
        self.clock = TimeLine("Clock", "GHz", 2)
        self.passes.setToolTip("Mean time of the passes of each second")
        self.temperature.setToolTip("Highest of the board's thermal zones, over seconds of this run")
        self.clock.setToolTip("Highest clock of the CPUs that the run may use, over seconds of this run")
        self.sensors = caption("")
        self.sensors.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout()
        row.setSpacing(0)
        for line in self._lines:
            row.addWidget(line, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.sensors)
        column.addLayout(row)

    @property
    def _lines(self) -> tuple[TimeLine, TimeLine, TimeLine]:
        return self.passes, self.temperature, self.clock

    def apply_theme(self, theme: "Theme") -> None:
        """Take the colours of a theme."""
        for line in self._lines:
            line.apply_theme(theme)

    def show_beats(self, beats: "Sequence[Heartbeat]", affinity: Sequence[int] | None) -> None:
        """Draw a run's heartbeats."""
        for line, values in zip(self._lines, (pass_times(beats), temperatures(beats), clocks(beats, affinity)), strict=True):
            line.set_values(*values)
            line.setVisible(bool(line.values))
        absent = [name for name, line in (("temperature", self.temperature), ("clock", self.clock)) if not line.values]
        self.sensors.setText(f"This board tells no {' and no '.join(absent)}.")
        self.sensors.setVisible(bool(beats and absent))
