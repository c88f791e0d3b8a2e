"""One model on every board, this machine among them: medians with their intervals."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from bgnn_studio.core.units import ms_text
from bgnn_studio.ui.board_book import THIS_MACHINE
from bgnn_studio.ui.widgets.bars import Bar, Bars, Segment
from bgnn_studio.ui.widgets.labels import caption, hint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bgnn_studio.history import Conditions, Entry
    from bgnn_studio.ui.theme import Theme

_SAME = ("model_sha256", "points", "k")


class MachinesPage(QWidget):
    """A bar for the newest run of the model that is shown on each board."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bars, self.caption = Bars("The model on every board"), caption("")
        self.caption.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.hint = hint("Profile this model on other boards, or on this machine, to see them beside each other.")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(2)
        for widget in (self.caption, self.bars, self.hint):
            column.addWidget(widget)
        column.addStretch(1)

    def apply_theme(self, theme: "Theme") -> None:
        """Take the colours of a theme."""
        self.bars.apply_theme(theme)

    def show_runs(self, entries: "Sequence[Entry]", conditions: "Conditions | None") -> None:
        """Show runs of all boards, the newest first."""
        newest = newest_by_machine(entries, conditions)
        here = next((entry for entry in newest if entry.conditions.machine == THIS_MACHINE.machine), None)
        self.bars.set_bars([_bar(entry, here) for entry in newest])
        self.bars.setVisible(bool(newest))
        self.caption.setVisible(conditions is not None)
        self.hint.setVisible(len(newest) < 2)
        if conditions is not None:
            beside = "  \N{MIDDLE DOT}  this machine = 1" if here is not None else ""
            self.caption.setText(f"{conditions.model_name}, N = {conditions.points:,}, k = {conditions.k}{beside}")


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


def _bar(entry: "Entry", here: "Entry | None") -> Bar:
    c, s = entry.conditions, entry.summary
    name = THIS_MACHINE.title if c.machine == THIS_MACHINE.machine else c.machine
    interval = "" if s.interval_ns is None else f" ({ms_text(s.interval_ns[0] / 1e6)} to {ms_text(s.interval_ns[1] / 1e6)}, 95 %)"
    threads = f"{c.threads} thread{'s' * (c.threads > 1)}"
    tip = f"{name}: median {ms_text(s.p50_ns / 1e6)} ms{interval}\n{c.badge}, {c.isa}, {threads}, {c.time.astimezone():%d %b %H:%M}"
    half = "" if s.interval_ns is None else f" \N{PLUS-MINUS SIGN}{50 * (s.interval_ns[1] - s.interval_ns[0]) / s.p50_ns:.1f} %"
    figure = f"{ms_text(s.p50_ns / 1e6)} ms{half}"
    figure += "" if here is None else f"   {s.p50_ns / here.summary.p50_ns:.2f}"
    return Bar(f"{name} ({c.badge})", (Segment(s.p50_ns, 0 if c.badge == "measured" else 4, tip),), figure, tip)
