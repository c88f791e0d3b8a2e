"""The Latency panel in the real window: measure, cancel, close; float and torch beside; earlier runs, their tags and their end."""

import json
import os
import sqlite3
import time
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from bgnn_studio.core.digests import file_sha256
from bgnn_studio.core.machine import cores
from bgnn_studio.core.spec import float_twin
from bgnn_studio.core.timing import Rule
from bgnn_studio.core.units import ms_text
from bgnn_studio.history import History
from bgnn_studio.ui import measurer as measuring
from bgnn_studio.ui.main_window import MainWindow
from tests.history.make_run import make_run
from tests.random_model import random_model, small_spec
from tests.training.test_latency_process import workers
from tests.ui.conftest import WAIT_MS, Make, settle

ENDLESS = Rule(least=10**9, most=10**9, seconds=60.0)


@pytest.fixture(autouse=True)
def history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> History:
    monkeypatch.setenv("BGNN_HISTORY", str(tmp_path / "runs.sqlite3"))
    return History()


def limit(monkeypatch: pytest.MonkeyPatch, rule: Rule) -> None:
    """Let the window measure by another rule."""
    for name in ("measure_until", "measure_torch"):
        whole = getattr(measuring, name)
        monkeypatch.setattr(measuring, name, lambda *given, whole=whole, **named: whole(*given, rule=rule, **named))


def press(button) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_measure_gives_percentiles_and_keeps_the_run(loaded: MainWindow, history: History, qtbot: QtBot) -> None:
    panel = loaded.inspect.latency
    assert "median of" in panel.caption.text()
    press(panel.button)
    assert panel.button.text() == "Cancel"
    qtbot.waitUntil(lambda: not loaded.measurer.running, timeout=WAIT_MS)
    settle(loaded, qtbot)
    (entry,) = history.entries()
    record = history.get(entry.id)
    samples = np.sort(record.run.samples_ns) / 1e6
    assert panel.headline.text() == f"{ms_text(float(np.median(samples)))} ms \N{MIDDLE DOT} {record.run.conditions.isa}"
    for name, percent in (("p90", 90), ("p99", 99), ("min", 0)):
        assert f"{name} {ms_text(float(np.percentile(samples, percent)))}" in panel.caption.text()
    assert f"{len(samples)} passes" in panel.caption.text()
    assert "95 % interval" in panel.headline.toolTip()
    assert panel.noise.isVisible() == (record.run.details["noise"] is not None)
    assert [bar.total for bar in panel.bars.bars] == pytest.approx([layer.p50_ns / 1e6 for layer in record.run.layers])
    conditions = record.run.conditions
    assert conditions.model_sha256 == file_sha256(loaded.session.model.path)
    assert (conditions.cloud, conditions.points, conditions.threads) == ("ball", 200, loaded.measurer.threads)
    assert panel.button.text() == "Measure"


def test_the_number_of_threads_is_chosen(loaded: MainWindow, history: History, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, Rule(least=8, most=8))
    panel = loaded.inspect.latency
    assert [panel.threads.itemData(i) for i in range(panel.threads.count())] == list(range(1, cores() + 1))
    panel.threads.setCurrentIndex(cores() - 1)
    panel.threads.activated.emit(cores() - 1)
    loaded.measurer.measure()
    settle(loaded, qtbot)
    assert [entry.conditions.threads for entry in history.entries()] == [cores()]
    assert "passes" in panel.caption.text()
    if cores() > 1:
        panel.threads.setCurrentIndex(0)
        panel.threads.activated.emit(0)
        assert "median of" in panel.caption.text()  # not measured with one thread


@pytest.mark.parametrize("how", ["button", "status bar", "other model", "closing"])
def test_a_measurement_can_be_left(
    how: str, loaded: MainWindow, files: dict[str, Path], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(monkeypatch, ENDLESS)
    loaded.measurer.measure()
    job = loaded.jobs.running[0]
    qtbot.waitUntil(lambda: 0 < job.progress.done < job.progress.total, timeout=WAIT_MS)
    assert loaded.measurer.running
    if how == "button":
        press(loaded.inspect.latency.button)
    elif how == "status bar":
        loaded.jobs.cancel(None)
    elif how == "other model":
        loaded.open([files["second.gguf"]])
    else:
        start = time.monotonic()
        loaded.close()
        assert time.monotonic() - start < 5
    settle(loaded, qtbot)
    assert loaded.measurer.engine is None
    assert History().entries() == []


def test_float_and_torch_stand_beside(
    window: MainWindow, files: dict[str, Path], tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(monkeypatch, Rule(least=10, most=10, settled=-1.0))
    page, panel = window.inspect.latency.beside, window.inspect.latency
    window.open([files["ball.npy"], files["binary.gguf"]])
    settle(window, qtbot)
    panel.show_page("beside")
    assert "Press Measure" in page.hint.text()
    window.measurer.measure()
    settle(window, qtbot)
    assert [bar.label for bar in page.bars.bars] == ["binary, engine"]
    assert "No float network of these sizes is open" in page.hint.text()
    other = random_model(tmp_path / "other sizes.gguf", small_spec("dgcnn", points=200, widths=(8, 8, 16)), seed=8)
    window.open([other])
    settle(window, qtbot)
    window.session.select_model(next(m for m in window.session.models if m.name == "binary"))
    settle(window, qtbot)
    assert window.measurer.twin is None
    window.open([files["real.gguf"]])
    settle(window, qtbot)
    window.session.select_model(next(m for m in window.session.models if m.name == "binary"))
    settle(window, qtbot)
    assert "Press Measure again" in page.hint.text()
    window.measurer.measure()
    settle(window, qtbot)
    press(page.button)
    assert workers_within(qtbot, 1)
    qtbot.waitUntil(lambda: window.measurer.torch is not None, timeout=WAIT_MS)
    settle(window, qtbot)
    assert workers(os.getpid()) == []
    engine, real, torch = page.bars.bars
    assert [bar.label for bar in (engine, real, torch)] == ["binary, engine", "real, engine", "dgcnn, torch"]
    for bar in (real, torch):
        assert f"{bar.total / engine.total:.1f}\N{MULTIPLICATION SIGN}" in bar.figure
        assert "95 % bootstrap interval" in bar.tip
    newest = [entry.conditions for entry in History().entries()][:3]
    assert [(c.engine, c.model_name) for c in newest] == [("torch", "real"), ("native", "real"), ("native", "binary")]
    assert float_twin(window.session.model.spec).widths == window.measurer.twin.spec.widths


def workers_within(qtbot: QtBot, count: int) -> bool:
    qtbot.waitUntil(lambda: len(workers(os.getpid())) == count, timeout=WAIT_MS)
    return True


@pytest.mark.parametrize("how", ["cancel", "close"])
def test_torch_ends_with_the_window(how: str, loaded: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, ENDLESS)
    loaded.measurer.measure_torch()
    assert workers_within(qtbot, 1)
    if how == "cancel":
        loaded.measurer.cancel()
        settle(loaded, qtbot)
    else:
        loaded.close()
    assert workers(os.getpid()) == []


def test_earlier_runs_are_listed_tagged_compared_exported_and_deleted(
    loaded: MainWindow, history: History, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(monkeypatch, Rule(least=8, most=8, settled=-1.0))
    panel, page = loaded.inspect.latency, loaded.inspect.latency.runs
    assert not history.path.exists()
    panel.show_page("runs")
    settle(loaded, qtbot)
    assert not history.path.exists()
    assert page.table.isHidden()
    for _ in range(2):
        loaded.measurer.measure()
        settle(loaded, qtbot)
    history.add(make_run(1))  # of another model
    loaded.measurer.list_runs()
    settle(loaded, qtbot)
    newer, older = history.entries()[:2]
    assert [e.id for e in page.table.model().entries] == [newer.id, older.id]
    drawn = {point.data().id: point.pos().y() for point in page.plot.points.points()}
    assert drawn == {e.id: pytest.approx(e.summary.p50_ns / 1e6) for e in (newer, older)}
    page.table.selectAll()
    qtbot.waitUntil(lambda: f"Run {newer.id} against {older.id}: " in page.verdict.text(), timeout=WAIT_MS)
    model = page.table.model()
    assert model.setData(model.index(0, 4), "fan  baseline")
    settle(loaded, qtbot)
    assert history.get(newer.id).entry.tags == {"fan", "baseline"}
    for number in range(6):  # each of many quick changes takes place
        loaded.measurer.runs.set_tags(older, {f"quick{number}"})
    settle(loaded, qtbot)
    assert history.get(older.id).entry.tags == {f"quick{number}" for number in range(6)}
    assert model.index(0, 4).data() == "baseline fan"
    page.save(tmp_path / "runs.json")
    settle(loaded, qtbot)
    assert [row["id"] for row in json.loads((tmp_path / "runs.json").read_text())] == [newer.id, older.id]
    page.save(tmp_path / "runs.xyz")
    settle(loaded, qtbot)
    assert "expected a name ending in .json, .csv or .md" in loaded.toasts.messages[-1]
    page.plot.clicked.emit(older.id)
    assert [e.id for e in page.table.chosen_entries()] == [older.id]
    QApplication.setActiveWindow(loaded)  # there is no window manager here
    page.table.setFocus()
    QTest.keyClick(page.table, Qt.Key.Key_Delete)
    settle(loaded, qtbot)
    assert [e.id for e in page.table.model().entries] == [newer.id]
    assert f"Deleted run {older.id}" in loaded.toasts.messages[-1]


def test_a_run_that_cannot_be_kept_is_shown_and_said(
    loaded: MainWindow, history: History, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(monkeypatch, Rule(least=8, most=8))
    with sqlite3.connect(history.path) as connection:
        connection.execute("CREATE TABLE recipes (cake TEXT)")
    connection.close()
    loaded.measurer.measure()
    settle(loaded, qtbot)
    assert "8 passes" in loaded.inspect.latency.caption.text()
    assert "a database of another program" in loaded.toasts.messages[-1]
    loaded.inspect.latency.show_page("runs")
    settle(loaded, qtbot)
    QApplication.processEvents()
    assert loaded.inspect.latency.runs.table.isHidden()


def test_nothing_to_measure(make_window: Make) -> None:
    window = make_window()
    panel = window.inspect.latency
    assert not panel.button.isEnabled()
    window.measurer.measure()
    window.measurer.measure_torch()
    for page in ("beside", "runs", "layers"):
        panel.show_page(page)
    assert not window.measurer.running
