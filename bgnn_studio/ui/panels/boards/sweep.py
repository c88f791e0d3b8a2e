"""What more threads bring: how many times as fast each model is as with the fewest."""

from html import escape
from typing import TYPE_CHECKING

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from bgnn_studio.ui.theme import DARK
from bgnn_studio.ui.widgets.axes import colour_axes
from bgnn_studio.ui.widgets.labels import caption, hint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bgnn_studio.history import Conditions, Entry
    from bgnn_studio.ui.theme import Theme

_SAME = ("machine", "cloud", "points", "k", "isa", "badge")
_HEIGHT = 110


class SweepPage(QWidget):
    """A line for each model that was run with several numbers of threads, under the conditions of the run that is shown.

    Attributes
    ----------
    lines : dict
        Model to its (threads, median in ns) pairs, ascending.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines: dict[str, list[tuple[int, float]]] = {}
        self._theme = DARK
        self._plot = pg.PlotWidget()
        self._plot.setAccessibleName("Speed-up over threads")
        self._plot.setMinimumHeight(_HEIGHT)
        self._plot.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)  # from there on, what there is room for
        self._plot.setMenuEnabled(False)
        self._plot.hideButtons()
        self._plot.setMouseEnabled(x=False, y=False)
        self._plot.getAxis("bottom").setLabel("threads")
        self._plot.getAxis("left").setLabel("times as fast")
        self.caption = caption(
            "",
            "How many times as fast each model is at its best number; medians of the newest runs.\nDashed: twice with twice the threads",
        )
        self.caption.setTextFormat(Qt.TextFormat.RichText)
        self.caption.setWordWrap(True)
        self.hint = hint("Enter several numbers of threads above, such as 1 2 4, and profile: what they bring is drawn here.")
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 0, 8, 4)
        column.setSpacing(2)
        column.addWidget(self.caption)
        column.addWidget(self._plot, 1)
        column.addWidget(self.hint)

    def apply_theme(self, theme: "Theme") -> None:
        """Take the colours of a theme."""
        self._theme = theme
        colour_axes(self._plot, theme)
        self._draw()

    def show_runs(self, entries: "Sequence[Entry]", conditions: "Conditions | None") -> None:
        """Show runs, the newest first."""
        self.lines = sweeps(entries, conditions)
        self.hint.setVisible(not self.lines)
        self.caption.setVisible(bool(self.lines))
        self._plot.setVisible(bool(self.lines))
        self._draw()

    def _draw(self) -> None:
        self._plot.clear()
        self.caption.setText("&nbsp; ".join(self._named(place, name) for place, name in enumerate(self.lines)))
        if not self.lines:
            return
        threads = sorted({number for line in self.lines.values() for number, _ in line})
        self._plot.getAxis("bottom").setTicks([[(number, str(number)) for number in threads]])
        ideal = [number / threads[0] for number in threads]
        self._plot.plot(threads, ideal, pen=pg.mkPen(self._theme.muted, style=Qt.PenStyle.DashLine))
        for place, line in enumerate(self.lines.values()):
            colour = self._colour(place)
            speed = [line[0][1] / ns for _, ns in line]
            self._plot.plot(
                [number for number, _ in line],
                speed,
                pen=pg.mkPen(colour, width=2),
                symbol="o",
                symbolSize=6,
                symbolBrush=colour,
                symbolPen=None,
            )
        self._plot.setYRange(0, max(ideal), padding=0.05)
        self._plot.setXRange(threads[0], threads[-1], padding=0.06)

    def _colour(self, place: int) -> str:
        return self._theme.series[place % len(self._theme.series)]

    def _named(self, place: int, name: str) -> str:
        line = self.lines[name]
        best = max(line[0][1] / ns for _, ns in line)
        return f'<span style="color:{self._colour(place)}">\N{BLACK CIRCLE}</span>&nbsp;{escape(name)}&nbsp;{best:.2f}'


def sweeps(entries: "Sequence[Entry]", conditions: "Conditions | None") -> dict[str, list[tuple[int, float]]]:
    """Return for each model with runs of several numbers of threads its (threads, median in ns) pairs, ascending; the newest of each."""
    found: dict[str, dict[int, float]] = {}
    for entry in entries:
        c = entry.conditions
        if conditions is not None and all(getattr(c, name) == getattr(conditions, name) for name in _SAME):
            found.setdefault(c.model_name, {}).setdefault(c.threads, entry.summary.p50_ns)
    return {name: sorted(line.items()) for name, line in sorted(found.items()) if len(line) > 1}
