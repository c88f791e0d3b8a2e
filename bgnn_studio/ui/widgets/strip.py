"""What the strips above tabs are made of: fields with a caption before them, progress in a line, and what went wrong."""

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QWidget


def add_fields(row: QHBoxLayout, fields: Iterable[tuple[str, QWidget]]) -> None:
    """Add (caption, field) pairs; a mnemonic in the caption leads to the field."""
    for text, widget in fields:
        label = QLabel(text)
        label.setObjectName("Caption")
        label.setBuddy(widget)
        row.addWidget(label)
        row.addWidget(widget)


def progress_line(name: str) -> tuple[QProgressBar, QLabel]:
    """Return a small bar and the words beside it, which take what room there is."""
    bar, said = QProgressBar(), QLabel()
    bar.setAccessibleName(name)
    bar.setTextVisible(False)
    bar.setFixedWidth(90)
    said.setObjectName("Caption")
    said.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    return bar, said


def problem_label() -> QLabel:
    """Return a hidden label for what went wrong; its text can be copied."""
    label = QLabel()
    label.setObjectName("Problem")
    label.setAccessibleName("Problem")
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.hide()
    return label
