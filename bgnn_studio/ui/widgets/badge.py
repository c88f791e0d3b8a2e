"""A word in a rounded box: a verdict, coloured by what it means."""

from typing import Literal

from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

Meaning = Literal["good", "bad", "plain"]


class Badge(QLabel):
    """Empty and hidden until it is given a verdict."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("Badge")
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.hide()

    def give(self, text: str, meaning: Meaning, tip: str) -> None:
        """Show a verdict, with its reasons as the tooltip."""
        self.setText(text)
        self.setToolTip(tip)
        self.setAccessibleDescription(tip)
        self.setProperty("meaning", meaning)
        self.style().unpolish(self)
        self.style().polish(self)
        self.show()
