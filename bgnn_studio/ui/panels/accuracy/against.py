"""The models beside a reference, usually their float teacher: what each keeps, loses and wins of it, cloud by cloud."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from bgnn_studio.core.agreement import Agreement, agreement
from bgnn_studio.core.evaluation import Evaluation
from bgnn_studio.ui.evaluator import Evaluator
from bgnn_studio.ui.panels.accuracy.stages import stage_bars
from bgnn_studio.ui.widgets.bars import Bar, Bars, Segment
from bgnn_studio.ui.widgets.labels import INDENT, caption, hint

if TYPE_CHECKING:
    from bgnn_studio.native import Model
    from bgnn_studio.ui.theme import Theme

_BOTH, _LOST, _WON, _REFERENCE = 0, 1, 2, 4
_TEST = (
    "McNemar's exact test: how likely two equally good models differ at least so much on these clouds.\n"
    "It counts only clouds that one of the two gets right, two-sided, by the binomial distribution."
)


class AgainstPanel(QWidget):
    """Stacked bars of every evaluated model, as in the paper's figure 1, and for the current model a table of four counts.

    Signals
    -------
    listed(str, object)
        The user wants to see clouds: what they are, and their (m,) indices.
    """

    listed = Signal(str, object)

    def __init__(self, evaluator: Evaluator, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._evaluator = evaluator
        self._model: Model | None = None
        self._chosen: Model | None = None
        self.choice = QComboBox()
        self.choice.setAccessibleName("Model to compare with")
        self.choice.setToolTip("What the others are compared with; the float teacher, unless you choose another")
        self.choice.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.choice.activated.connect(self._choose)
        label = QLabel("Beside")
        label.setObjectName("Caption")
        label.setBuddy(self.choice)
        self.bars = Bars("Accuracy beside the reference")
        self.stages = Bars("Accuracy by stage of the cascade")
        self._stages = caption(
            "By stage of the cascade, what each loses",
            "What each stage costs; open a variant's models of several stages, as train writes them",
        )
        self.pair = caption("")
        self.pair.setWordWrap(True)
        self.cells = tuple(QPushButton() for _ in range(4))
        self.test = caption("", _TEST)
        self._hint = hint("Evaluate two models on the same clouds to see what one keeps of the other.")
        grid = QGridLayout()
        grid.setContentsMargins(INDENT, 0, INDENT, 0)
        grid.setSpacing(4)
        for n, button in enumerate(self.cells):
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            button.clicked.connect(lambda _=False, n=n: self._list(n))
            grid.addWidget(button, n // 2, n % 2)
        row = QHBoxLayout()
        row.setContentsMargins(INDENT, 0, INDENT, 0)
        row.setSpacing(8)
        row.addWidget(label)
        row.addWidget(self.choice, 1)
        self._all, self._two = QWidget(), QWidget()
        for widget, parts in ((self._all, (row, self.bars, self._stages, self.stages)), (self._two, (self.pair, grid, self.test))):
            column = QVBoxLayout(widget)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(4)
            for part in parts:
                column.addWidget(part) if isinstance(part, QWidget) else column.addLayout(part)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 6)
        column.setSpacing(8)
        for widget in (self._hint, self._all, self._two):
            column.addWidget(widget)
        column.addStretch(1)
        self.refresh(None)

    def apply_theme(self, theme: "Theme") -> None:
        """Take the colours of a theme."""
        self.bars.apply_theme(theme)
        self.stages.apply_theme(theme)

    @property
    def reference(self) -> "Model | None":
        """The model that the others are compared with: the user's choice, else a teacher, else the first."""
        models = [model for model, _ in self._evaluator.results]
        if self._chosen in models:
            return self._chosen
        return next((model for model in models if model.spec.stage == "teacher"), models[0] if models else None)

    @property
    def agreement(self) -> Agreement | None:
        """Of the current model and the reference; None where they are one, or one has no result."""
        if self._model is None or self.reference is None or self._model is self.reference:
            return None
        ours, theirs = self._evaluator.result(self._model), self._evaluator.result(self.reference)
        return None if ours is None or theirs is None else _agreement(ours, theirs)

    def refresh(self, model: "Model | None") -> None:
        """Show all results, and `model` as the current one."""
        self._model = model
        results, reference = self._evaluator.results, self.reference
        self.choice.clear()
        for other, _ in results:
            self.choice.addItem(other.name, other)
        if reference is not None:
            self.choice.setCurrentIndex([other for other, _ in results].index(reference))
        enough = len(results) > 1
        self._hint.setVisible(not enough)
        self._all.setVisible(enough)
        by_stage, legend = stage_bars(results)
        self.stages.set_bars(by_stage, legend=legend, maximum=1.0)
        self._stages.setVisible(bool(by_stage))
        self.stages.setVisible(bool(by_stage))
        found = self.agreement
        self._two.setVisible(found is not None)
        if enough and reference is not None:
            self._show_bars(results, reference)
        if found is not None and model is not None and reference is not None:
            self._show_pair(found, model.name, reference.name)

    def _show_bars(self, results: "list[tuple[Model, Evaluation]]", reference: "Model") -> None:
        theirs = next(found for model, found in results if model is reference)
        rows = []
        for model, found in results:
            overall = found.figures.overall
            if model is reference:
                part = Segment(overall, _REFERENCE, f"{model.name}: {100 * overall:.1f} % right")
                rows.append(Bar(model.name, (part,), f"{100 * overall:.1f} %", "What the others are compared with"))
                continue
            pair = _agreement(found, theirs)
            drop = 100 * (overall - theirs.figures.overall)
            parts = tuple(
                Segment(len(which) / pair.count, series, f"{model.name}: {len(which):,} of {pair.count:,} clouds are right {text}")
                for which, series, text in (
                    (pair.both, _BOTH, "as with the reference"),
                    (pair.first, _WON, "where the reference errs"),
                    (pair.second, _LOST, "with the reference alone: lost"),
                )
            )
            tip = f"{model.name}: {drop:+.1f} percentage points from {reference.name}, {_p_text(pair.p_value)} (McNemar, exact)"
            rows.append(Bar(model.name, parts, f"{100 * overall:.1f} %  {_signed(drop)}", tip))
        self.bars.set_bars(rows, legend=[("right in both", _BOTH), ("won", _WON), ("lost", _LOST)], maximum=1.0)

    def _show_pair(self, found: Agreement, ours: str, theirs: str) -> None:
        self.pair.setText(f"{ours} beside {theirs}, clouds that are right with")
        for button, (name, which) in zip(self.cells, _kinds(found, ours, theirs), strict=True):
            button.setText(f"{name}: {len(which):,}")
            button.setAccessibleName(f"{len(which)} clouds are right with {name}")
            button.setToolTip(f"{len(which):,} of {found.count:,} clouds. Click to list them")
            button.setEnabled(bool(len(which)))
        self.test.setText(f"McNemar, exact: {_p_text(found.p_value)}")

    def _list(self, n: int) -> None:
        found, reference = self.agreement, self.reference
        if found is not None and self._model is not None and reference is not None:
            name, which = _kinds(found, self._model.name, reference.name)[n]
            self.listed.emit(f"Right with {name}", which)

    def _choose(self, row: int) -> None:
        self._chosen = self.choice.itemData(row)
        self.refresh(self._model)


def _agreement(ours: Evaluation, theirs: Evaluation) -> Agreement:
    return agreement(ours.predictions, theirs.predictions, ours.data.labels)


def _kinds(found: Agreement, ours: str, theirs: str) -> list[tuple[str, object]]:
    return [("both", found.both), (f"only {ours}", found.first), (f"only {theirs}", found.second), ("neither", found.neither)]


def _signed(points: float) -> str:
    return f"{points:+.1f}".replace("-", "\N{MINUS SIGN}")


def _p_text(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
