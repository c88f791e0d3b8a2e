"""The command palette and the overview of shortcuts, by keyboard alone."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from bgnn_studio.ui.actions import Command, menu_commands
from bgnn_studio.ui.main_window import MainWindow
from bgnn_studio.ui.palette import _COMMAND, Palette
from tests.ui.conftest import settle

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def palette(loaded: MainWindow) -> Palette:
    """Return the palette of a window, brought up by its keys."""
    QApplication.setActiveWindow(loaded)  # there is no window manager here
    QTest.keyClick(loaded, Qt.Key.Key_K, CTRL)
    assert QApplication.focusWidget() is loaded.help.commands.field
    return loaded.help.commands


def offered(palette: Palette) -> list[Command]:
    return [palette.list.item(row).data(_COMMAND) for row in range(palette.list.count())]


def ask(palette: Palette, query: str) -> None:
    """Type a query and press Return."""
    QTest.keyClicks(palette.field, query)
    QTest.keyClick(palette.field, Qt.Key.Key_Return)


def test_it_has_every_action_of_the_menus_and_every_choice(loaded: MainWindow, palette: Palette) -> None:
    texts = {command.text for command in offered(palette)}
    assert {"Undo open 2 files", "Save session", "Quit", "Graph of layer 3", "Hide Latency", "Switch theme", "Run again"} <= texts
    assert {"Go to Inspect", "Select ball", "Select binary", "Colour by In-degree", "Draw no edges"} <= texts
    assert "Graph of layer 4" not in texts  # the model has three
    assert {c.text: c.shortcut for c in offered(palette)}["Save session"] == "Ctrl+S"
    loaded.session.forget_steps()
    reasons = {command.text: command.reason for command in menu_commands(loaded.menuBar())}
    assert reasons["Save session"] is None
    assert reasons["Undo"] == "Not now"
    assert "pick a point" in reasons["Export neighbours\N{HORIZONTAL ELLIPSIS}"]


def test_a_few_letters_and_return(loaded: MainWindow, palette: Palette, files: dict[str, Path], qtbot: QtBot) -> None:
    ask(palette, "gl3")
    assert (loaded.session.layer, palette.isVisible()) == (3, False)
    loaded.open([files["second.gguf"], files["other.npy"]])
    settle(loaded, qtbot)
    for query, fact in (
        ("sel bin", lambda: loaded.session.model.name == "binary"),
        ("sel ball", lambda: loaded.session.cloud.cloud.name == "ball"),
        ("comp second", lambda: loaded.session.reference.name == "second"),
        ("col drift", lambda: loaded.session.colour == "drift"),
        ("no edges", lambda: loaded.session.edges == "none"),
        ("undo", lambda: loaded.session.edges == "all"),
    ):
        palette.toggle()
        ask(palette, query)
        settle(loaded, qtbot)
        assert fact(), query


def test_the_arrows_choose_escape_leaves_and_what_cannot_be_done_says_why(loaded: MainWindow, palette: Palette) -> None:
    loaded.session.select_point(5)
    QTest.keyClicks(palette.field, "graph of")
    assert [command.text for command in offered(palette)] == ["Graph of layer 2", "Graph of layer 3"]
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp, Qt.Key.Key_Tab):
        QTest.keyClick(palette.field, key)
    assert palette.list.currentRow() == 1
    QTest.keyClick(palette.field, Qt.Key.Key_Escape)
    assert (palette.isVisible(), loaded.session.pick, loaded.session.layer) == (False, 5, 1)
    palette.toggle()
    assert palette.field.text() == ""
    QTest.keyClick(palette.field, Qt.Key.Key_K, CTRL)
    assert not palette.isVisible()
    palette.toggle()
    QTest.keyClicks(palette.field, "colour")
    assert offered(palette)[-1].reason is not None
    palette.field.clear()
    ask(palette, "colour drift")
    assert "No reference" in loaded.toasts.messages[-1]
    palette.toggle()
    ask(palette, "no such thing")
    assert palette.isVisible()
    assert palette.list.count() == 0


def test_a_click_elsewhere_ends_it_a_click_on_a_row_does_it_and_it_stays_inside(loaded: MainWindow, palette: Palette) -> None:
    QTest.mouseClick(loaded.inspect.bar.layer.button(2), Qt.MouseButton.LeftButton)
    assert (palette.isVisible(), loaded.session.layer) == (False, 2)
    palette.toggle()
    palette.field.setText("graph of layer 3")
    rect = palette.list.visualItemRect(palette.list.item(0))
    QTest.mouseClick(palette.list.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert (palette.isVisible(), loaded.session.layer) == (False, 3)
    palette.toggle()
    for size in ((1280, 720), (1600, 1000), (1280, 720)):
        loaded.resize(*size)
        QApplication.processEvents()
        assert loaded.rect().contains(palette.geometry())


def test_the_overview_has_the_real_shortcuts(loaded: MainWindow) -> None:
    QApplication.setActiveWindow(loaded)
    QTest.keyClick(loaded, Qt.Key.Key_F1)
    sheet = loaded.help.shortcuts
    assert sheet.isVisible()
    text = "".join(column.text() for column in sheet.columns)
    for command in menu_commands(loaded.menuBar()):
        if command.shortcut:
            assert f">{command.name}</td>" in text
            assert f">{command.shortcut}</td>" in text
    assert "Close cloud or model" in text
    assert "Ctrl+C" in text
    assert text.count("Close cloud or model") == 1
    QTest.keyClick(sheet, Qt.Key.Key_Question)
    assert not sheet.isVisible()
