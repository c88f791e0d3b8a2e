"""One model on every board, this machine among them: medians with their intervals."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from bgnn_studio.core.units import ms_text
from bgnn_studio.ui.board_book import THIS_MACHINE
from bgnn_studio.ui.theme import DARK
from bgnn_studio.ui.widgets.bars import Bar, Bars, Segment
from bgnn_studio.ui.widgets.labels import caption, hint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bgnn_studio.history import Conditions, Entry
    from bgnn_studio.ui.theme import Theme

_SAME = ("model_sha256", "points", "k")


class MachinesPage(QWidget):
    """A line and a bar for the newest run of the model that is shown on each board, the fastest first.

    Attributes
    ----------
    bars : list of Bars
        One of a single bar for each.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bars: list[Bars] = []
        self._names: list[QLabel] = []
        self._theme = DARK
        self.caption = caption("")
        self.caption.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.hint = hint("Profile this model on other boards, or on this machine, to see them beside each other.")
        self._rows = QVBoxLayout()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(2)
        column.addWidget(self.caption)
        column.addLayout(self._rows)
        column.addWidget(self.hint)
        column.addStretch(1)

    def apply_theme(self, theme: "Theme") -> None:
        """Take the colours of a theme."""
        self._theme = theme
        for bars in self.bars:
            bars.apply_theme(theme)

    def show_runs(self, entries: "Sequence[Entry]", conditions: "Conditions | None") -> None:
        """Show runs of all boards, the newest first."""
        newest = newest_by_machine(entries, conditions)
        here = next((entry for entry in newest if entry.conditions.machine == THIS_MACHINE.machine), None)
        self._fill(newest, here)
        self.caption.setVisible(conditions is not None)
        self.hint.setVisible(len(newest) < 2)
        if conditions is not None:
            beside = "  \N{MIDDLE DOT}  this machine = 1" if here is not None else ""
            self.caption.setText(f"{conditions.model_name}, N = {conditions.points:,}, k = {conditions.k}{beside}")

    def _fill(self, newest: "Sequence[Entry]", here: "Entry | None") -> None:
        while len(self.bars) < len(newest):
            self._add_row()
        while len(self.bars) > len(newest):
            for widget in (self._names.pop(), self.bars.pop()):
                self._rows.removeWidget(widget)
                widget.hide()
                widget.deleteLater()
        longest = max((entry.summary.p50_ns for entry in newest), default=1.0)
        for entry, label, bars in zip(newest, self._names, self.bars, strict=True):
            bar, name = _bar(entry, here), _name(entry)
            label.setText(f"{name}  \N{MIDDLE DOT}  {entry.conditions.badge}")
            label.setToolTip(bar.tip)
            bars.setAccessibleName(f"The model on {name}")
            bars.set_bars([bar], maximum=longest)

    def _add_row(self) -> None:
        label, bars = caption(""), Bars("")
        label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        bars.apply_theme(self._theme)
        for widget in (label, bars):
            self._rows.addWidget(widget)
        self._names.append(label)
        self.bars.append(bars)


def newest_by_machine(entries: "Sequence[Entry]", conditions: "Conditions | None") -> "list[Entry]":
    """Return the newest run of the same model, N and k on each machine: with the same threads where there is one; the fastest first."""
    found: dict[str, Entry] = {}
    for entry in entries:
        c = entry.conditions
        if conditions is None or any(getattr(c, name) != getattr(conditions, name) for name in _SAME):
            continue
        known = found.setdefault(c.machine, entry)
        if known.conditions.threads != conditions.threads == c.threads:
            found[c.machine] = entry
    return sorted(found.values(), key=lambda entry: entry.summary.p50_ns)


def _name(entry: "Entry") -> str:
    machine = entry.conditions.machine
    return THIS_MACHINE.title if machine == THIS_MACHINE.machine else machine


def _bar(entry: "Entry", here: "Entry | None") -> Bar:
    c, s = entry.conditions, entry.summary
    interval = "" if s.interval_ns is None else f" ({ms_text(s.interval_ns[0] / 1e6)} to {ms_text(s.interval_ns[1] / 1e6)}, 95 %)"
    threads = f"{c.threads} thread{'s' * (c.threads > 1)}"
    tip = f"{_name(entry)}: median {ms_text(s.p50_ns / 1e6)} ms{interval}\n{c.badge}, {c.isa}, {threads}, {c.time.astimezone():%d %b %H:%M}"
    half = "" if s.interval_ns is None else f" \N{PLUS-MINUS SIGN}{50 * (s.interval_ns[1] - s.interval_ns[0]) / s.p50_ns:.1f} %"
    figure = f"{ms_text(s.p50_ns / 1e6)} ms{half}"
    if here is not None:
        ratio = s.p50_ns / here.summary.p50_ns
        figure += f"   {ratio:.0f}" if ratio >= 100 else f"   {ratio:.2f}"
    return Bar("", (Segment(s.p50_ns, 0 if c.badge == "measured" else 4, tip),), figure, tip)
