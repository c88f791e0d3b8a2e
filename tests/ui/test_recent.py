"""The menu of files opened before."""

from pathlib import Path

import numpy as np
from pytestqt.qtbot import QtBot

from bgnn_studio.core.resources import bundled_clouds
from bgnn_studio.ui.main_window import MainWindow
from bgnn_studio.ui.recent import LIMIT
from tests.random_model import random_cloud
from tests.ui.conftest import Make, settle


def entries(window: MainWindow) -> list[tuple[str, bool]]:
    """Return name and whether it can be chosen, as a user sees the menu, without the line that clears it."""
    window.recent.aboutToShow.emit()
    return [(a.text().split("  ")[1], a.isEnabled()) for a in window.recent.actions() if "\N{EN DASH}" in a.text()]


def open_one(window: MainWindow, path: Path, qtbot: QtBot) -> None:
    window.open([path])
    settle(window, qtbot)


def test_files_are_remembered_newest_first_and_the_bundled_ones_not(make_window: Make, files: dict[str, Path], qtbot: QtBot) -> None:
    window = make_window()
    assert not window.recent.menuAction().isEnabled()
    open_one(window, bundled_clouds()[0], qtbot)
    open_one(window, files["bad.npy"], qtbot)
    assert entries(window) == []
    open_one(window, files["ball.npy"], qtbot)
    window.close()
    window = make_window()  # a list of one comes back as one
    assert entries(window) == [("ball.npy", True)]
    open_one(window, files["binary.gguf"], qtbot)
    open_one(window, files["ball.npy"], qtbot)
    assert entries(window) == [("ball.npy", True), ("binary.gguf", True)]
    window.session.remove_cloud(window.session.clouds[0])
    assert entries(window)[0] == ("ball.npy", True)
    window.recent.actions()[0].trigger()
    settle(window, qtbot)
    assert [c.cloud.name for c in window.session.clouds] == ["ball"]
    window.recent.actions()[-1].trigger()
    assert entries(window) == []
    assert not window.recent.menuAction().isEnabled()


def test_a_file_that_is_gone_is_greyed_and_says_so(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "here & gone.npy"
    np.save(path, random_cloud(30))
    open_one(window, path, qtbot)
    assert entries(window) == [("here && gone.npy", True)]
    path.unlink()
    assert entries(window) == [("here && gone.npy", False)]
    assert "not there any more" in window.recent.actions()[0].toolTip()


def test_the_list_is_no_longer_than_its_limit(window: MainWindow, tmp_path: Path) -> None:
    for number in range(LIMIT + 3):
        window.recent.add(tmp_path / f"{number}.npy")
    assert [path.name for path in window.recent.paths] == [f"{n}.npy" for n in range(LIMIT + 2, 2, -1)]
