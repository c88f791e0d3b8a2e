"""Undo and redo in the real window: the menu, the keys, and every view that must follow."""

from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from bgnn_studio.ui.main_window import MainWindow
from tests.ui.conftest import settle

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def test_keys_undo_and_redo_and_the_menu_names_the_step(loaded: MainWindow) -> None:
    loaded.session.forget_steps()
    assert not loaded.edit.undo.isEnabled()
    loaded.session.select_point(17)
    loaded.session.select_layer(3)
    assert (loaded.edit.undo.text(), loaded.edit.redo.isEnabled()) == ("&Undo show layer 3", False)
    QApplication.setActiveWindow(loaded)  # there is no window manager here
    QTest.keyClick(loaded, Qt.Key.Key_Z, CTRL)
    assert (loaded.session.layer, loaded.inspect.bar.layer.button(1).isChecked()) == (1, True)
    QTest.keyClick(loaded, Qt.Key.Key_Z, CTRL)
    assert (loaded.session.pick, loaded.inspect.neighbours.table.rowCount()) == (None, 0)
    assert (loaded.edit.undo.isEnabled(), loaded.edit.redo.text()) == (False, "&Redo pick point 17")
    QTest.keyClick(loaded, Qt.Key.Key_Z, CTRL | SHIFT)
    assert (loaded.session.pick, loaded.inspect.neighbours.headline.text()[:8]) == (17, "Point 17")


def test_opening_is_one_step_and_comes_back_with_its_inference(loaded: MainWindow, files: dict[str, Path], qtbot: QtBot) -> None:
    loaded.session.select_point(5)
    loaded.open([files["other.npy"], files["real.gguf"], files["bad.npy"]])
    settle(loaded, qtbot)
    assert loaded.edit.undo.text() == "&Undo open 2 files"
    loaded.edit.undo.trigger()
    settle(loaded, qtbot)
    session = loaded.session
    assert ([c.cloud.name for c in session.clouds], [m.name for m in session.models], session.pick) == (["ball"], ["binary"], 5)
    np.testing.assert_array_equal(session.inference.logits, session.model.infer(session.points).logits)
    assert (loaded.library.clouds.count(), loaded.library.models.currentRow()) == (1, 0)
    loaded.edit.redo.trigger()
    settle(loaded, qtbot)
    assert (session.cloud.cloud.name, session.model.name, loaded.library.models.currentRow()) == ("other", "real", 1)
    assert session.inference is not None


def test_the_band_of_the_histogram_follows(loaded: MainWindow) -> None:
    loaded.session.select_layer(2)
    panel, session = loaded.inspect.distances, loaded.session
    panel.filter.setChecked(True)
    first = session.brush
    session.history.end_step()
    panel._brush.setRegion((first[0] + 1, first[1] + 2))
    second = session.brush
    assert second != first
    loaded.edit.undo.trigger()
    assert (session.brush, panel._brush.getRegion(), panel.filter.isChecked()) == (first, first, True)
    loaded.edit.undo.trigger()
    assert (session.brush, panel.filter.isChecked(), panel._brush.isVisible()) == (None, False, False)
    loaded.edit.redo.trigger()
    loaded.edit.redo.trigger()
    assert (session.brush, panel._brush.getRegion(), panel.filter.isChecked()) == (second, second, True)
    session.select_layer(3)
    loaded.edit.undo.trigger()
    assert (session.layer, session.brush, panel._brush.getRegion()) == (2, second, second)
    assert loaded.edit.redo.text() == "&Redo show layer 3"


def test_closing_the_selected_entries_is_undone(loaded: MainWindow, qtbot: QtBot) -> None:
    cloud, model = loaded.session.cloud, loaded.session.model
    QApplication.setActiveWindow(loaded)
    for entries in (loaded.library.models, loaded.library.clouds):
        entries.setFocus()
        QTest.keyClick(entries, Qt.Key.Key_Delete)
    assert loaded.session.cloud is None
    loaded.edit.undo.trigger()
    loaded.edit.undo.trigger()
    settle(loaded, qtbot)
    assert (loaded.session.cloud, loaded.session.model) == (cloud, model)
    assert loaded.session.inference is not None
    assert [entries.currentRow() for entries in (loaded.library.clouds, loaded.library.models)] == [0, 0]
