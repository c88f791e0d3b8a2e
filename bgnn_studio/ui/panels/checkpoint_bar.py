"""The question about a checkpoint: what no state dict says, in a bar above the tabs; the window stays usable while it is open."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QComboBox, QFileDialog, QFrame, QHBoxLayout, QLabel, QLineEdit, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from bgnn_studio.ui.converting import Answer, free_name

if TYPE_CHECKING:
    from bgnn_studio.ui.converting import Facts

_PUBLISHED_K, _PUBLISHED_POINTS, _MODELNET40 = 20, 1024, 40
_LARGEST = 1 << 20
_LONGEST = 40


class CheckpointBar(QFrame):
    """Variant, k, N, class names and place of one checkpoint; nothing is filled in but what its name or the user says.

    Signals
    -------
    answered(Answer)
        All is known.
    dismissed
        Not now.
    """

    answered = Signal(object)
    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("Question")
        self.setAccessibleName("Question about a checkpoint")
        self._classes: Path | None = None
        self._busy = False
        self._output, self._replace = Path(), False
        self.title, self.detail = QLabel(), QLabel()
        self.title.setObjectName("Headline")
        self.detail.setObjectName("Caption")
        for label in (self.title, self.detail):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.detail.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)  # its tip has all of a long one
        self.variant = QComboBox()
        self.variant.setPlaceholderText("bf1 or bf2?")
        self.variant.setToolTip("bf1 and bf2 have the same tensors: max before or after the batch norm")
        self.variant.setAccessibleName("Variant")
        self.variant.currentIndexChanged.connect(lambda _: self._enable())
        self.k = self._number("k", "Neighbours that it was trained with")
        self.points = self._number("N", "Points of a cloud that it was trained with")
        self.published = QPushButton("As pu&blished")
        self.published.setToolTip(f"k = {_PUBLISHED_K}, N = {_PUBLISHED_POINTS:,}, as in the papers")
        self.published.clicked.connect(lambda _: self._fill_published())
        self.names = QPushButton("Class &names\N{HORIZONTAL ELLIPSIS}")
        self.names.setToolTip("A text file with one class name a line, in the order of the logits")
        self.names.clicked.connect(lambda _: self._ask_names())
        self.place = QPushButton("Save else&where\N{HORIZONTAL ELLIPSIS}")
        self.place.clicked.connect(lambda _: self._ask_where())
        self.convert, self.refuse = QPushButton("Convert and open"), QPushButton("Not now")
        self.convert.clicked.connect(lambda _: self._accept())
        self.refuse.clicked.connect(lambda _: self.dismissed.emit())
        head, row = QHBoxLayout(), QHBoxLayout()
        head.addWidget(self.title)
        head.addWidget(self.detail, 1)
        for one in (head, row):
            one.setSpacing(8)
        row.addWidget(self.variant)
        for name, field in (("k", self.k), ("N", self.points)):
            row.addWidget(QLabel(name))
            row.addWidget(field)
        for button in (self.published, self.names, self.place):
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(self.convert)
        row.addWidget(self.refuse)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 7, 12, 7)
        column.setSpacing(5)  # two rows: a window 720 high has no room for more
        column.addLayout(head)
        column.addLayout(row)
        self.hide()

    def ask(self, path: Path, facts: "Facts") -> None:
        """Ask about a checkpoint."""
        self.title.setText(f"{_shortened(path.name)} is {' or '.join(facts.variants)}: how was it trained?")
        self.title.setToolTip(
            f"{path}\nwidths {', '.join(map(str, facts.widths))}, embedding {facts.embedding:,}\nIt does not say k and N."
        )
        self._count = facts.classes
        self._classes, self._output, self._replace = None, free_name(path), False
        self.variant.clear()
        self.variant.addItems(facts.variants)
        self.variant.setCurrentIndex(0 if len(facts.variants) == 1 else self.variant.findText(facts.named or ""))
        self.variant.setVisible(len(facts.variants) > 1)
        for field in (self.k, self.points):
            field.clear()
        self.set_busy(busy=False)
        self._describe()
        self.show()
        self.k.setFocus()

    def set_busy(self, *, busy: bool) -> None:
        """Let nothing be answered while an answer is at work."""
        for widget in (self.variant, self.k, self.points, self.published, self.names, self.place, self.refuse):
            widget.setEnabled(not busy)
        self._busy = busy
        self._enable()

    def set_names(self, path: Path) -> None:
        """Take the class names from a text file."""
        self._classes = path
        self._describe()

    def set_output(self, path: Path) -> None:
        """Write where the user has said, and over what is there: the dialog has asked."""
        self._output, self._replace = path.with_name(f"{path.name}.gguf") if path.suffix != ".gguf" else path, path.suffix == ".gguf"
        self._describe()

    def _number(self, name: str, meaning: str) -> QLineEdit:
        field = QLineEdit()
        field.setValidator(QIntValidator(1, _LARGEST, field))
        field.setFixedWidth(64)
        field.setToolTip(meaning)
        field.setAccessibleName(f"{name}: {meaning}")
        field.textChanged.connect(lambda _: self._enable())
        field.returnPressed.connect(self._accept)
        return field

    def _describe(self) -> None:
        usual = "those of ModelNet40" if self._count == _MODELNET40 else "class 0, class 1, \N{HORIZONTAL ELLIPSIS}"
        names = usual if self._classes is None else f"names of {self._classes.name}"
        self.detail.setText(f"{self._count} classes: {names}  \N{MIDDLE DOT}  saved as {self._output.name}")
        self.detail.setToolTip(f"Saved as {self._output}")

    def _enable(self) -> None:
        numbers = all(field.hasAcceptableInput() for field in (self.k, self.points))
        self.convert.setEnabled(numbers and self.variant.currentIndex() >= 0 and not self._busy)

    def _accept(self) -> None:
        if self.convert.isEnabled():
            k, points = int(self.k.text()), int(self.points.text())
            self.answered.emit(Answer(self.variant.currentText(), k, points, self._classes, self._output, self._replace))

    def _fill_published(self) -> None:
        self.k.setText(str(_PUBLISHED_K))
        self.points.setText(str(_PUBLISHED_POINTS))

    def _ask_names(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Class names", str(self._output.parent), "One name a line (*.txt);;All files (*)")
        if name:
            self.set_names(Path(name))

    def _ask_where(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Save model", str(self._output), "Models (*.gguf)")
        if name:
            self.set_output(Path(name))


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST // 2]}\N{HORIZONTAL ELLIPSIS}{name[-_LONGEST // 2 :]}"
