"""The line of bits: its figures, and choosing a plane from the strip."""

from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from bgnn_studio.core.bit_facts import BitFacts
from bgnn_studio.core.bits import unpack_bits
from bgnn_studio.core.palettes import palette
from bgnn_studio.ui.main_window import MainWindow
from bgnn_studio.ui.widgets.bit_strip import BitStrip
from tests.ui.conftest import settle


def test_the_line_counts_the_bits_of_the_layer(loaded: MainWindow, files: dict[str, Path], qtbot: QtBot) -> None:
    line, session = loaded.inspect.bits, loaded.session
    assert line.isVisible()
    assert "xyz" in line._reason.text()
    session.select_layer(3)
    settle(loaded, qtbot)
    codes = {tuple(row) for row in session.inference.trace.features[1].tolist()}
    planes = unpack_bits(session.inference.trace.features[1], 32)
    dead = int((planes == planes[0]).all(axis=0).sum())
    assert line.figures["codes"].text() == f"{len(codes)} of 200 codes"
    assert line.figures["dead"].text() == f"{dead} dead"
    share = planes.mean(axis=0)
    assert f"Mean balance {np.minimum(2 * share, 2 - 2 * share).mean():.2f}" in line.figures["entropy"].toolTip()
    assert not line._reason.isVisible()
    session.select_layer(1)
    assert not line.strip.isVisible()
    loaded.open([files["real.gguf"]])
    settle(loaded, qtbot)
    assert not line.isVisible()


def test_a_click_on_the_strip_colours_by_that_bit(loaded: MainWindow, qtbot: QtBot) -> None:
    loaded.session.select_layer(3)
    settle(loaded, qtbot)
    strip = loaded.inspect.bits.strip
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=strip.cell(21).center().toPoint())
    assert (loaded.session.bit, loaded.session.colour) == (21, "bit")
    colours = palette("bit", 2)[unpack_bits(loaded.session.inference.trace.features[1], 32)[:, 21]]
    np.testing.assert_array_equal(loaded.inspect.viewport.scene._cloud.colours[:, :3], colours)
    QTest.keyClick(strip, Qt.Key.Key_Right)
    assert (loaded.session.bit, strip.bit) == (22, 22)
    for _ in range(20):
        QTest.keyClick(strip, Qt.Key.Key_Right)
    assert loaded.session.bit == 31


def test_cells_are_filled_by_their_share_and_explained(qtbot: QtBot) -> None:
    strip = BitStrip()
    qtbot.addWidget(strip)
    strip.resize(640, 80)
    share = np.full(100, 0.25)
    share[70] = 0.0
    duplicate_of = np.full(100, -1)
    duplicate_of[99] = 3
    strip.show_bits(BitFacts(8, 8, 0, share, duplicate_of), None)
    image = strip.grab().toImage()
    positive, negative = (QColor(*map(int, colour)) for colour in palette("bit", 2))
    for bit in (0, 63, 64, 99):
        box = strip.cell(bit)
        assert strip.bit_at(box.center().toPoint()) == bit
        column = [image.pixelColor(int(box.center().x()), y) for y in range(int(box.top()) + 2, int(box.bottom()) - 2)]
        assert set(map(QColor.name, column)) == {positive.name(), negative.name()}
        assert abs(column.count(negative) / len(column) - 0.25) < 0.06
    assert image.pixelColor(strip.cell(70).center().toPoint()) not in (positive, negative)
    assert strip.bit_at(strip.cell(63).center().toPoint() + strip.cell(64).bottomLeft().toPoint()) is None
    assert "Dead" in strip.tip(70)
    assert "25 %" in strip.tip(99)
    assert "The same as bit 3" in strip.tip(99)
