"""The accuracy of each class as bars, in an order that one chooses."""

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from bgnn_studio.core.accuracy import Figures, wilson
from bgnn_studio.ui.widgets.bars import Bar, Bars, Segment
from bgnn_studio.ui.widgets.docks import scrolled
from bgnn_studio.ui.widgets.labels import hint
from bgnn_studio.ui.widgets.segments import Segments

if TYPE_CHECKING:
    from bgnn_studio.ui.theme import Theme

_ORDERS = (
    ("set", "Set", "In the order of the set's classes, as in the matrix"),
    ("worst", "Worst", "The lowest accuracy first; ties in the order of the classes"),
    ("best", "Best", "The highest accuracy first; ties in the order of the classes"),
)


class ClassesPanel(QWidget):
    """One bar for each class."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.order = "worst"
        self._figures: Figures | None = None
        self._classes: tuple[str, ...] = ()
        self.switch = Segments("Order of the classes", _ORDERS)
        self.switch.set_value(self.order)
        self.switch.chosen.connect(self._sort)
        self.bars = Bars("Accuracy of each class")
        self._area = scrolled(self.bars, 80)
        self._hint = hint("The accuracy of each class appears here once a model is evaluated.")
        row = QHBoxLayout()
        row.setContentsMargins(12, 0, 8, 0)
        row.addWidget(self.switch)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(row)
        column.addWidget(self._area, 1)
        column.addWidget(self._hint, 1)
        self.show_figures(None, ())

    def apply_theme(self, theme: "Theme") -> None:
        """Take the colours of a theme."""
        self.bars.apply_theme(theme)

    def show_figures(self, figures: Figures | None, classes: tuple[str, ...]) -> None:
        """Show the classes of one model, or nothing."""
        self._figures, self._classes = figures, classes
        self._show()

    def _sort(self, order: str) -> None:
        self.order = order
        self._show()

    def _show(self) -> None:
        for widget in (self.switch, self._area):
            widget.setVisible(self._figures is not None)
        self._hint.setVisible(self._figures is None)
        if self._figures is None:
            return
        per_class = self._figures.per_class
        last = np.nan_to_num(per_class if self.order == "worst" else -per_class, nan=2.0)  # classes without a cloud
        rows = range(len(self._classes)) if self.order == "set" else np.argsort(last, kind="stable").tolist()
        self.bars.set_bars([_bar(self._figures, self._classes, i) for i in rows], maximum=1.0)


def _bar(figures: Figures, classes: tuple[str, ...], i: int) -> Bar:
    counts = figures.confusion[i]
    right, total = int(counts[i]), int(counts.sum())
    if not total:
        return Bar(classes[i], (), "no cloud", f"{classes[i]}: none of these clouds")
    low, high = wilson(right, total)
    tip = f"{classes[i]}: {right:,} of {total:,} right, {100 * low:.0f} to {100 * high:.0f} % (95 %, Wilson)"
    errors = [(int(n), classes[j]) for j, n in enumerate(counts) if n and j != i]
    if errors:
        most = sorted(errors, key=lambda error: -error[0])[:3]
        tip += "\nTaken for " + ", ".join(f"{name} ({n:,})" for n, name in most)
    return Bar(classes[i], (Segment(right / total),), f"{100 * right / total:.1f} %", tip)
