"""The real window with real (small, random) models, and a teardown that finds what was left behind."""

import gc
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from bgnn_studio.ui.main_window import MainWindow
from bgnn_studio.ui.theme import ThemeSwitch
from tests.random_model import random_cloud, random_model, small_spec

WAIT_MS = 20_000
Make = Callable[[], MainWindow]


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return two clouds, one too small for any model here, a binary and a float model, and a file that is neither."""
    folder = tmp_path_factory.mktemp("ui")
    for name, count, seed in (("ball", 200, 1), ("other", 240, 2), ("tiny", 3, 3)):
        np.save(folder / f"{name}.npy", random_cloud(count, seed))
    random_model(folder / "binary.gguf", small_spec("bf2", points=200), seed=4)
    random_model(folder / "second.gguf", small_spec("bf1", points=200), seed=5)
    random_model(folder / "real.gguf", small_spec("dgcnn", points=200), seed=6)
    random_model(folder / "coarse.gguf", small_spec("bf2", points=64), seed=7)
    (folder / "bad.gguf").write_bytes(b"GGUF and then nonsense")
    (folder / "bad.npy").write_bytes(b"\x93NUMPY and then nonsense")
    return {path.name: path for path in folder.iterdir()}


def gather() -> None:
    """Let Qt delete what was promised, and Python collect the rest."""
    for _ in range(3):
        QApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        gc.collect()


@pytest.fixture
def make_window(qtbot: QtBot, tmp_path: Path) -> Iterator[Make]:
    """Make shown windows with a 3D view; afterwards no thread and no interactor of theirs may be left."""
    from pyvistaqt import QtInteractor

    gc.collect()
    gc.freeze()  # what was there before is not looked at again: with all libraries loaded a collection takes half a second
    windows: list[MainWindow] = []

    def make() -> MainWindow:
        settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
        window = MainWindow(ThemeSwitch(QApplication.instance(), settings.value("theme", "dark")), settings, tmp_path / "state")
        window.resize(1280, 720)
        window.show()
        qtbot.waitUntil(lambda: window.inspect.viewport is not None, timeout=WAIT_MS)
        windows.append(window)
        return window

    yield make
    while windows:
        window = windows.pop()
        window.close()
        window.deleteLater()
        del window
    gather()
    assert [t.name for t in threading.enumerate() if t.name.startswith("bgnn-job")] == []
    assert [o for o in gc.get_objects() if type(o) is QtInteractor] == []


@pytest.fixture
def window(make_window: Make) -> MainWindow:
    """Return an empty window."""
    return make_window()


@pytest.fixture
def loaded(window: MainWindow, files: dict[str, Path], qtbot: QtBot) -> MainWindow:
    """Return a window with the binary model run on the first cloud."""
    window.open([files["ball.npy"], files["binary.gguf"]])
    settle(window, qtbot)
    return window


def settle(window: MainWindow, qtbot: QtBot) -> None:
    """Wait until all jobs have ended."""
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=WAIT_MS)
    QApplication.processEvents()
