"""All models on one board beside each other, relative to the float network: run times, the figure of the paper, or instructions."""

from collections.abc import Callable
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
_SAME = ("machine", "cloud", "points", "k", "isa", "badge")


class Relative(QWidget):
    """The newest run of each model under the conditions of the run that is shown."""

    def __init__(self, title: str, figure: "Callable[[Entry], float | None]", text: Callable[[float], str], same: tuple[str, ...]) -> None:
        super().__init__()
        self._title, self._figure, self._text, self._same = title, figure, text, (*_SAME, *same)
        self.bars = Bars(f"Relative {title.lower()}")
        self.caption, self.hint = caption(""), hint()
        self.caption.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.caption.setToolTip(f"The newest run of each model on this board with the same {', '.join(self._same[1:])}")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(2)
        for widget in (self.caption, self.bars, self.hint):
            column.addWidget(widget)

    def apply_theme(self, theme: "Theme") -> None:
        """Take the colours of a theme."""
        self.bars.apply_theme(theme)

    def show_runs(self, entries: "Sequence[Entry]", conditions: "Conditions | None", absent: str) -> None:
        """Show runs, the newest first, that were made under these conditions; `absent` says what to do where there is no figure."""
        newest = [entry for entry in newest_by_model(entries, conditions, self._same) if self._figure(entry) is not None]
        ordered = sorted(newest, key=lambda entry: -self._value(entry))
        base = next((entry for entry in newest if entry.conditions.variant == FLOAT), None)
        self.bars.set_bars([self._bar(entry, base) for entry in ordered])
        self.bars.setVisible(bool(newest))
        words = [self._title]
        words += [f"{base.conditions.model_name} (float) = 1"] if base is not None else []
        words += [conditions.badge] if conditions is not None and newest else []
        self.caption.setText("  \N{MIDDLE DOT}  ".join(words))
        self.hint.setVisible(base is None)
        self.hint.setText("Profile a float network (dgcnn) under the same conditions: it is the 1 of this figure." if newest else absent)

    def _value(self, entry: "Entry") -> float:
        return self._figure(entry) or 0.0

    def _bar(self, entry: "Entry", base: "Entry | None") -> Bar:
        c, value = entry.conditions, self._value(entry)
        figure = self._text(value)
        tip = f"{c.model_name} ({c.variant}): {figure}, {c.badge}"
        if base is not None:
            ratio = value / self._value(base)
            figure += f"   {ratio:.2f}"
            tip += f"\n{ratio:.3f} of that of {base.conditions.model_name}: {1 / ratio:.1f} times less" if ratio else ""
        return Bar(c.model_name, (Segment(value, 2 if c.variant == FLOAT else 0, tip),), figure, tip)


def run_times() -> Relative:
    """Return the view of medians."""
    return Relative("Run time", lambda entry: entry.summary.p50_ns, lambda ns: f"{ms_text(ns / 1e6)} ms", ("threads",))


def instructions() -> Relative:
    """Return the view of instructions: those of one thread, whatever the run had."""
    return Relative("Instructions", lambda entry: entry.instructions, lambda count: f"{count / 1e6:,.3g} M", ())


def newest_by_model(entries: "Sequence[Entry]", conditions: "Conditions | None", same: tuple[str, ...]) -> "list[Entry]":
    """Return the first entry of each model file that was run under the same conditions."""
    if conditions is None:
        return []
    found: dict[str, Entry] = {}
    for entry in entries:
        if all(getattr(entry.conditions, name) == getattr(conditions, name) for name in same):
            found.setdefault(entry.conditions.model_sha256, entry)
    return list(found.values())
