"""Below the list of models: which other model is the reference, and how much of the layer's graph it shares."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QSizePolicy, QWidget

from bgnn_studio.core.edge_difference import edge_difference
from bgnn_studio.ui.widgets.labels import INDENT, caption

if TYPE_CHECKING:
    from bgnn_studio.core.session import Session
    from bgnn_studio.native import Model

_TIP = "Compare every layer's graph with that of another open model: colour mode Drift, and kept, new and lost neighbours"
_ALONE = "Open a second model to compare with."
_FORMULA = (
    "Edges of this layer's graph that the reference's graph of the same layer has, too.\n"
    "Jaccard: |A \N{INTERSECTION} B| / |A \N{UNION} B| of each point's neighbours in the two graphs, mean over the points."
)


class ReferenceBar(QWidget):
    """A choice among the open models, and a line of figures."""

    def __init__(self, session: "Session[Model]", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.choice = QComboBox()
        self.choice.setAccessibleName("Reference model")
        self.choice.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.choice.activated.connect(self._choose)
        label = QLabel("Reference")
        label.setObjectName("Caption")
        label.setBuddy(self.choice)
        self.figure = caption("")
        self.figure.setIndent(0)
        self.figure.setWordWrap(True)
        grid = QGridLayout(self)
        grid.setContentsMargins(INDENT, 6, 8, 8)
        grid.setHorizontalSpacing(8)
        grid.addWidget(label, 0, 0)
        grid.addWidget(self.choice, 0, 1)
        grid.addWidget(self.figure, 1, 0, 1, 2)
        grid.setColumnStretch(1, 1)
        session.subscribe(self._follow)
        self._fill()

    def _fill(self) -> None:
        s = self._session
        self.choice.clear()
        for text, model in (("None", None), *((model.name, model) for model in s.models)):
            self.choice.addItem(text, model)
        self._mark()

    def _mark(self) -> None:
        """Show the session's choice; the selected model cannot be chosen."""
        s = self._session
        items = self.choice.model()
        assert isinstance(items, QStandardItemModel)
        for row, model in enumerate((None, *s.models)):
            chosen = model is not None and model is s.model
            items.item(row).setEnabled(not chosen)
            items.item(row).setToolTip("The selected model: a reference is another one." if chosen else "")
            if model is s.reference:
                self.choice.setCurrentIndex(row)
        self.choice.setEnabled(len(s.models) > 1 or s.reference is not None)
        self.choice.setToolTip(_TIP if self.choice.isEnabled() else _ALONE)
        self._count()

    def _count(self) -> None:
        s = self._session
        text = self._text() if s.reference is not None and s.model is not None else ""
        self.figure.setText(text)
        self.figure.setToolTip(_FORMULA)
        self.figure.setVisible(bool(text))

    def _text(self) -> str:
        s = self._session
        if (reason := s.why_no_reference) is not None:
            return reason
        trace = s.inference.trace if s.inference else None
        if s.points is None or s.reference is None or trace is None or s.reference_graph is None:
            return ""
        shared = edge_difference(trace.knn[s.layer - 1], s.reference_graph)
        text = f"{shared.count('kept'):,} of {shared.kept.size:,} kept  \N{MIDDLE DOT}  Jaccard {shared.jaccard:.2f}"
        trained = s.reference.spec.points
        other = f"Trained with {trained:,} points, the reference runs on {len(s.points):,} here."
        return text if trained == len(s.points) else f"{text}\n{other}"

    def _choose(self, row: int) -> None:
        self._session.set_reference(self.choice.itemData(row, Qt.ItemDataRole.UserRole))

    def _follow(self, changed: frozenset[str]) -> None:
        if "models" in changed:
            self._fill()
        elif changed & {"model", "reference"}:
            self._mark()
        elif changed & {"points", "layer", "inference", "reference_inference"}:
            self._count()
