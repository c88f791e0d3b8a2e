"""Clouds and models that are changed or removed while they are open: the window goes on with what it read."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from bgnn_studio.ui.main_window import MainWindow
from tests.ui.conftest import settle


def _remove(path: Path) -> None:
    path.unlink()


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def _overwrite(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.write(b"\xff" * size)


@pytest.mark.parametrize("spoil", [_remove, _cut, _overwrite])
def test_the_window_goes_on(
    window: MainWindow, files: dict[str, Path], tmp_path: Path, qtbot: QtBot, spoil: Callable[[Path], None]
) -> None:
    opened = [Path(shutil.copy(files[name], tmp_path)) for name in ("ball.npy", "other.npy", "binary.gguf", "second.gguf")]
    window.open(opened)
    settle(window, qtbot)
    session = window.session
    first = session.inference.logits.copy()
    for path in opened:
        spoil(path)
    session.select_model(session.models[1])
    settle(window, qtbot)
    session.select_cloud(session.clouds[1])
    session.select_layer(3)
    settle(window, qtbot)
    session.select_cloud(session.clouds[0])
    session.select_model(session.models[0])
    settle(window, qtbot)
    assert (session.inference.logits == first).all()
    assert window.toasts.messages == []
    window.sessions.save(tmp_path / "kept.bgnn.json")
    settle(window, qtbot)
    window.open([opened[0]])
    settle(window, qtbot)
    assert "ball.npy" in window.toasts.messages[-1]
    assert len(session.clouds) == 2
