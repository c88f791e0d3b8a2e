"""Run times of all models on one board, relative to the float network: the figure of the paper."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from bgnn_studio.core.units import ms_text
from bgnn_studio.ui.widgets.bars import Bar, Bars, Segment
from bgnn_studio.ui.widgets.labels import caption, hint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bgnn_studio.history import Conditions, Entry
    from bgnn_studio.ui.theme import Theme

FLOAT = "dgcnn"
_TIP = "Medians: the newest run of each model on this board with the same cloud, N, k, threads, instruction set and badge"
_SAME = ("cloud", "points", "k", "threads", "isa", "badge")


class RelativePanel(QWidget):
    """The newest run of each model under the conditions of the run that is shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bars = Bars("Relative run time")
        self.caption, self.hint = caption(""), hint()
        self.caption.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.caption.setToolTip(_TIP)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 8)
        column.setSpacing(2)
        for widget in (self.caption, self.bars, self.hint):
            column.addWidget(widget)
        column.addStretch(1)

    def apply_theme(self, theme: "Theme") -> None:
        """Take the colours of a theme."""
        self.bars.apply_theme(theme)

    def show_runs(self, entries: "Sequence[Entry]", conditions: "Conditions | None") -> None:
        """Show the runs of a board, the newest first, that were made under these conditions."""
        newest = newest_by_model(entries, conditions)
        base = next((entry for entry in newest if entry.conditions.variant == FLOAT), None)
        ordered = sorted(newest, key=lambda entry: -entry.summary.p50_ns)
        self.bars.set_bars([_bar(entry, base) for entry in ordered])
        self.bars.setVisible(bool(newest))
        self.caption.setVisible(base is not None)
        if base is not None and conditions is not None:
            threads = f"{conditions.threads} thread{'s' * (conditions.threads > 1)}"
            self.caption.setText(f"{base.conditions.model_name} (float) = 1  \N{MIDDLE DOT}  {conditions.badge}  \N{MIDDLE DOT}  {threads}")
        self.hint.setVisible(base is None)
        what = "Profile a float network (dgcnn) under the same conditions: its time is the 1 of this figure."
        self.hint.setText(what if newest else "Models profiled on this board are compared here.")


def newest_by_model(entries: "Sequence[Entry]", conditions: "Conditions | None") -> "list[Entry]":
    """Return the first entry of each model file that was run under the same conditions."""
    if conditions is None:
        return []
    found: dict[str, Entry] = {}
    for entry in entries:
        if all(getattr(entry.conditions, name) == getattr(conditions, name) for name in _SAME):
            found.setdefault(entry.conditions.model_sha256, entry)
    return list(found.values())


def _bar(entry: "Entry", base: "Entry | None") -> Bar:
    c, s = entry.conditions, entry.summary
    figure, tip = (
        f"{ms_text(s.p50_ns / 1e6)} ms",
        f"{c.model_name} ({c.variant}): median {ms_text(s.p50_ns / 1e6)} ms, {c.badge}, {s.n:,} passes",
    )
    if base is not None:
        ratio = s.p50_ns / base.summary.p50_ns
        figure += f"   {ratio:.2f}"
        tip += f"\n{ratio:.3f} of the time of {base.conditions.model_name}: {1 / ratio:.1f} times as fast"
    return Bar(c.model_name, (Segment(s.p50_ns, 2 if c.variant == FLOAT else 0, tip),), figure, tip)
