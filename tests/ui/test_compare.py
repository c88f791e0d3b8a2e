"""The real Compare tab: three models side by side, linked with Inspect, their figures, and exports."""

import csv
import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from bgnn_studio.scene import comparison_pictures
from bgnn_studio.scene.camera import project
from bgnn_studio.ui.main_window import MainWindow
from bgnn_studio.ui.theme import LIGHT
from tests.ui.conftest import WAIT_MS, settle


def look(window: MainWindow, qtbot: QtBot) -> None:
    """Go to the tab, and wait until every figure is there."""
    window.tabs.setCurrentWidget(window.compare)
    qtbot.waitUntil(lambda: window.compare.views is not None and window.compare.comparer.complete, timeout=WAIT_MS)
    settle(window, qtbot)


@pytest.fixture
def three(loaded: MainWindow, files: dict[str, Path], qtbot: QtBot) -> MainWindow:
    """Return a window that compares a float model, the reference, and two on bits."""
    loaded.open([files["real.gguf"], files["second.gguf"]])
    settle(loaded, qtbot)
    loaded.session.select_model(loaded.session.models[0])
    look(loaded, qtbot)
    return loaded


def cell(window: MainWindow, name: str, section: str, model: str) -> str:
    """Return the text of a figure, as it is shown."""
    table = window.compare.figures
    column = [table.horizontalHeaderItem(c).text() for c in range(table.columnCount())].index(model)
    start = next(r for r in range(table.rowCount()) if table.item(r, 0).text() == section and table.columnSpan(r, 0) > 1)
    row = next(r for r in range(start, table.rowCount()) if table.item(r, 0).text() == name)
    return table.item(row, column).text().removeprefix("\N{BULLET} ")


def test_three_models_are_compared_and_linked(three: MainWindow) -> None:
    """Figures are those of numpy; a click in one view picks in all; layer, edges, colour and brush reach every view."""
    figures_are_those_of_numpy(three)
    a_click_in_any_view_picks_in_all_and_in_inspect(three)
    layer_edges_colour_and_brush_reach_every_view(three)


def figures_are_those_of_numpy(three: MainWindow) -> None:
    comparison = three.compare.comparer.comparison
    assert comparison.names == ("real", "binary", "second")
    assert all(run.points is three.session.points and run.latency is not None for run in comparison.runs)
    traces = [model.infer(three.session.points, trace=True).trace.knn[2] for model in (comparison.runs[0].model, comparison.runs[1].model)]
    sets = [[set(row) for row in knn.tolist()] for knn in traces]
    kept = sum(len(a & b) for a, b in zip(*sets, strict=True))
    assert cell(three, "Edges kept", "Layer 3 graph", "binary") == f"{kept:,}"
    assert cell(three, "Edges kept", "Layer 3 graph", "real") == "reference"
    size = Path(three.session.models[0].path).stat().st_size
    assert cell(three, "Model file", "Memory", "binary") == f"{size / 1024:.3g} KiB"
    assert three.compare.plots.size.missing.text() == " ".join(f"{name} has no accuracy in its file." for name in comparison.names)


def a_click_in_any_view_picks_in_all_and_in_inspect(three: MainWindow) -> None:
    views, session = three.compare.views, three.session
    session.select_layer(3)
    QApplication.processEvents()
    scene = views.scene.scenes[2]
    xy, depth, _ = project(scene.renderer, scene.points)
    front = int(depth.argmin())
    ratio = views.interactor.devicePixelRatioF()
    at = QPoint(round(xy[front, 0] / ratio), round(views.interactor.height() - 1 - xy[front, 1] / ratio))
    QTest.mouseClick(views.interactor, Qt.MouseButton.LeftButton, pos=at)
    assert session.pick == scene.pick(xy[front, 0], xy[front, 1])
    pick = session.pick
    comparison = three.compare.comparer.comparison
    for i, view in enumerate(views.scene.scenes):
        own = set(comparison.runs[i].trace.knn[2][pick].tolist())
        reference = set(comparison.runs[0].trace.knn[2][pick].tolist())
        drawn = {tuple(pair) for pair in view.pick_edges.connectivity.reshape(-1, 2).tolist()}
        assert drawn == {(pick, j) for j in own | reference if j != pick}
    assert three.inspect.neighbours.table.rowCount() == 5


def layer_edges_colour_and_brush_reach_every_view(three: MainWindow) -> None:
    session, scenes = three.session, three.compare.views.scene.scenes
    comparison = three.compare.comparer.comparison
    for layer in (2, 3):
        session.select_layer(layer)
        pairs = [len(scene.edges.connectivity) // 2 for scene in scenes]
        lost = [0, *(comparison.difference(i, layer).count("lost") for i in (1, 2))]
        assert pairs == [1000 + n for n in lost]
    bar = three.compare.bar
    QTest.mouseClick(bar.colour.button("in-degree"), Qt.MouseButton.LeftButton)
    assert [scene.legend.heading.GetVisibility() for scene in scenes] == [0, 0, 1]
    assert "In-degree" in scenes[2].legend.heading.GetInput()
    QTest.mouseClick(bar.edges.button("none"), Qt.MouseButton.LeftButton)
    assert [scene.edges.connectivity.size for scene in scenes] == [0, 0, 0]
    session.set_edges("all")
    session.set_brush((0.0, 2.0))
    bits = comparison.runs[1].trace.distances[2] <= 2
    kept_and_new = len(scenes[1].edges.connectivity) // 2 - comparison.difference(1, 3).count("lost")
    assert kept_and_new == int(bits.sum())
    session.undo()
    assert len(scenes[1].edges.connectivity) // 2 == 1000 + comparison.difference(1, 3).count("lost")


def test_models_and_reference_are_chosen_and_undone_four_at_most(
    three: MainWindow, files: dict[str, Path], tmp_path: Path, qtbot: QtBot
) -> None:
    picker = three.compare.picker
    marks = {action.text(): action for action in picker.menu.actions()}
    assert picker.button.text() == "3 of 3 models"
    marks["second"].trigger()
    look(three, qtbot)
    assert three.compare.comparer.comparison.names == ("real", "binary")
    assert len(three.compare.views.scene.scenes) == 2
    marks["binary"].trigger()
    assert "Check two to four models" in three.compare._hint.text()
    assert not three.compare.export.button.isEnabled()
    three.session.undo()
    look(three, qtbot)
    row = picker.reference.findText("binary")
    picker.reference.setCurrentIndex(row)
    picker.reference.activated.emit(row)
    look(three, qtbot)
    assert three.compare.comparer.comparison.names == ("binary", "real")
    assert three.session.reference.name == "binary"
    extra = tmp_path / "fifth.gguf"
    extra.write_bytes(files["second.gguf"].read_bytes())
    three.open([files["coarse.gguf"], extra])
    settle(three, qtbot)
    three.session.select_model(three.session.models[0])
    marks = {action.text(): action for action in picker.menu.actions()}
    marks["second"].trigger()
    marks["coarse"].trigger()
    look(three, qtbot)
    assert three.compare.comparer.comparison.names == ("binary", "real", "second", "coarse")
    assert "Trained with 64 points, run with 200." in three.compare.comparer.table.row("Class").cells[3].note
    assert (marks["fifth"].isChecked(), marks["fifth"].isEnabled()) == (False, False)
    assert "uncheck one" in three.compare.picker.button.toolTip()


def test_the_empty_tab_says_what_to_do(window: MainWindow, files: dict[str, Path], qtbot: QtBot) -> None:
    window.tabs.setCurrentWidget(window.compare)
    assert "Open two models" in window.compare._hint.text()
    window.open([files["binary.gguf"], files["second.gguf"]])
    settle(window, qtbot)
    assert "Open a point cloud" in window.compare._hint.text()
    window.open([files["ball.npy"]])
    look(window, qtbot)
    assert window.compare._hint.isHidden()
    window.session.remove_cloud(window.session.clouds[0])
    assert "Open a point cloud" in window.compare._hint.text()
    assert window.compare.comparer.comparison is None


def test_nothing_is_compared_while_nobody_looks(loaded: MainWindow, files: dict[str, Path], qtbot: QtBot) -> None:
    loaded.open([files["real.gguf"]])
    settle(loaded, qtbot)
    assert loaded.compare.comparer.comparison is None
    assert loaded.compare.views is None
    look(loaded, qtbot)
    loaded.tabs.setCurrentWidget(loaded.inspect)
    loaded.open([files["other.npy"]])
    settle(loaded, qtbot)
    assert loaded.compare.comparer.comparison is None
    look(loaded, qtbot)
    np.testing.assert_array_equal(loaded.compare.views.scene.scenes[0].points, loaded.session.points)


def test_exports_parse_can_be_cancelled_and_a_bad_path_is_a_toast(
    three: MainWindow, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    export, table = three.compare.export, three.compare.comparer.table
    export.save_csv(tmp_path / "t.csv")
    export.save_json(tmp_path / "t.json")
    export.save_markdown(tmp_path / "t.md")
    export.save_csv(tmp_path / "nowhere" / "t.csv")
    settle(three, qtbot)
    assert len(list(csv.reader(StringIO((tmp_path / "t.csv").read_text())))) == 1 + len(table.rows)
    assert json.loads((tmp_path / "t.json").read_text())["reference"] == "real"
    assert (tmp_path / "t.md").read_text().startswith("# ball")
    assert any("Not exported" in message and "could not be written" in message for message in three.toasts.messages)
    monkeypatch.setattr(comparison_pictures, "SIZE", (240, 100))
    path = tmp_path / "report.html"
    export.save_report(path)
    assert [job.label for job in three.jobs.running] == ["Drawing report.html"]
    three.jobs.cancel()
    settle(three, qtbot)
    assert list(tmp_path.glob("*.html")) == []
    export.save_report(path)
    qtbot.waitUntil(path.exists, timeout=WAIT_MS)
    settle(three, qtbot)
    assert path.read_text().count("data:image/png;base64,") == 6


def test_cancel_stops_run_again_goes_on_and_latencies_wait_for_other_work(three: MainWindow, qtbot: QtBot) -> None:
    comparer = three.compare.comparer
    comparer.again()
    qtbot.waitUntil(lambda: comparer._job is not None, timeout=WAIT_MS)
    three.jobs.cancel()
    settle(three, qtbot)
    assert comparer.state == "Stopped: Run again (F5) goes on."
    assert three.compare.state.text() == comparer.state
    assert cell(three, "Median", "Latency", "real") == "\N{EN DASH}"
    three._run_again()
    look(three, qtbot)
    assert cell(three, "Median", "Latency", "real").endswith("ms")
    gate = Event()
    three.jobs.start("other work", lambda _: gate.wait(10), done=lambda _: None, failed=lambda _: None)
    comparer.again()
    qtbot.waitUntil(lambda: "waiting for other work" in comparer.state, timeout=WAIT_MS)
    assert comparer._job is None
    gate.set()
    look(three, qtbot)
    views = three.compare.views
    before = views.camera
    three.apply_theme(LIGHT)
    assert all(scene.theme is LIGHT.scene for scene in views.scene.scenes)
    views.scene.scenes[1].renderer.GetActiveCamera().Azimuth(40)
    assert views.camera != before
    three._reset_camera()
    np.testing.assert_allclose(views.camera, before)


def test_closing_during_work_is_clean(make_window: Callable[[], MainWindow], files: dict[str, Path], qtbot: QtBot) -> None:
    window = make_window()
    window.open([files["ball.npy"], files["binary.gguf"], files["second.gguf"]])
    settle(window, qtbot)
    window.tabs.setCurrentWidget(window.compare)
    qtbot.waitUntil(lambda: window.compare.comparer.comparison is not None, timeout=WAIT_MS)
    window.compare.export.save_report(files["ball.npy"].parent / "never.html")
    window.close()
    assert not (files["ball.npy"].parent / "never.html").exists()
