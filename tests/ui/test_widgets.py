"""The small widgets: bars, segments, toasts, sizes."""

from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from bgnn_studio.errors import BgnnError
from bgnn_studio.ui.theme import DARK
from bgnn_studio.ui.toasts import Toasts
from bgnn_studio.ui.widgets.bars import Bar, Bars, Segment
from bgnn_studio.ui.widgets.segments import Segments


def test_bars_are_drawn_to_scale_in_the_colours_of_the_series(qtbot: QtBot) -> None:
    bars = Bars("Test")
    qtbot.addWidget(bars)
    bars.set_bars([Bar("long", (Segment(3, 0, "first"), Segment(1, 1, "second")), "4"), Bar("short", (Segment(1, 2),), "1", "row")])
    bars.resize(400, bars.sizeHint().height())
    image = bars.grab().toImage()

    def span(row: int, series: int) -> tuple[int, int]:
        y = int(bars._bar_rect(row).center().y())
        hits = [x for x in range(400) if image.pixelColor(x, y) == QColor(DARK.series[series])]
        return min(hits), max(hits)

    room = bars._bar_rect(0)
    quarter = room.width() / 4
    for row, series, start, end in ((0, 0, 0, 3), (0, 1, 3, 4), (1, 2, 0, 1)):
        low, high = span(row, series)
        assert low == pytest.approx(room.left() + start * quarter, abs=2)
        assert high == pytest.approx(room.left() + end * quarter, abs=2)
    y = [bars._bar_rect(row).center().y() for row in (0, 1)]
    assert bars._tip_at(room.left() + quarter, y[0]) == "first"
    assert bars._tip_at(room.right() - 2, y[0]) == "second"
    assert bars._tip_at(room.right() - 2, y[1]) == "row"
    assert bars._tip_at(5, 500) == ""
    assert bars.accessibleDescription() == "long: 4; short: 1"


def test_segments_tell_choices_of_the_user_only(qtbot: QtBot) -> None:
    segments = Segments("Test", [(1, "One", "first"), (2, "Two", "second")])
    qtbot.addWidget(segments)
    told: list[int] = []
    segments.chosen.connect(told.append)
    segments.set_value(2)
    assert segments.button(2).isChecked()
    QTest.mouseClick(segments.button(1), Qt.MouseButton.LeftButton)
    segments.set_reason(2, "because")
    QTest.mouseClick(segments.button(2), Qt.MouseButton.LeftButton)
    assert told == [1]
    assert segments.button(2).toolTip() == "because"
    segments.set_reason(2, None)
    assert segments.button(2).toolTip() == "second"


def test_toasts_stack_in_the_corner_and_can_be_dismissed(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    parent.resize(800, 600)
    parent.show()
    toasts = Toasts(parent)
    toasts.error("Refused", BgnnError("Expected this. Do that."))
    toasts.error("Broken", ZeroDivisionError("secret"))
    toasts.info("Saved")
    toasts.info("Saved again", "somewhere")
    assert toasts.messages[1:] == ["Saved", "Saved again: somewhere"]
    assert toasts.messages[0].startswith("Broken: Something unexpected went wrong (ZeroDivisionError")
    for size in ((800, 600), (300, 500)):
        parent.resize(*size)
        QApplication.processEvents()
        boxes = [toast.geometry() for toast in toasts._toasts]
        assert all(parent.rect().contains(box) for box in boxes)
        assert all(above.bottom() < below.top() for above, below in pairwise(boxes))
    last = toasts._toasts[-1]
    assert [label.text() for label in last.findChildren(QLabel)] == ["Saved again", "somewhere"]
    QTest.mouseClick(last.findChild(QToolButton), Qt.MouseButton.LeftButton, pos=QPoint(3, 3))
    assert toasts.messages[-1] == "Saved"
