"""The Train tab in the real window: real training processes, stopped, killed, picked up by another window, and bad input told."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from bgnn_studio.training.recipes import read_recipe
from bgnn_studio.training.run_folder import read_run
from bgnn_studio.training.run_lock import trainer_of
from bgnn_studio.training.shapes import make_cloud
from bgnn_studio.ui.main_window import MainWindow
from bgnn_studio.ui.tabs.train import TrainTab
from tests.ui.conftest import Make, settle

WAIT_MS = 90_000  # a process that loads torch on a busy machine
TINY = {"points": "24", "k": "4", "widths": "8", "embedding": "16", "head": "8, 8", "teacher_batch_size": "6"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("set")
    for label, name in enumerate(("bowl", "torus")):
        (root / name / "train").mkdir(parents=True)
        for i in range(8):
            np.save(root / name / "train" / f"{i}.npy", make_cloud(name, 30, np.random.default_rng([label, i])))
    return root


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give runs a folder of their own; no process that trains in it may be left."""
    monkeypatch.chdir(tmp_path)
    yield tmp_path / "runs"
    left = {folder: pid for folder in (tmp_path / "runs").glob("*") if (pid := trainer_of(folder)) is not None}
    for pid in left.values():
        os.kill(pid, signal.SIGKILL)
    assert left == {}


@pytest.fixture
def tab(home: Path, window: MainWindow, data: Path) -> TrainTab:
    """Return the tab, in front, with a recipe that takes a moment: the teacher alone."""
    window.tabs.setCurrentWidget(window.train)
    small(window.train, data)
    return window.train


def small(tab: TrainTab, data: Path, *, epochs: int = 2) -> None:
    for variant in ("rf", "bf1", "bf2", "bfr"):
        if variant in tab.form.chosen:
            press(tab.form.networks[variant])
    tab.form.set_data(str(data))
    for key, text in (TINY | {"teacher.epochs": str(epochs)}).items():
        enter(tab, key, text)


def enter(tab: TrainTab, key: str, text: str) -> None:
    editor = tab.form.fields[key].editor
    editor.selectAll()
    QTest.keyClicks(editor, text)


def press(button) -> None:
    assert button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def epochs_of(tab: TrainTab) -> int:
    return len(tab.run.epochs) if tab.run is not None else 0


def begin_endless(tab: TrainTab, qtbot: QtBot) -> None:
    enter(tab, "teacher.epochs", "100000")
    press(tab.setup.start)
    qtbot.waitUntil(lambda: epochs_of(tab) > 1, timeout=WAIT_MS)


def test_a_cascade_from_the_form_to_a_model_in_inspect(tab: TrainTab, window: MainWindow, home: Path, qtbot: QtBot) -> None:
    press(tab.form.networks["bfr"])
    for key, text in (
        ("tanh.epochs", "1"),
        ("sign.epochs", "0"),
        ("binary.epochs", "2"),
        ("alpha", "0.1"),
        ("width_factor", "1"),
        ("batch_size", "6"),
    ):
        enter(tab, key, text)
    assert tab.form.problem == ""
    assert tab.setup.name.text() == "demo"
    press(tab.setup.start)
    assert tab.setup.halt.isVisible()
    assert not tab.setup.start.isVisible()
    qtbot.waitUntil(lambda: not tab.trainer.busy, timeout=WAIT_MS)
    QApplication.processEvents()
    run = tab.run
    assert (run.state, tab.setup.problem.text()) == ("finished", "")
    assert [(e.variant, e.stage, e.epoch) for e in run.epochs] == [
        ("dgcnn", "teacher", 1), ("dgcnn", "teacher", 2), ("bfr", "tanh", 1), ("bfr", "binary", 1), ("bfr", "binary", 2)
    ]  # fmt: skip
    assert run.configs == read_recipe(str(home / "demo" / "recipe.toml"))
    assert run.configs["bfr"].widths == (8,)
    assert "demo is trained" in window.toasts.messages[-1]

    teacher, binary = run.best("dgcnn", "teacher"), run.best("bfr", "binary")
    bars = tab.result.bars.bars
    assert [bar.label for bar in bars] == ["teacher", "bfr tanh", "bfr binary"]
    assert bars[2].figure.split()[0] == f"{100 * binary:.1f}"
    kept, won, lost = (part.value for part in bars[2].segments)
    assert (kept + won, kept + lost) == pytest.approx((binary, teacher))
    lines = tab.curves.accuracy.listDataItems()
    assert [list(line.yData) for line in lines] == [[100 * e.validation for e in run.epochs]]
    press(tab.curves.choice.button("dgcnn"))
    assert list(tab.curves.loss.listDataItems()[0].yData) == [e.loss for e in run.epochs[:2]]

    assert tab.setup.name.text() == "demo-2"  # the next one does not go over it
    assert tab.result.chosen == "bfr"
    tab.result.save_model(home / "elsewhere.gguf")
    settle(window, qtbot)
    assert (home / "elsewhere.gguf").read_bytes() == (home / "demo" / "bfr.gguf").read_bytes()
    press(tab.result.open)
    settle(window, qtbot)
    assert window.tabs.currentWidget() is window.inspect
    assert window.session.model.spec.variant == "bfr"
    assert window.session.model.accuracy.overall == pytest.approx(run.models["bfr"].overall)


def test_stop_saves_and_resume_goes_on(tab: TrainTab, window: MainWindow, qtbot: QtBot) -> None:
    begin_endless(tab, qtbot)
    assert "dgcnn teacher" in tab.setup.said.text()
    window.tabs.setCurrentWidget(window.inspect)
    window.tabs.setCurrentWidget(tab)
    press(tab.setup.halt)
    qtbot.waitUntil(lambda: not tab.trainer.busy, timeout=WAIT_MS)
    QApplication.processEvents()
    assert tab.run.state == "stopped"
    done = epochs_of(tab)
    press(tab.runs.resume)
    qtbot.waitUntil(lambda: epochs_of(tab) > done, timeout=WAIT_MS)
    assert [e.epoch for e in tab.run.epochs] == list(range(1, epochs_of(tab) + 1))

    os.kill(tab.trainer.own[tab.run.folder].process.pid, signal.SIGKILL)  # a crash: the window lives, and says what to do
    qtbot.waitUntil(lambda: not tab.trainer.busy, timeout=WAIT_MS)
    QApplication.processEvents()
    assert tab.run.state == "cut off"
    assert tab.setup.problem.text() == "The process of demo ended by signal 9. Resume goes on from its last snapshot."
    assert tab.runs.resume.isEnabled()
    assert not tab.setup.halt.isVisible()


def test_closing_asks_and_another_window_picks_the_run_up(tab: TrainTab, window: MainWindow, make_window: Make, qtbot: QtBot) -> None:
    def answer(word: str) -> None:
        box = next(widget for widget in QApplication.topLevelWidgets() if isinstance(widget, QMessageBox))
        press(next(button for button in box.buttons() if word in button.text().replace("&", "")))

    begin_endless(tab, qtbot)
    folder = tab.run.folder
    QTimer.singleShot(200, lambda: answer("Cancel"))
    assert not window.close()
    assert window.isVisible()
    QTimer.singleShot(200, lambda: answer("Let it go on"))
    start = time.monotonic()
    assert window.close()
    assert time.monotonic() - start < 10
    assert trainer_of(folder) is not None

    other = make_window()
    other.tabs.setCurrentWidget(other.train)
    assert other.train.form.configs["dgcnn"].widths == (8,)  # the recipe is kept, too
    qtbot.waitUntil(lambda: epochs_of(other.train) > 1, timeout=WAIT_MS)
    seen = epochs_of(other.train)
    qtbot.waitUntil(lambda: epochs_of(other.train) > seen, timeout=WAIT_MS)
    assert other.train.run.state == "running"
    press(other.train.setup.halt)
    qtbot.waitUntil(lambda: other.train.run.state == "stopped", timeout=WAIT_MS)
    assert read_run(folder).resumable


def test_what_is_wrong_is_told_beside_its_field(tab: TrainTab, window: MainWindow, tmp_path: Path, data: Path) -> None:
    assert tab.setup.start.isEnabled()
    for key, text, message in (
        ("k", "four", "Expected a whole number (got 'four')."),
        ("dropout", "1", "Expected a number from 0 to below 1 (got 1)."),
        ("teacher.lr", "0", "Expected a number above 0 (got 0)."),
        ("widths", "8, x", "Expected a list of whole numbers"),
    ):
        good = tab.form.fields[key].editor.text()
        enter(tab, key, text)
        assert tab.form.fields[key].problem.text().startswith(message)
        assert tab.form.fields[key].problem.isVisible()
        assert message.split(" (")[0] in tab.setup.start.toolTip()
        assert not tab.setup.start.isEnabled()
        assert not tab.train.isEnabled()
        enter(tab, key, good)
        assert not tab.form.fields[key].problem.isVisible()
        assert tab.setup.start.isEnabled()
    press(tab.form.networks["bfr"])
    enter(tab, "widths", "8, 12")  # each alone is right
    assert "each width must be a multiple" in tab.setup.problem.text()
    press(tab.form.networks["bfr"])
    assert tab.setup.start.isEnabled()
    press(tab.form.networks["dgcnn"])
    assert "No network is chosen" in tab.setup.problem.text()

    tab.open_recipe("paper")
    assert "Choose the labelled clouds" in tab.form.fields["data"].problem.text()
    assert tab.form.fields["lsp_weight"].editor.text() == "100"
    assert tab.form.fields["binary.step_epochs"].isVisible()
    assert not tab.form.fields["teacher.step_epochs"].isVisible()
    assert "settings that you had changed" in window.toasts.messages[-1]
    tab.form.set_data(str(tmp_path / "nowhere"))
    assert "There is nothing at" in tab.form.fields["data"].problem.text()
    (tmp_path / "bad.toml").write_text("variants = 3")
    tab.open_recipe(str(tmp_path / "bad.toml"))
    assert "expected 'variants'" in window.toasts.messages[-1]

    tab.form.set_data(str(data))
    before = tab.form.configs
    tab.save_recipe(tmp_path / "mine.toml")
    assert read_recipe(str(tmp_path / "mine.toml")) == before
    tab.save_recipe(tmp_path / "none" / "mine.toml")
    assert "Choose another place" in window.toasts.messages[-1]


def test_a_run_that_fails_says_why(tab: TrainTab, window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    (tmp_path / "empty" / "bowl" / "train").mkdir(parents=True)
    tab.form.set_data(str(tmp_path / "empty"))
    press(tab.setup.start)
    qtbot.waitUntil(lambda: not tab.trainer.busy, timeout=WAIT_MS)
    QApplication.processEvents()
    assert tab.run.state == "failed"
    assert "found no cloud" in tab.setup.problem.text()
    assert "ended early" in window.toasts.messages[-1]
    tab.form.set_data("shapes")
    assert tab.setup.start.isEnabled()  # nothing of it has to be kept
