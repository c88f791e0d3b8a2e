"""The neighbours panel: finding a point, and writing the table to a file."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from bgnn_studio.ui.main_window import MainWindow


def test_a_point_is_found_by_its_index(loaded: MainWindow) -> None:
    loaded.inspect.docks[1].hide()
    QApplication.setActiveWindow(loaded)  # there is no window manager here
    QTest.keyClick(loaded.inspect.viewport.interactor, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    field = QApplication.focusWidget()
    assert field is loaded.inspect.neighbours.find
    QTest.keyClicks(field, "123")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert loaded.session.pick == 123
    QTest.keyClicks(field, "7")  # what was typed before is selected, and goes
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert loaded.session.pick == 7


@pytest.mark.parametrize(
    ("typed", "words"), [("200", "between 0 and 199 (got 200)"), ("-1", "got '-1'"), ("", "got ''"), ("two", "got 'two'")]
)
def test_a_point_that_is_not_there_is_a_toast(loaded: MainWindow, typed: str, words: str) -> None:
    loaded.session.select_point(5)
    find = loaded.inspect.neighbours.find
    find.setText(typed)
    QTest.keyClick(find, Qt.Key.Key_Return)
    assert words in loaded.toasts.messages[-1]
    assert loaded.session.pick == 5


def test_without_a_cloud_there_is_nothing_to_find(window: MainWindow) -> None:
    assert not window.inspect.neighbours.find.isEnabled()
    assert "Open a point cloud" in window.inspect.neighbours.find.toolTip()


def test_the_table_is_exported(loaded: MainWindow, tmp_path: Path) -> None:
    action = loaded.inspect.neighbours.export
    assert not action.isEnabled()
    loaded.session.select_layer(2)
    loaded.session.select_point(8)
    assert action.isEnabled()
    loaded.saving.table(tmp_path / "table.csv")
    lines = [line.split(",") for line in (tmp_path / "table.csv").read_text().splitlines()]
    assert lines[0][2] == "Hamming distance (bits)"
    trace = loaded.session.inference.trace
    assert [(int(line[1]), int(line[2])) for line in lines[1:]] == list(zip(trace.knn[1][8], trace.distances[1][8], strict=True))
    loaded.saving.table(tmp_path / "no such folder" / "table.csv")
    assert "could not be written" in loaded.toasts.messages[-1]
