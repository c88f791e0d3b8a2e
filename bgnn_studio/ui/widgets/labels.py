"""Labels of the three kinds that panels have, and what layers are called in them."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

INDENT = 12


def headline(name: str = "Headline") -> QLabel:
    """Return an empty label for the one thing that a panel says first."""
    label = QLabel()
    label.setObjectName(name)
    label.setIndent(INDENT)
    return label


def caption(text: str, tip: str = "") -> QLabel:
    """Return a quiet line below what it explains."""
    label = QLabel(text)
    label.setObjectName("Caption")
    label.setIndent(INDENT)
    label.setToolTip(tip)
    return label


def hint(text: str = "") -> QLabel:
    """Return what an empty panel shows: what to do to fill it."""
    label = QLabel(text)
    label.setObjectName("Caption")
    label.setContentsMargins(INDENT, 2, INDENT, 0)
    label.setWordWrap(True)
    label.setAlignment(Qt.AlignmentFlag.AlignTop)
    return label


def layer_label(name: str) -> str:
    """Return ``Layer 2`` for ``layer2``, ``Head`` for ``head``."""
    return name.replace("layer", "Layer ") if name.startswith("layer") else name.capitalize()
