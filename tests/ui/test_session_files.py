"""Sessions on disk: saved, opened again, cut off by a kill, and two windows side by side."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from bgnn_studio.core.perturbation import Perturbation
from bgnn_studio.core.saved_session import SavedFile, SavedSession
from bgnn_studio.io.session_file import read_session, write_session
from bgnn_studio.ui.main_window import MainWindow
from tests.ui.conftest import WAIT_MS, Make, settle


def arrange(window: MainWindow, files: dict[str, Path], qtbot: QtBot) -> None:
    """Open two clouds and two models, and make a choice of every kind."""
    window.open([files[name] for name in ("ball.npy", "other.npy", "binary.gguf", "second.gguf")])
    settle(window, qtbot)
    session = window.session
    session.select_cloud(session.clouds[1])
    session.set_reference(session.models[1])
    session.select_layer(2)
    session.select_point(17)
    session.set_bit(5)
    session.set_colour("bit")
    session.set_edges("picked")
    session.set_shown_k(4)
    session.perturb(Perturbation(turn=30.0))
    session.set_brush((1.0, 9.0))
    window.inspect.viewport.interactor.camera.position = (3.0, 2.0, 1.0)
    settle(window, qtbot)


def shown(window: MainWindow) -> dict[str, object]:
    """Return all that a saved session must bring back."""
    s = window.session
    return {
        "open": [c.cloud.path for c in s.clouds] + [m.path for m in s.models],
        "selected": (s.cloud.cloud.name, s.model.name, s.reference.name),
        "view": (s.pick, s.layer, s.colour, s.bit, s.edges, s.brush, s.shown_k, s.perturbation),
        "points": s.points.tolist(),
        "camera": window.inspect.camera[0],
        "drawn": window.inspect.viewport.scene.edges.connectivity.tolist(),
    }


def press(window: MainWindow, kind: type, text: str) -> None:
    """Click a button in a toast."""
    [button] = [b for toast in window.toasts._toasts for b in toast.findChildren(kind) if b.text() == text]
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_save_quit_restore(
    make_window: Make, files: dict[str, Path], tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = make_window()
    arrange(window, files, qtbot)
    before = shown(window)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "my work"), ""))
    window.sessions.save_again()
    settle(window, qtbot)
    saved = tmp_path / "my work.bgnn.json"
    assert window.toasts.messages[-1] == f"Session saved: {saved}"
    window.session.select_layer(3)
    monkeypatch.undo()
    window.sessions.save_again()  # where it was saved before, so nobody is asked
    settle(window, qtbot)
    assert read_session(saved).layer == 3
    window.edit.undo.trigger()
    window.sessions.save_again()
    settle(window, qtbot)
    window.close()
    again = make_window()
    again.open([saved])
    settle(again, qtbot)
    assert shown(again) == before
    assert again.edit.undo.text() == "&Undo open my work.bgnn.json"
    np.testing.assert_array_equal(again.session.inference.logits, again.session.model.infer(again.session.points).logits)


def test_reopen_last_session(make_window: Make, files: dict[str, Path], qtbot: QtBot) -> None:
    window = make_window()
    window.sessions.reopen_last()
    assert "None was closed yet" in window.toasts.messages[0]
    arrange(window, files, qtbot)
    before = shown(window)
    window.close()
    again = make_window()
    assert again.toasts.messages == []
    again.sessions.reopen_last()
    settle(again, qtbot)
    assert shown(again) == before
    assert again.sessions.path is None


def test_opening_a_session_can_be_undone(loaded: MainWindow, files: dict[str, Path], tmp_path: Path, qtbot: QtBot) -> None:
    loaded.session.select_point(3)
    before = loaded.session.choices
    loaded.sessions.save(tmp_path / "one.bgnn.json")
    settle(loaded, qtbot)
    loaded.open([files["second.gguf"]])
    settle(loaded, qtbot)
    loaded.open([tmp_path / "one.bgnn.json"])
    settle(loaded, qtbot)
    assert [model.name for model in loaded.session.models] == ["binary"]
    loaded.edit.undo.trigger()
    assert [model.name for model in loaded.session.models] == ["binary", "second"]
    loaded.edit.undo.trigger()
    assert loaded.session.choices == before


def test_missing_and_changed_files_are_one_toast(make_window: Make, files: dict[str, Path], tmp_path: Path, qtbot: QtBot) -> None:
    for name in ("ball.npy", "other.npy", "binary.gguf", "second.gguf"):
        shutil.copy(files[name], tmp_path)
    window = make_window()
    arrange(window, {path.name: path for path in tmp_path.iterdir()}, qtbot)
    window.sessions.save(tmp_path / "s.bgnn.json")
    settle(window, qtbot)
    (tmp_path / "other.npy").unlink()
    np.save(tmp_path / "ball.npy", np.load(files["ball.npy"])[:190])
    (tmp_path / "second.gguf").write_bytes(b"GGUF and then nonsense")
    window.toasts._drop(window.toasts._toasts[0])
    window.open([tmp_path / "s.bgnn.json"])
    settle(window, qtbot)
    [message] = window.toasts.messages
    assert "ball.npy has changed since the session was saved." in message
    assert "other.npy: could not be read (No such file or directory)" in message
    assert "second.gguf" in message
    session = window.session
    assert ([c.cloud.name for c in session.clouds], session.model.name, session.reference, session.layer) == (["ball"], "binary", None, 2)
    assert session.inference is not None
    session.select_point(7)
    for path in tmp_path.glob("*.[ng]*"):
        path.unlink()
    window.open([tmp_path / "s.bgnn.json"])
    settle(window, qtbot)
    assert (session.pick, len(session.models)) == (7, 1)  # an empty window would be worse than what is shown


def test_a_session_is_dropped_and_a_bad_one_is_a_toast(loaded: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    loaded.session.select_point(9)
    loaded.sessions.save(tmp_path / "s.bgnn.json")
    settle(loaded, qtbot)
    (tmp_path / "s.bgnn.json").rename(tmp_path / "renamed.json")
    loaded.session.select_point(None)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "renamed.json"))])
    how = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(loaded, QDragEnterEvent(QPoint(50, 50), *how))
    QApplication.sendEvent(loaded, QDropEvent(QPointF(50, 50), *how))
    settle(loaded, qtbot)
    assert loaded.session.pick == 9
    (tmp_path / "new.bgnn.json").write_text('{"format": "bgnn-session", "version": 7}')
    loaded.open([tmp_path / "new.bgnn.json"])
    settle(loaded, qtbot)
    assert "Update bgnn-studio" in loaded.toasts.messages[-1]
    assert loaded.session.pick == 9
    loaded.sessions.save(tmp_path / "no such folder" / "s.bgnn.json")
    settle(loaded, qtbot)
    assert "Session not saved" in loaded.toasts.messages[-1]


def windows(tmp_path: Path) -> Path:
    return tmp_path / "state" / "windows"


def saved_by_itself(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(window.sessions.autosave.path.exists, timeout=WAIT_MS)


def test_an_untouched_window_leaves_nothing(make_window: Make, files: dict[str, Path], tmp_path: Path, qtbot: QtBot) -> None:
    window = make_window()
    window.open([files["ball.npy"]], undoable=False)
    settle(window, qtbot)
    qtbot.wait(1000)
    assert not window.sessions.autosave.path.exists()
    window.close()
    assert list(windows(tmp_path).iterdir()) == []


def killed_child(files: dict[str, Path], state: Path) -> None:
    """Start the window in a process of its own, make a choice, and kill it as soon as that is on the disk."""
    code = (
        "import sys; from pathlib import Path; from PySide6.QtCore import QSettings, QTimer; from PySide6.QtWidgets import QApplication\n"
        "from bgnn_studio.ui.main_window import MainWindow; from bgnn_studio.ui.theme import ThemeSwitch\n"
        "app = QApplication([]); state = Path(sys.argv[1])\n"
        "w = MainWindow(ThemeSwitch(app, 'dark'), QSettings(str(state) + '.ini', QSettings.Format.IniFormat), state)\n"
        "w.show(); w.open([Path(p) for p in sys.argv[2:]])\n"
        "def choose():\n"
        "    if w.session.inference is not None and w.session.pick is None:\n"
        "        w.session.select_layer(2); w.session.select_point(11)\n"
        "timer = QTimer(); timer.timeout.connect(choose); timer.start(20)\n"
        "app.exec()"
    )
    names = [str(files[name]) for name in ("other.npy", "second.gguf")]
    child = subprocess.Popen([sys.executable, "-c", code, str(state), *names])
    try:
        limit = time.monotonic() + WAIT_MS / 1000
        while not any('"pick": 11' in path.read_text() for path in (state / "windows").glob("*.bgnn.json")):
            assert child.poll() is None
            assert time.monotonic() < limit
            time.sleep(0.05)
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()


def test_after_a_kill_the_next_start_offers_to_restore(make_window: Make, files: dict[str, Path], tmp_path: Path, qtbot: QtBot) -> None:
    killed_child(files, tmp_path / "state")
    window = make_window()
    window.open([files["ball.npy"], files["binary.gguf"]], undoable=False)
    settle(window, qtbot)
    [message] = window.toasts.messages
    assert "cut off: 1 cloud and 1 model, saved" in message
    press(window, QPushButton, "Restore")
    settle(window, qtbot)
    s = window.session
    assert (s.cloud.cloud.name, s.model.name, s.layer, s.pick, window.toasts.messages) == ("other", "second", 2, 11, [])
    saved_by_itself(window, qtbot)
    assert list(windows(tmp_path).glob("*.bgnn.json")) == [window.sessions.autosave.path]
    window.edit.undo.trigger()
    assert s.cloud.cloud.name == "ball"  # nothing that was shown is lost
    window.edit.redo.trigger()
    window.close()
    assert [path.name for path in windows(tmp_path).iterdir()] == ["last.bgnn.json"]
    assert make_window().toasts.messages == []


def test_what_is_dismissed_is_the_last_session(make_window: Make, files: dict[str, Path], tmp_path: Path, qtbot: QtBot) -> None:
    windows(tmp_path).mkdir(parents=True)
    saved = SavedSession(
        clouds=(SavedFile(files["other.npy"]),), models=(SavedFile(files["second.gguf"]),), cloud=0, model=0, layer=2, pick=11
    )
    write_session(windows(tmp_path) / "left.bgnn.json", saved)
    (windows(tmp_path) / "newer.bgnn.json").write_text('{"format": "bgnn-session", "version": 7}')
    unread = make_window()
    assert len(unread.toasts.messages) == 1
    assert make_window().toasts.messages == []  # one window offers it
    unread.close()
    window = make_window()
    press(window, QToolButton, "\N{MULTIPLICATION SIGN}")
    assert window.toasts.messages == []
    window.sessions.reopen_last()
    settle(window, qtbot)
    assert (window.session.layer, window.session.pick) == (2, 11)
    window.close()
    assert sorted(path.name for path in windows(tmp_path).glob("*.json")) == ["last.bgnn.json", "newer.bgnn.json"]  # not ours to judge


def test_two_windows_do_not_disturb_each_other(make_window: Make, files: dict[str, Path], tmp_path: Path, qtbot: QtBot) -> None:
    first, second = make_window(), make_window()
    for window, name in ((first, "ball.npy"), (second, "other.npy")):
        window.open([files[name]])
        settle(window, qtbot)
        saved_by_itself(window, qtbot)
    assert (first.toasts.messages, second.toasts.messages) == ([], [])
    first.close()
    third = make_window()
    assert third.toasts.messages == []
    assert read_session(second.sessions.autosave.path).clouds[0].path == files["other.npy"]
    second.close()
    third.sessions.reopen_last()
    settle(third, qtbot)
    assert third.session.cloud.cloud.name == "other"


def test_a_state_folder_that_cannot_be_made_is_said_once(make_window: Make, files: dict[str, Path], tmp_path: Path, qtbot: QtBot) -> None:
    (tmp_path / "state").write_text("a file in the way")
    window = make_window()
    window.open([files["ball.npy"]])
    settle(window, qtbot)
    qtbot.wait(1000)
    assert [message[:40] for message in window.toasts.messages] == ["The session cannot be saved by itself: /"]
    assert window.session.cloud is not None
