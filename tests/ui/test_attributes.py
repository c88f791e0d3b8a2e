"""What a file says of its points, and what is done to them, in the window."""

from concurrent.futures import CancelledError
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from bgnn_studio.core.preparation import AskedPoints, Preparation
from bgnn_studio.io.readers import read_cloud
from bgnn_studio.ui.main_window import MainWindow
from bgnn_studio.ui.opening import open_all
from bgnn_studio.ui.workers import Progress, telling
from tests.make_clouds import CORNERS
from tests.ui.conftest import settle


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    """Return a scan of 300 points with colour, intensity and label."""
    rng = np.random.default_rng(0)
    path = tmp_path / "scan.npz"
    colours, labels = rng.integers(256, size=(300, 3)).astype(np.uint8), rng.integers(3, size=300)
    np.savez(path, points=rng.normal(size=(300, 3)) * [1, 3, 1], colors=colours, intensity=rng.random(300), labels=labels)
    return path


def test_points_take_the_colours_of_their_file(loaded: MainWindow, scan: Path, qtbot: QtBot) -> None:
    session, bar, palette = loaded.session, loaded.inspect.bar, loaded.help.commands
    assert not bar.attribute.isVisible()
    loaded.open([scan])
    settle(loaded, qtbot)
    assert bar.attribute.isVisible()
    assert [bar.attribute.itemText(i) for i in range(bar.attribute.count())] == ["rgb", "intensity", "labels"]
    assert bar.attribute.currentIndex() == -1
    bar.attribute.activated.emit(0)
    rows, scene = session.choices.sample.rows, loaded.inspect.viewport.scene
    np.testing.assert_array_equal(scene._cloud.colours, read_cloud(scan).attribute("rgb").values[rows])
    assert scene.legend.heading.GetInput() == "Colour of the file"
    assert not bar.colour.button("height").isChecked()
    palette.toggle()
    palette.field.setText("colour labels")
    palette.run()
    assert session.colour == "labels"
    assert [label.GetInput() for label in scene.legend.labels if label.GetVisibility()] == ["0", "1", "2"]
    loaded.edit.undo.trigger()
    assert (session.colour, bar.attribute.currentText()) == ("rgb", "rgb")
    session.select_cloud(session.clouds[0])
    assert (session.colour, bar.attribute.isVisible(), bar.colour.button("height").isChecked()) == ("height", False, True)


def test_a_cloud_is_prepared_in_another_way_and_a_session_keeps_it(loaded: MainWindow, scan: Path, tmp_path: Path, qtbot: QtBot) -> None:
    session, points = loaded.session, loaded.library.points
    loaded.open([scan])
    settle(loaded, qtbot)
    session.set_colour("intensity")
    steps = (
        (lambda: points.up.activated.emit(choose(points.up, "y")), Preparation(up="y")),
        (lambda: points.method.activated.emit(choose(points.method, "random")), Preparation(up="y", method="random")),
        (lambda: points.seed.setValue(7), Preparation(up="y", method="random", seed=7)),
        (points.unit.click, Preparation(unit=False, up="y", method="random", seed=7)),
        (points.centre.click, Preparation(centre=False, unit=False, up="y", method="random", seed=7)),
    )
    for change, expected in steps:
        change()
        settle(loaded, qtbot)
        assert session.cloud.preparation == expected
        np.testing.assert_array_equal(session.points, AskedPoints(expected).apply(read_cloud(scan).points, 200).points)
        assert session.inference is not None
    assert points.said.text() == "200 of 300 points, a random choice. As in the file · y up."
    loaded.sessions.save(tmp_path / "kept.bgnn.json")
    settle(loaded, qtbot)
    for _, expected in reversed(steps[:-1]):
        loaded.edit.undo.trigger()
        settle(loaded, qtbot)
        assert session.cloud.preparation == expected
        assert points.seed.value() == expected.seed
    assert session.colour == "intensity"
    session.set_colour("height")
    loaded.open([tmp_path / "kept.bgnn.json"])
    settle(loaded, qtbot)
    assert (session.cloud.preparation, session.colour) == (steps[-1][1], "intensity")


def choose(combo: object, data: str) -> int:
    combo.setCurrentIndex(combo.findData(data))
    return combo.currentIndex()


def test_reading_tells_how_far_it_is_and_ends_when_it_is_cancelled(tmp_path: Path) -> None:
    path, cancelled, progress = tmp_path / "rows.xyz", Event(), Progress()
    np.savetxt(path, np.random.default_rng(0).random((30_000, 4)), fmt="%.4f")
    seen: list[int] = []
    tell = telling(progress, cancelled)

    def stop_half_way(done: int, total: int) -> None:
        tell(done, total)
        seen.append(done)
        if len(seen) == 5:
            cancelled.set()

    with pytest.raises(CancelledError):
        read_cloud(path, stop_half_way)
    assert len(seen) == 5
    assert 0 < progress.done < progress.total == path.stat().st_size
    assert open_all([path, path], (), (), "model", cancelled=cancelled, tell=tell) == []


def test_opening_a_cloud_that_is_cancelled_leaves_everything_as_it_was(loaded: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "long.xyz"
    path.write_text("\n".join(" ".join(map(str, p)) for p in CORNERS.tolist()) + "\n" + "1 2 3 4\n" * 400_000)
    before = loaded.session.choices
    loaded.open([path])
    qtbot.waitUntil(lambda: any(job.progress and job.progress.total for job in loaded.jobs.running), timeout=20_000)
    loaded.jobs.cancel(None)
    assert loaded.statusBar().isVisible()
    settle(loaded, qtbot)
    assert loaded.session.choices is before
    assert not loaded.toasts.messages
