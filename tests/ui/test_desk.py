"""Opening files: clouds of one file, by their number."""

from pathlib import Path

import numpy as np
from pytestqt.qtbot import QtBot

from bgnn_studio.ui.main_window import MainWindow
from tests.make_clouds import hdf5_file
from tests.ui.conftest import settle


def test_clouds_of_one_file_open_side_by_side(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    clouds = np.random.default_rng(0).normal(size=(4, 50, 3)).astype(np.float32)
    path = tmp_path / "clouds.h5"
    path.write_bytes(hdf5_file(clouds))
    window.open([Path(f"{path}#3"), path, Path(f"{path}#3")])
    settle(window, qtbot)
    opened = {c.cloud.name: c.cloud.points for c in window.session.clouds}
    assert list(opened) == ["clouds#0", "clouds#3"]
    assert np.array_equal(opened["clouds#0"], clouds[0])
    assert np.array_equal(opened["clouds#3"], clouds[3])
    assert {Path(f"{path}#0"), Path(f"{path}#3")} <= set(window.recent.paths)
    window.recent.aboutToShow.emit()
    assert [a.isEnabled() for a in window.recent.actions() if "clouds.h5" in a.text()] == [True, True]
    window.open([Path(f"{path}#4")])
    settle(window, qtbot)
    assert len(window.toasts.messages) == 1
    assert "from #0 to #3 (got #4)" in window.toasts.messages[0]
