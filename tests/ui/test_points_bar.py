"""The number of points that a model runs on, chosen below the clouds."""

from pathlib import Path

import numpy as np
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from bgnn_studio.core.clouds import preprocess
from bgnn_studio.ui.main_window import MainWindow
from tests.ui.conftest import settle


def choose(choice: QComboBox, text: str) -> None:
    choice.setCurrentIndex(choice.findText(text))
    choice.activated.emit(choice.currentIndex())


def test_another_number_of_points(window: MainWindow, files: dict[str, Path], tmp_path: Path, qtbot: QtBot) -> None:
    rng = np.random.default_rng(0)
    np.save(tmp_path / "many.npy", points := rng.normal(size=(700, 3)).astype(np.float32))
    bar, session = window.library.points, window.session
    assert not bar.choice.isEnabled()
    window.open([tmp_path / "many.npy", files["coarse.gguf"]])
    settle(window, qtbot)
    assert bar.choice.currentText() == "As trained (64)"
    assert bar.said.text() == "64 of 700 points, farthest point sampling. Centred · unit sphere · z up."
    choose(bar.choice, "512")
    settle(window, qtbot)
    np.testing.assert_array_equal(session.points, preprocess(points, 512))
    assert len(session.inference.trace.knn[0]) == 512
    assert bar.said.text() == "512 of 700 points, farthest point sampling. coarse was trained with 64. Centred · unit sphere · z up."
    choose(bar.choice, "All (700)")
    settle(window, qtbot)
    assert len(session.inference.trace.knn[0]) == 700
    window.edit.undo.trigger()
    settle(window, qtbot)
    assert bar.choice.currentText() == "512"
    assert len(window.inspect.viewport.scene.points) == 512


def test_a_cloud_with_fewer_points_than_the_model_expects_says_so(
    loaded: MainWindow, files: dict[str, Path], tmp_path: Path, qtbot: QtBot
) -> None:
    np.save(tmp_path / "few.npy", np.random.default_rng(1).normal(size=(90, 3)))
    loaded.open([tmp_path / "few.npy"])
    settle(loaded, qtbot)
    assert (
        loaded.library.points.said.text()
        == "All 90 points, fewer than 200; none is repeated. binary was trained with 200. Centred · unit sphere · z up."
    )
    assert "90 points, trained with 200" in loaded.inspect.viewport.scene.legend.title.GetInput()


def test_neighbours_shown_are_listed_and_drawn(loaded: MainWindow, qtbot: QtBot) -> None:
    session, panel = loaded.session, loaded.inspect.neighbours
    session.select_layer(2)
    session.select_point(3)
    assert panel.shown.text() == "Nearest 5 of 5"
    panel.shown.setValue(2)
    knn = session.inference.trace.knn[1]
    assert [row.point for row in panel.table.rows] == knn[3, :2].tolist()
    pairs = loaded.inspect.viewport.scene.edges.connectivity.reshape(-1, 2)
    np.testing.assert_array_equal(pairs, np.stack([np.repeat(np.arange(200), 2), knn[:, :2].ravel()], axis=1))
    panel.shown.setValue(5)
    assert session.shown_k is None
    assert len(panel.table.rows) == 5


def test_neighbours_are_copied_by_a_button(loaded: MainWindow) -> None:
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QGuiApplication

    panel = loaded.inspect.neighbours
    assert not panel.copy_button.isEnabled()
    loaded.session.select_point(3)
    QTest.mouseClick(panel.copy_button, Qt.MouseButton.LeftButton)
    lines = QGuiApplication.clipboard().text().split("\n")
    assert lines[0].split("\t")[:2] == ["Rank", "Point"]
    assert [line.split("\t")[1] for line in lines[1:]] == [str(j) for j in loaded.session.inference.trace.knn[0][3]]
    assert "5 neighbours copied" in loaded.toasts.messages[-1]
