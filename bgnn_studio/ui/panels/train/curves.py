"""Loss and validation accuracy over the epochs of a cascade, stage after stage; several runs over each other."""

from typing import TYPE_CHECKING

import pyqtgraph as pg
from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from bgnn_studio.core.spec import VARIANTS
from bgnn_studio.ui.theme import DARK
from bgnn_studio.ui.widgets.axes import colour_axes
from bgnn_studio.ui.widgets.labels import hint
from bgnn_studio.ui.widgets.segments import Segments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bgnn_studio.training.reports import EpochReport
    from bgnn_studio.training.run_folder import Run
    from bgnn_studio.ui.theme import Theme

_ALL = "all"
_CLOSE = 0.12  # of all epochs: names of stages that begin so near to each other take two lines
_MARKED = 80  # epochs up to which each is a point
_DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)
_LEAST = QSize(220, 130)


class CurvesPanel(QWidget):
    """The network chosen above the plots, or all of them; it follows what is trained until somebody chooses."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = DARK
        self._runs: tuple[Run, ...] = ()
        self._picked: str | None = None
        self._shown: object = None
        self.variant = ""
        self.choice = Segments("Network whose curves are shown")
        self.choice.chosen.connect(self._choose)
        self.legend = QLabel()
        self.legend.setObjectName("Caption")
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        self.legend.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.accuracy, self.loss = _plot("Validation accuracy [%]"), _plot("Loss")
        self.loss.setXLink(self.accuracy)
        self.loss.getAxis("bottom").setLabel("epoch")
        self._hint = hint("Start a run, or select one: its curves appear here, epoch by epoch.")
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.legend.setContentsMargins(12, 0, 0, 0)
        row = QHBoxLayout()
        row.setContentsMargins(12, 0, 10, 0)
        row.addWidget(self.choice)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 4, 4)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self.legend)
        column.addWidget(self.accuracy, 3)
        column.addWidget(self.loss, 2)
        column.addWidget(self._hint, 1)
        self.show_runs(())

    def apply_theme(self, theme: "Theme") -> None:
        """Take the colours of a theme."""
        self._theme = theme
        for plot in (self.accuracy, self.loss):
            colour_axes(plot, theme)
        self._draw()

    def show_runs(self, runs: "Sequence[Run]") -> None:
        """Show other runs, or the same ones with more epochs; the first one has its stages marked."""
        if [run.folder for run in runs[:1]] != [run.folder for run in self._runs[:1]]:
            self._picked = None
        self._runs = tuple(runs)
        first = runs[0] if runs else None
        variants = [] if first is None else _variants(first)
        newest = first.epochs[-1].variant if first is not None and first.epochs else ""
        self.variant = self._picked if self._picked in (*variants, _ALL) else newest if newest in variants else next(iter(variants), "")
        offered = [(v, v, f"Curves of {v}, its teacher's first where it learns from one") for v in variants]
        offered += [(_ALL, "all", "Curves of all networks of the run")] if len(variants) > 1 else []
        if [value for value, *_ in offered] != list(self.choice.values):
            self.choice.set_choices(offered)
        self.choice.set_value(self.variant)
        self.choice.setVisible(len(offered) > 1)
        shown = (self.variant, *((run.folder, run.epochs) for run in runs))
        if shown != self._shown:  # progress within an epoch draws nothing
            self._shown = shown
            self._draw()

    def _choose(self, variant: str) -> None:
        self._picked = self.variant = variant
        self._draw()

    def _draw(self) -> None:
        drawn = any(run.epochs for run in self._runs)
        for widget in (self.accuracy, self.loss, self.legend):
            widget.setVisible(drawn)
        self._hint.setVisible(not drawn)
        for plot in (self.accuracy, self.loss):
            plot.clear()
        if not drawn:
            return
        series, names, longest = self._theme.series, [], 0
        for place, run in enumerate(self._runs):
            variants = _variants(run) if self.variant == _ALL else [self.variant]
            for variant in variants:
                colour = series[(VARIANTS.index(variant) if self.variant == _ALL else place) % len(series)]
                epochs = run.curve(variant)
                if self.variant == _ALL and variant != "dgcnn":
                    epochs = [e for e in epochs if e.stage != "teacher"]
                if epochs:
                    self._add_line(epochs, colour, _DASHES[place % len(_DASHES)] if self.variant == _ALL else _DASHES[0])
                    longest = max(longest, len(epochs))
                    names.append(f"<span style='color:{colour}'>\N{BLACK SQUARE}</span> {run.name} {variant}")
        self.legend.setText("&nbsp;&nbsp; ".join(names))
        self.accuracy.setXRange(0.5, max(longest + 0.5, 5.5), padding=0.01)
        first = self._runs[0]
        if self.variant != _ALL:
            self._mark_stages(first.curve(self.variant))
        teacher = first.best("dgcnn", "teacher")
        if teacher is not None and self.variant != "dgcnn":
            pen = pg.mkPen(self._theme.faint, width=1, style=Qt.PenStyle.DashLine)
            self.accuracy.addItem(pg.InfiniteLine(100 * teacher, angle=0, pen=pen))
        self.setAccessibleDescription("; ".join(_words(run, self.variant) for run in self._runs))

    def _add_line(self, epochs: "Sequence[EpochReport]", colour: str, dash: Qt.PenStyle) -> None:
        x, pen = [*range(1, len(epochs) + 1)], pg.mkPen(colour, width=2, style=dash)
        marks = {"symbol": "o", "symbolSize": 5, "symbolBrush": colour, "symbolPen": None} if len(x) <= _MARKED else {}
        self.accuracy.plot(x, [100 * e.validation for e in epochs], pen=pen, **marks)
        self.loss.plot(x, [e.loss for e in epochs], pen=pen, **marks)

    def _mark_stages(self, epochs: "Sequence[EpochReport]") -> None:
        """Draw a line where a stage begins, with its name."""
        starts = [i for i, e in enumerate(epochs) if not i or e.stage != epochs[i - 1].stage]
        for place, i in enumerate(starts):
            close = place > 0 and i - starts[place - 1] < _CLOSE * len(epochs)
            height = 0.88 if close and place % 2 == 0 else 0.95
            for plot in (self.accuracy, self.loss):
                name = epochs[i].stage if plot is self.accuracy else ""
                options = {"position": height, "anchors": [(0, 0.5), (0, 0.5)], "color": self._theme.muted}
                pen = pg.mkPen(self._theme.border, width=1)
                plot.addItem(pg.InfiniteLine(i + 0.5, pen=pen, label=name or None, labelOpts=options))


def _variants(run: "Run") -> list[str]:
    seen = {epoch.variant for epoch in run.epochs}
    return [variant for variant in VARIANTS if variant in seen or variant in run.configs]


def _words(run: "Run", variant: str) -> str:
    epochs = run.curve(variant)
    if not epochs:
        return f"{run.name}: no epoch yet"
    last = epochs[-1]
    return f"{run.name}, {last.variant} {last.stage}: epoch {last.epoch} of {last.epochs}, validation {100 * last.validation:.1f} %"


def _plot(name: str) -> pg.PlotWidget:
    plot = pg.PlotWidget()
    plot.setMinimumSize(_LEAST)
    plot.setAccessibleName(name)
    plot.setMenuEnabled(False)
    plot.hideButtons()
    plot.setMouseEnabled(x=False, y=False)
    plot.getAxis("left").setWidth(52)
    plot.getAxis("left").setLabel(name)
    plot.getAxis("left").enableAutoSIPrefix(enable=False)
    plot.showGrid(y=True, alpha=0.12)
    return plot
