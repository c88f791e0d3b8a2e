"""The orbit movie, filmed in the real window."""

from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image
from pytestqt.qtbot import QtBot

from bgnn_studio.ui.main_window import MainWindow
from tests.ui.conftest import settle


def test_a_movie_of_one_turn(loaded: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    before = loaded.inspect.viewport.camera
    loaded.saving.movie(tmp_path / "turn.webp", frames=4)
    settle(loaded, qtbot)
    assert loaded.toasts.messages[-1].startswith("Movie saved")
    np.testing.assert_allclose(np.ravel(loaded.inspect.viewport.camera), np.ravel(before))
    with Image.open(tmp_path / "turn.webp") as movie:
        assert movie.n_frames == 4
        pictures = []
        for i in range(4):
            movie.seek(i)
            pictures.append(np.asarray(movie.convert("RGB"), int))
    assert all(np.abs(a - b).max() > 60 for a, b in pairwise(pictures))


def test_a_movie_is_cancelled_and_the_view_comes_back(loaded: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    before = loaded.inspect.viewport.camera
    loaded.saving.movie(tmp_path / "turn.gif", frames=500)
    qtbot.waitUntil(lambda: loaded.jobs.running[0].progress.done > 2, timeout=20_000)
    loaded.jobs.cancel("movie")
    settle(loaded, qtbot)
    assert not (tmp_path / "turn.gif").exists()
    np.testing.assert_allclose(np.ravel(loaded.inspect.viewport.camera), np.ravel(before))


def test_the_window_closes_while_it_films(loaded: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    loaded.saving.movie(tmp_path / "turn.gif", frames=500)
    qtbot.waitUntil(lambda: loaded.jobs.running[0].progress.done > 0, timeout=20_000)
    loaded.close()
    assert list(tmp_path.glob("*.gif")) == []


def test_bad_places(loaded: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    loaded.saving.movie(tmp_path / "turn.mp4")
    assert "expected a movie ending in .webp or .gif" in loaded.toasts.messages[-1]
    loaded.saving.movie(tmp_path / "no such folder" / "turn.gif", frames=2)
    settle(loaded, qtbot)
    assert "could not be written" in loaded.toasts.messages[-1]
