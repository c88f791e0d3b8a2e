"""Exceptions that nobody caught: a toast, the log, and a window that lives on."""

import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from bgnn_studio.ui.log import log_to
from bgnn_studio.ui.main_window import LOGS, MainWindow
from bgnn_studio.ui.unhandled import Unhandled
from tests.ui.conftest import settle


@pytest.fixture
def guarded(loaded: MainWindow, tmp_path: Path) -> Iterator[MainWindow]:
    """Return a window whose unhandled exceptions are toasts, as `app.run` makes it."""
    with log_to(tmp_path / "state" / LOGS):
        hooks = sys.excepthook, threading.excepthook
        unhandled = Unhandled(loaded)
        unhandled.caught.connect(lambda error: loaded.toasts.error("Unexpected error", error))
        yield loaded
        unhandled.release()
        assert (sys.excepthook, threading.excepthook) == hooks


def divide() -> None:
    _ = 1 / len([])


def test_a_slot_that_raises_is_a_toast_and_the_window_lives(guarded: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    for _ in range(3):  # told once
        QTimer.singleShot(0, divide)
    qtbot.waitUntil(lambda: bool(guarded.toasts.messages))
    qtbot.wait(50)
    [message] = guarded.toasts.messages
    assert "ZeroDivisionError: division by zero" in message
    log = (tmp_path / "state" / LOGS / "bgnn-studio.log").read_text()
    assert log.count("_ = 1 / len([])") == 1
    guarded.session.select_layer(2)
    settle(guarded, qtbot)
    assert guarded.session.facts is not None
    [button] = guarded.toasts._toasts[0].findChildren(QPushButton)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    report = QApplication.clipboard().text()
    assert "ZeroDivisionError: division by zero" in report
    assert "bgnn-studio: " in report
    assert guarded.toasts.messages[-1].startswith("Diagnostics copied")


def test_a_listener_a_job_and_a_thread_that_raise(guarded: MainWindow, qtbot: QtBot) -> None:
    def listen(_: frozenset[str]) -> None:
        raise KeyError("listener")

    end = guarded.session.subscribe(listen)
    QTimer.singleShot(0, lambda: guarded.session.select_point(3))
    qtbot.waitUntil(lambda: bool(guarded.toasts.messages))
    end()
    assert guarded.inspect.neighbours.headline.text().startswith("Point 3")
    guarded.jobs.start("Failing", lambda _: divide(), done=lambda _: None, failed=lambda e: guarded.toasts.error("Job", e))
    settle(guarded, qtbot)
    assert [message.split(":")[0] for message in guarded.toasts.messages] == ["Unexpected error", "Job"]
    thread = threading.Thread(target=divide)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: len(guarded.toasts.messages) == 3)
    assert "ZeroDivisionError" in guarded.toasts.messages[-1]


def test_what_ends_the_program_is_left_alone(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    passed = []
    monkeypatch.setattr(sys, "excepthook", lambda *args: passed.append(args[0]))
    unhandled = Unhandled()
    unhandled.caught.connect(lambda _: pytest.fail("not an error"))
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    unhandled.release()
    assert passed == [KeyboardInterrupt]


def test_the_report_names_no_home_folder(guarded: MainWindow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    logging.getLogger("bgnn_studio").info("opened %s", tmp_path / "secret.npy")
    guarded.help.copy_diagnostics()
    report = QApplication.clipboard().text()
    assert "opened ~/secret.npy" in report
    assert str(tmp_path) not in report
    for name in ("python: ", "system: ", "processor: ", "engine: ", "qt: ", "screens: ", "numpy: "):
        assert f"\n{name}" in report
