"""The form for a board: its address and, where the SSH configuration does not say them, key, jump hosts and launch prefix."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QFormLayout, QHBoxLayout, QLabel, QLineEdit, QPushButton, QToolButton, QVBoxLayout, QWidget

from bgnn_studio.ui.board_book import KnownBoard

_FIELDS = (
    ("address", "Address", "user@host[:port]", "user@host, user@host:port, or a name of ~/.ssh/config"),
    (
        "key",
        "Key file",
        "agent, ~/.ssh",
        "Private key; empty: those of the agent, of ~/.ssh/config, and ~/.ssh/id_*. Only its path is kept",
    ),
    ("jump", "Jump host", "none", "user@host, several separated by commas, the first to be reached first; empty: those of ~/.ssh/config"),
    (
        "prefix",
        "Prefix",
        "none",
        "The runner is started with these words, such as 'taskset -c 3' or 'nice -n -5'.\nTimes under qemu are marked as emulated",
    ),
)


class AddForm(QWidget):
    """Fields with Add and Cancel below.

    Signals
    -------
    given(KnownBoard)
        The user entered a board.
    left
        The user gave up.
    """

    given = Signal(object)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fields: dict[str, QLineEdit] = {}
        form = QFormLayout()
        form.setSpacing(5)
        for key, name, example, tip in _FIELDS:
            field = QLineEdit()
            field.setPlaceholderText(example)
            field.setToolTip(tip)
            field.setAccessibleName(name)
            field.returnPressed.connect(self._give)
            self.fields[key] = field
            label = QLabel(name)
            label.setObjectName("Caption")
            form.addRow(label, self._with_browse(field) if key == "key" else field)
        self.problem = QLabel()
        self.problem.setObjectName("Problem")
        self.problem.setWordWrap(True)
        self.problem.hide()
        self.add, cancel = QPushButton("Add"), QPushButton("Cancel")
        self.add.setObjectName("Primary")
        self.add.clicked.connect(lambda _: self._give())
        cancel.clicked.connect(lambda _: self.left.emit())
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(cancel)
        row.addWidget(self.add)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 4, 12, 8)
        column.addLayout(form)
        column.addWidget(self.problem)
        column.addLayout(row)

    def begin(self, board: KnownBoard | None = None) -> None:
        """Start with empty fields, or with those of a board."""
        for key, field in self.fields.items():
            field.setText("" if board is None else getattr(board, key))
        self.fields["address"].setReadOnly(board is not None)  # its runs are known by it
        self.add.setText("Add" if board is None else "Save")
        self.problem.hide()
        self.fields["address" if board is None else "key"].setFocus()

    def refuse(self, error: Exception) -> None:
        """Say why the board was not taken."""
        self.problem.setText(str(error))
        self.problem.show()

    def _give(self) -> None:
        self.given.emit(KnownBoard(**{key: field.text().strip() for key, field in self.fields.items()}))

    def _with_browse(self, field: QLineEdit) -> QWidget:
        widget, button = QWidget(), QToolButton()
        button.setText("\N{HORIZONTAL ELLIPSIS}")
        button.setAccessibleName("Choose a key file")
        button.setToolTip("Choose a key file")
        button.clicked.connect(lambda _: self._browse(field))
        row = QHBoxLayout(widget)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(field, 1)
        row.addWidget(button)
        return widget

    def _browse(self, field: QLineEdit) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Private key")
        if name:
            field.setText(name)
