"""The Perturb panel in the real window: sliders, sweep, reset, undo, and passes of which the latest wins."""

import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from bgnn_studio.core.inference import Inference
from bgnn_studio.core.perturbation import IDENTITY, Perturbation
from bgnn_studio.native import Model
from bgnn_studio.ui.main_window import MainWindow
from tests.ui.conftest import WAIT_MS, settle


def rest(window: MainWindow, qtbot: QtBot) -> None:
    """Wait until the perturbation rests and all that waits for it is there."""
    qtbot.waitUntil(lambda: not window.session.live and not window.jobs.running, timeout=WAIT_MS)
    settle(window, qtbot)


def moved(window: MainWindow, qtbot: QtBot, name: str, shown: float) -> None:
    """Type a value into the field of a slider and wait for its pass."""
    window.inspect.perturb.rows[name].field.setValue(shown)
    settle(window, qtbot)


def test_a_slider_infers_again_and_reset_brings_every_bit_back(loaded: MainWindow, qtbot: QtBot) -> None:
    session, panel = loaded.session, loaded.inspect.perturb
    session.select_layer(2)
    settle(loaded, qtbot)
    before = session.inference
    slider = panel.rows["turn"].slider
    slider.setValue(slider.value() + 40)
    settle(loaded, qtbot)
    assert session.perturbation == Perturbation(turn=40.0)
    assert (session.live, session.passes, session.facts) == (True, 0, None)
    assert "Counted when" in loaded.inspect.bits._reason.text()
    points, _ = Perturbation(turn=40.0).apply(session.choices.points)
    expected = session.model.infer(points, trace=True)
    np.testing.assert_array_equal(session.inference.logits, expected.logits)
    assert (session.inference.logits != before.logits).any()
    np.testing.assert_array_equal(loaded.inspect.viewport.scene.points, points)
    shares = [
        np.mean([len({*a} & {*b}) for a, b in zip(x.tolist(), y.tolist(), strict=True)]) / 5
        for x, y in zip(expected.trace.knn, before.trace.knn, strict=True)
    ]
    np.testing.assert_allclose(panel.kept.updates[-1], shares)
    top, first = expected.probabilities.max(), expected.probabilities[before.logits.argmax()]
    np.testing.assert_allclose(panel.confidence.updates[-1], (first, top))
    edges, viewport = loaded.inspect.viewport.scene.edges.actor, loaded.inspect.viewport
    assert edges.GetVisibility()
    viewport._edges_ms = 1000.0  # as if a frame with edges took a second
    moved(loaded, qtbot, "turn", 41.0)
    assert not edges.GetVisibility()
    rest(loaded, qtbot)
    assert edges.GetVisibility()
    assert session.passes > 0
    assert session.facts is not None
    moved(loaded, qtbot, "drop", 30.0)
    assert len(session.points) == 140
    QTest.mouseClick(panel.reset, Qt.MouseButton.LeftButton)
    rest(loaded, qtbot)
    assert session.perturbation == IDENTITY
    assert session.points is session.choices.points
    np.testing.assert_array_equal(session.inference.logits, before.logits)
    for ours, theirs in zip(session.inference.trace.features, before.trace.features, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert slider.value() == 180


def test_undo_takes_the_moves_of_a_slider_back_at_once(loaded: MainWindow, qtbot: QtBot) -> None:
    session, panel = loaded.session, loaded.inspect.perturb
    before = session.inference
    for _ in range(30):
        panel.rows["scale"].slider.setValue(panel.rows["scale"].slider.value() + 5)
    settle(loaded, qtbot)
    assert session.perturbation.scale == 2.5
    assert "perturb: scale" in loaded.edit.undo.text()
    loaded.edit.undo.trigger()
    settle(loaded, qtbot)
    assert panel.rows["scale"].field.value() == 1.0
    assert not panel.rows["scale"].back.isEnabled()
    np.testing.assert_array_equal(session.inference.logits, before.logits)


def test_each_value_is_reset_alone(loaded: MainWindow, qtbot: QtBot) -> None:
    panel = loaded.inspect.perturb
    moved(loaded, qtbot, "tilt", 20.0)
    moved(loaded, qtbot, "jitter", 0.05)
    QTest.mouseClick(panel.draw, Qt.MouseButton.LeftButton)
    QTest.mouseClick(panel.rows["tilt"].back, Qt.MouseButton.LeftButton)
    assert loaded.session.perturbation == Perturbation(jitter=0.05, seed=1)


def test_a_picked_point_that_is_dropped_is_marked_no_more(loaded: MainWindow, qtbot: QtBot) -> None:
    session = loaded.session
    session.select_point(9)
    session.set_colour("distance")
    for share in (90.0, 0.0):
        moved(loaded, qtbot, "drop", share)
        left = 9 in session.index
        assert (session.pick is not None) == left
        assert bool(loaded.inspect.neighbours.table.rows) == left
        assert left or "takes the picked point away" in loaded.inspect.neighbours._hint.text()
    assert session.pick == 9
    assert session.colour == "distance"


def test_too_few_points_left_is_said_and_nothing_is_lost(loaded: MainWindow, qtbot: QtBot) -> None:
    session, panel = loaded.session, loaded.inspect.perturb
    moved(loaded, qtbot, "drop", 95.0)
    shown = session.inference
    moved(loaded, qtbot, "occlude", 90.0)
    assert "Too few points are left (1)" in panel.said.text()
    assert session.inference is shown
    moved(loaded, qtbot, "occlude", 0.0)
    assert "Too few" not in panel.said.text()


class SlowModel:
    """A model whose passes wait until they are let go, and which counts them."""

    def __init__(self, model: Model) -> None:
        self._model, self.go, self.clouds = model, Event(), list[NDArray[np.float32]]()
        self.name, self.spec, self.path = model.name, model.spec, None

    def __getattr__(self, name: str) -> object:
        return getattr(self._model, name)

    def infer(self, points: NDArray[np.float32], **options: object) -> Inference:
        self.clouds.append(points)
        self.go.wait(20)
        return self._model.infer(points, **options)


@pytest.fixture
def slow(loaded: MainWindow, qtbot: QtBot) -> Iterator[SlowModel]:
    model = SlowModel(loaded.session.model)
    model.go.set()
    loaded.session.add_model(model)
    loaded.session.select_model(model)
    settle(loaded, qtbot)
    moved(loaded, qtbot, "turn", 1.0)  # so that the unperturbed pass is known
    rest(loaded, qtbot)
    model.clouds.clear()
    yield model
    model.go.set()


def test_the_latest_wins_and_none_queues(loaded: MainWindow, slow: SlowModel, qtbot: QtBot) -> None:
    slow.go.clear()
    panel, session = loaded.inspect.perturb, loaded.session
    for turn in range(2, 60):
        began = time.monotonic()
        panel.rows["turn"].field.setValue(float(turn))
        QApplication.processEvents()
        assert time.monotonic() - began < 2  # the slider does not wait for the pass
    qtbot.waitUntil(lambda: len(slow.clouds) == 1, timeout=WAIT_MS)
    assert panel.rows["turn"].slider.value() == 180 + 59
    slow.go.set()
    qtbot.waitUntil(lambda: len(slow.clouds) == 2 and not loaded.jobs.running, timeout=WAIT_MS)
    first, last = (Perturbation(turn=t).apply(session.choices.points)[0] for t in (2.0, 59.0))
    for cloud, expected in zip(slow.clouds, (first, last), strict=True):
        np.testing.assert_array_equal(cloud, expected)
    np.testing.assert_array_equal(session.points, last)


def test_a_pass_of_another_model_is_not_shown(loaded: MainWindow, slow: SlowModel, qtbot: QtBot) -> None:
    slow.go.clear()
    loaded.inspect.perturb.rows["turn"].field.setValue(50.0)
    qtbot.waitUntil(lambda: len(slow.clouds) == 1, timeout=WAIT_MS)
    loaded.session.select_model(loaded.session.models[0])
    slow.go.set()
    rest(loaded, qtbot)
    assert loaded.session.model is loaded.session.models[0]
    expected, _ = Perturbation(turn=50.0).apply(loaded.session.choices.points)
    moved(loaded, qtbot, "turn", 51.0)
    moved(loaded, qtbot, "turn", 50.0)
    np.testing.assert_array_equal(loaded.session.points, expected)


def test_cancelling_a_pass_does_not_end_them(loaded: MainWindow, slow: SlowModel, qtbot: QtBot) -> None:
    slow.go.clear()
    loaded.inspect.perturb.rows["turn"].field.setValue(50.0)
    qtbot.waitUntil(lambda: len(slow.clouds) == 1, timeout=WAIT_MS)
    loaded.jobs.cancel(None)
    slow.go.set()
    moved(loaded, qtbot, "turn", 70.0)
    np.testing.assert_array_equal(loaded.session.points, Perturbation(turn=70.0).apply(loaded.session.choices.points)[0])


def test_a_sweep_moves_the_chosen_slider_and_is_one_step(loaded: MainWindow, qtbot: QtBot) -> None:
    session, panel = loaded.session, loaded.inspect.perturb
    panel.rows["scale"].field.setValue(1.5)
    settle(loaded, qtbot)
    session.history.end_step()
    assert panel.chosen.currentText() == "Scale"
    QTest.mouseClick(panel.play, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(panel.confidence.updates) > 8, timeout=WAIT_MS)
    assert len({session.perturbation.scale, 1.5}) == 2
    assert "updates a second (measured)" in panel.said.text()
    QTest.mouseClick(panel.play, Qt.MouseButton.LeftButton)
    still = session.perturbation
    rest(loaded, qtbot)
    assert session.perturbation == still
    session.undo()
    assert session.perturbation.scale == 1.5


def test_closing_while_playing(loaded: MainWindow, qtbot: QtBot) -> None:
    loaded.inspect.perturb.play.setChecked(True)
    qtbot.waitUntil(lambda: loaded.session.live, timeout=WAIT_MS)
    loaded.close()
    shown = loaded.session.perturbation
    qtbot.wait(100)
    assert loaded.session.perturbation == shown  # and the fixture finds no thread and no interactor


def test_without_a_cloud_there_is_nothing_to_perturb(window: MainWindow, files: dict[str, Path], qtbot: QtBot) -> None:
    panel = window.inspect.perturb
    assert not panel.isEnabled()
    window.open([files["ball.npy"]])
    settle(window, qtbot)
    moved(window, qtbot, "scale", 2.0)
    np.testing.assert_array_equal(window.inspect.viewport.scene.points, 2 * window.session.cloud.points)


def test_controls_have_names(loaded: MainWindow) -> None:
    panel = loaded.inspect.perturb
    named = [panel.play, panel.chosen, panel.seed, panel.confidence, panel.kept]
    named += [widget for row in panel.rows.values() for widget in (row.slider, row.field, row.back)]
    assert all(widget.accessibleName() for widget in named)
    assert all(widget.toolTip() for widget in named)
