"""The reference count of None must not drift over void Qt calls: PySide6 6.12.0 on Python 3.11 loses one at each."""

import sys

from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

CALLS = 20_000


def test_void_calls_keep_the_reference_count_of_none(qtbot: QtBot) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)
    before = sys.getrefcount(None)
    for _ in range(CALLS):
        widget.update()
    # Immortal objects (Python 3.12 on) have a fixed count; on 3.11 a few references come and go by themselves.
    assert abs(sys.getrefcount(None) - before) < CALLS / 100
