"""What a user does to the window, and what must then be true of it."""

import time
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QSettings, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from bgnn_studio.core.clouds import preprocess
from bgnn_studio.scene.theme import rgb
from bgnn_studio.ui.main_window import MainWindow
from bgnn_studio.ui.theme import DARK, LIGHT, ThemeSwitch
from tests.random_model import random_cloud, random_model, small_spec
from tests.ui.conftest import Make, settle


def drawn(window: MainWindow) -> np.ndarray:
    """Return the (E, 2) pairs that VTK draws."""
    return window.inspect.viewport.scene.edges.connectivity.reshape(-1, 2)


def graph(knn: np.ndarray) -> np.ndarray:
    """Return (N * k, 2) pairs of a graph."""
    return np.stack([np.repeat(np.arange(len(knn)), knn.shape[1]), knn.ravel()], axis=1)


def pixel_of(window: MainWindow, point: int) -> QPoint:
    """Project a point with VTK itself, to the coordinates of the view's widget."""
    view = window.inspect.viewport
    renderer = view.scene.renderer
    renderer.SetWorldPoint(*(float(v) for v in view.scene.points[point]), 1.0)
    renderer.WorldToDisplay()
    x, y, _ = renderer.GetDisplayPoint()
    ratio = view.interactor.devicePixelRatioF()
    return QPoint(round(x / ratio), round(view.interactor.height() - 1 - y / ratio))


def frontmost(window: MainWindow) -> int:
    """Return the point nearest to the camera: nothing can cover it."""
    view = window.inspect.viewport
    camera = np.array(view.scene.renderer.GetActiveCamera().GetPosition())
    direction = np.array(view.scene.renderer.GetActiveCamera().GetDirectionOfProjection())
    return int(((view.scene.points - camera) @ direction).argmin())


def shown_error(window: MainWindow) -> str:
    assert len(window.toasts.messages) == 1
    return window.toasts.messages[0]


def test_bundled_models_open_from_the_menu(window: MainWindow, qtbot: QtBot) -> None:
    menu = next(menu for menu in window.findChildren(QMenu) if menu.title() == "Open &bundled models")
    stages, modelnet = menu.actions()
    modelnet.trigger()
    settle(window, qtbot)
    assert sorted(model.name for model in window.session.models) == [f"{name}-modelnet40" for name in ("bf2", "bfr", "dgcnn", "rf")]
    stages.trigger()
    settle(window, qtbot)
    opened = {(model.spec.variant, model.spec.stage) for model in window.session.models if "modelnet40" not in model.name}
    assert opened == {("dgcnn", "teacher")} | {
        (name, stage) for name in ("rf", "bf1", "bf2", "bfr") for stage in ("tanh", "sign", "binary")
    }
    assert not window.recent.paths


def test_opening_a_cloud_and_a_model_draws_the_input_graph(loaded: MainWindow) -> None:
    trace = loaded.session.inference.trace
    np.testing.assert_array_equal(drawn(loaded), graph(trace.knn[0]))
    picture = loaded.grab().toImage()
    view = loaded.inspect.viewport.interactor
    corner = view.mapTo(loaded, QPoint(0, 0))
    colours = {picture.pixel(corner.x() + x, corner.y() + y) for x in range(0, view.width(), 3) for y in range(0, view.height(), 3)}
    assert len(colours) > 1000  # lit spheres, and not an empty gradient of a few hundred
    assert loaded.windowTitle() == "ball \N{EN DASH} binary \N{EN DASH} bgnn-studio"


def test_panels_show_the_inference(loaded: MainWindow) -> None:
    inference, tab = loaded.session.inference, loaded.inspect
    best = loaded.session.model.spec.classes[int(inference.logits.argmax())]
    assert tab.prediction.headline.text() == best
    assert [bar.label for bar in tab.latency.bars.bars] == ["Layer 1", "Layer 2", "Layer 3", "Embedding", "Head"]
    assert sum(bar.total for bar in tab.latency.bars.bars) == pytest.approx(inference.latency_ns / 1e6)
    sizes = {bar.label: bar.total for bar in tab.memory.bars.bars}
    assert sizes["Model file"] == loaded.session.model.path.stat().st_size
    assert sizes["Arena"] == inference.arena_bytes
    assert sizes["Parameters, packed"] < sizes["Parameters, float32"]
    assert tab.distances.counts.sum() == inference.trace.distances[0].size


def test_a_click_picks_the_point_under_it(loaded: MainWindow) -> None:
    expected = frontmost(loaded)
    QTest.mouseClick(loaded.inspect.viewport.interactor, Qt.MouseButton.LeftButton, pos=pixel_of(loaded, expected))
    assert loaded.session.pick == expected
    table = loaded.inspect.neighbours.table
    trace = loaded.session.inference.trace
    for layer in (1, 3):
        loaded.session.select_layer(layer)
        cells = [[table.index(row, column).data() for column in range(3)] for row in range(table.rowCount())]
        knn, distances = trace.knn[layer - 1][expected], trace.distances[layer - 1][expected]
        text = "{:#.4g}" if layer == 1 else "{:.0f}"
        assert cells == [[str(r + 1), str(i), text.format(d)] for r, (i, d) in enumerate(zip(knn, distances, strict=True))]
    QApplication.setActiveWindow(loaded)  # there is no window manager here
    QTest.keyClick(loaded.inspect.viewport.interactor, Qt.Key.Key_Escape)
    assert loaded.session.pick is None
    assert table.rowCount() == 0


def test_neighbours_can_be_walked_and_copied(loaded: MainWindow) -> None:
    loaded.session.select_point(7)
    panel, trace = loaded.inspect.neighbours, loaded.session.inference.trace
    panel.copy()
    lines = [line.split("\t") for line in QApplication.clipboard().text().splitlines()]
    assert lines[0] == ["Rank", "Point", "L2\N{SUPERSCRIPT TWO}", "Spatial"]
    assert [int(line[1]) for line in lines[1:]] == trace.knn[0][7].tolist()
    panel.view.doubleClicked.emit(panel.table.index(2, 0))
    assert loaded.session.pick == trace.knn[0][7, 2]


def test_a_drag_turns_the_cloud_and_picks_nothing(loaded: MainWindow) -> None:
    view, start = loaded.inspect.viewport.interactor, pixel_of(loaded, frontmost(loaded))
    before = view.camera.position
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(view, start + QPoint(40, 10))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=start + QPoint(40, 10))
    assert loaded.session.pick is None
    assert view.camera.position != before


def test_a_layer_switch_changes_the_graph(loaded: MainWindow) -> None:
    trace = loaded.session.inference.trace
    QTest.mouseClick(loaded.inspect.bar.layer.button(3), Qt.MouseButton.LeftButton)
    assert loaded.session.layer == 3
    np.testing.assert_array_equal(drawn(loaded), graph(trace.knn[2]))
    loaded.session.set_edges("none")
    assert len(drawn(loaded)) == 0


def test_the_brush_keeps_edges_of_its_range(loaded: MainWindow) -> None:
    loaded.session.select_layer(2)
    trace, panel = loaded.session.inference.trace, loaded.inspect.distances
    panel.filter.setChecked(True)
    low, high = loaded.session.brush
    inside = ((trace.distances[1] >= low) & (trace.distances[1] <= high)).ravel()
    assert 0 < inside.sum() < inside.size
    np.testing.assert_array_equal(drawn(loaded), graph(trace.knn[1])[inside])
    loaded.session.select_layer(3)
    assert not panel.filter.isChecked()
    np.testing.assert_array_equal(drawn(loaded), graph(trace.knn[2]))


def test_a_float_model_says_why_it_has_no_bit_planes(loaded: MainWindow, files: dict[str, Path], qtbot: QtBot) -> None:
    loaded.session.select_layer(2)
    button = loaded.inspect.bar.colour.button("bit")
    assert button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert loaded.inspect.bar.bit.isVisible()
    assert loaded.inspect.bar.bit.maximum() == 15
    loaded.open([files["real.gguf"]])
    settle(loaded, qtbot)
    assert not button.isEnabled()
    assert "real features" in button.toolTip()
    assert loaded.session.colour == "height"
    assert loaded.session.layer == 2


@pytest.mark.parametrize("name", ["bad.gguf", "bad.npy", "absent.npy"])
def test_a_bad_file_is_a_toast_and_nothing_else(loaded: MainWindow, files: dict[str, Path], qtbot: QtBot, name: str) -> None:
    before = (loaded.session.clouds, loaded.session.models, loaded.session.inference)
    loaded.open([files["ball.npy"].with_name(name)])
    settle(loaded, qtbot)
    assert f"{name} was not opened" in shown_error(loaded)
    assert (loaded.session.clouds, loaded.session.models, loaded.session.inference) == before


def test_a_cloud_with_too_few_points_is_listed_and_not_selected(loaded: MainWindow, files: dict[str, Path], qtbot: QtBot) -> None:
    inference = loaded.session.inference
    loaded.open([files["tiny.npy"]])
    settle(loaded, qtbot)
    assert "tiny has 3 points" in shown_error(loaded)
    assert loaded.session.inference is inference
    assert loaded.library.clouds.count() == 2
    loaded.library.clouds.setCurrentRow(1)
    assert loaded.session.cloud.cloud.name == "ball"
    assert loaded.library.clouds.currentRow() == 0


def test_files_dropped_on_the_view_are_opened(window: MainWindow, files: dict[str, Path], qtbot: QtBot) -> None:
    view = window.inspect.viewport.interactor
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(files[name])) for name in ("ball.npy", "binary.gguf")])
    how = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(view, QDragEnterEvent(QPoint(50, 50), *how))
    QApplication.sendEvent(view, QDropEvent(QPointF(50, 50), *how))
    settle(window, qtbot)
    assert window.session.inference is not None


def test_the_theme_dresses_window_and_scene_and_is_remembered(make_window: Make) -> None:
    window = make_window()
    scene = window.inspect.viewport.scene
    for theme in (LIGHT, DARK, LIGHT):
        window._themes.toggle()
        assert QApplication.palette().color(QPalette.ColorRole.Window).name() == theme.panel
        assert scene.renderer.GetBackground() == pytest.approx(rgb(theme.scene.bottom))
        assert window.inspect.distances.plot.backgroundBrush().color().name() == theme.panel
    window.close()
    assert make_window()._themes.theme is LIGHT


def test_quick_switching_shows_the_last_choice_only(loaded: MainWindow, files: dict[str, Path], qtbot: QtBot) -> None:
    loaded.open([files["other.npy"], files["second.gguf"]])
    settle(loaded, qtbot)
    first, second = loaded.session.models
    shown = []
    loaded.session.subscribe(lambda changed: shown.append(loaded.session.inference) if "inference" in changed else None)
    for model in (first, second, first, second, first):
        loaded.session.select_model(model)
    settle(loaded, qtbot)
    assert len([inference for inference in shown if inference is not None]) == 1
    expected = first.infer(loaded.session.points)
    np.testing.assert_array_equal(loaded.session.inference.logits, expected.logits)


def test_a_model_gets_as_many_points_as_it_was_trained_with(loaded: MainWindow, files: dict[str, Path], qtbot: QtBot) -> None:
    loaded.session.select_point(150)
    loaded.open([files["coarse.gguf"]])
    settle(loaded, qtbot)
    session, scene = loaded.session, loaded.inspect.viewport.scene
    assert session.pick is None
    assert len(scene.points) == 64
    np.testing.assert_array_equal(scene.points, session.points)
    np.testing.assert_array_equal(drawn(loaded), graph(session.inference.trace.knn[0]))
    np.testing.assert_array_equal(session.points, preprocess(np.load(files["ball.npy"]), 64))


def test_edges_of_a_large_cloud_are_hidden_while_it_turns(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    for count in (4095, 4096):
        np.save(tmp_path / f"{count}.npy", random_cloud(count))
    window.open([tmp_path / "4096.npy", tmp_path / "4095.npy", random_model(tmp_path / "fine.gguf", small_spec("bf2", points=4096))])
    settle(window, qtbot)
    view, edges = window.inspect.viewport.interactor, window.inspect.viewport.scene.edges.actor
    for cloud, hidden in zip(window.session.clouds, (True, False), strict=True):
        window.session.select_cloud(cloud)
        settle(window, qtbot)
        middle = view.rect().center()
        QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=middle)
        assert edges.GetVisibility()
        QTest.mouseMove(view, middle + QPoint(30, 10))
        assert bool(edges.GetVisibility()) is not hidden
        QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=middle + QPoint(30, 10))
        assert edges.GetVisibility()


def test_a_large_cloud_is_shown_whole_until_a_model_is_selected(
    window: MainWindow, files: dict[str, Path], tmp_path: Path, qtbot: QtBot
) -> None:
    points = random_cloud(20_000)
    np.save(tmp_path / "large.npy", points)
    window.open([tmp_path / "large.npy"])
    settle(window, qtbot)
    assert len(window.inspect.viewport.scene.points) == 16_384
    assert "16,384 of its 20,000 points" in window.library.clouds.item(0).toolTip()
    window.open([files["coarse.gguf"]])
    settle(window, qtbot)
    np.testing.assert_array_equal(window.inspect.viewport.scene.points, preprocess(points, 64))


def test_closing_during_work_is_clean(loaded: MainWindow) -> None:
    done = []
    loaded.jobs.start("Waiting", lambda cancelled: cancelled.wait(20), done=done.append, failed=done.append)
    loaded.desk.infer()
    began = time.monotonic()
    loaded.close()
    QApplication.processEvents()
    assert time.monotonic() - began < 10
    assert done == []  # and the fixture finds no thread and no interactor


def test_closing_while_files_are_opened(window: MainWindow, files: dict[str, Path]) -> None:
    window.open(list(files.values()))
    window.close()
    QApplication.processEvents()
    assert window.session.clouds == ()
    assert window.inspect.viewport is None


def test_closing_before_the_view_is_made(qapp: QApplication, tmp_path: Path) -> None:
    window = MainWindow(ThemeSwitch(qapp, "dark"), QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
    window.show()
    window.close()
    QApplication.processEvents()
    assert window.inspect.viewport is None


def test_panels_that_were_closed_stay_closed(make_window: Make) -> None:
    window = make_window()
    window.inspect.docks[1].hide()
    window.close()
    assert [dock.objectName() for dock in make_window().inspect.docks if dock.isHidden()] == ["neighbours"]


def test_a_picture_is_saved(loaded: MainWindow, tmp_path: Path) -> None:
    loaded.saving.picture(tmp_path / "view.png")
    assert (tmp_path / "view.png").read_bytes().startswith(b"\x89PNG")
    loaded.saving.picture(tmp_path / "no such folder" / "view.png")
    assert "could not be written" in loaded.toasts.messages[-1]


def test_layout_fits_a_small_screen(loaded: MainWindow) -> None:
    loaded.resize(1280, 720)
    QApplication.processEvents()
    assert (loaded.width(), loaded.height()) == (1280, 720)


def test_controls_have_accessible_names(loaded: MainWindow) -> None:
    tab = loaded.inspect
    named = [tab.bar.layer, tab.bar.edges, tab.bar.colour, tab.bar.bit, tab.distances.plot, tab.distances.switch, tab.neighbours.view]
    named += [tab.prediction.bars, tab.latency.bars, tab.memory.bars, tab.viewport.interactor, loaded.library.clouds, loaded.library.models]
    assert all(widget.accessibleName() for widget in named)
    assert tab.prediction.bars.accessibleDescription().count("%") == 3
