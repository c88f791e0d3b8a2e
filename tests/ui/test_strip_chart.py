"""The strip chart: lines where their shares are, the newest at the right."""

import pytest
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from bgnn_studio.ui.theme import DARK
from bgnn_studio.ui.widgets.strip_chart import UPDATES, StripChart


def test_lines_are_drawn_where_their_shares_are(qtbot: QtBot) -> None:
    chart = StripChart("Kept")
    qtbot.addWidget(chart)
    chart.resize(400, 220)
    for _ in range(UPDATES + 5):
        chart.append(("a", ""), (0.75, 0.25))
    assert len(chart.updates) == UPDATES
    image = chart.grab().toImage()

    def height(line: int) -> float:
        hits = [y for y in range(25, 220) if image.pixelColor(300, y) == QColor(DARK.series[line])]
        return sum(hits) / len(hits)

    quarter = (height(1) - height(0)) / 2  # from 25 to 75 %
    assert 40 < quarter < 50
    assert chart.accessibleDescription() == "a 75 %"
    chart.append(("a",), (0.5,))
    assert list(chart.updates) == [(0.5,)]
    chart.clear()
    assert (len(chart.updates), chart.accessibleDescription()) == (0, "")


def test_the_newest_update_is_at_the_right(qtbot: QtBot) -> None:
    chart = StripChart("Kept")
    qtbot.addWidget(chart)
    chart.resize(400, 120)
    for _ in range(40):
        chart.append(("a",), (0.25,))
    image = chart.grab().toImage()
    drawn = [x for x in range(45, 400) if any(image.pixelColor(x, y) == QColor(DARK.series[0]) for y in range(25, 115))]
    assert max(drawn) == pytest.approx(392, abs=3)
    assert min(drawn) == pytest.approx(392 - 352 * 39 / (UPDATES - 1), abs=4)
