"""The Boards tab in the real window: this machine profiled, cancelled and closed in the middle; a real server's key asked for."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from bgnn_studio.boards.messages import Frequency, Heartbeat, Temperature
from bgnn_studio.boards.task import Settings
from bgnn_studio.core.units import ms_text
from bgnn_studio.history import Filter, History
from bgnn_studio.ui.board_book import THIS_MACHINE, KnownBoard
from bgnn_studio.ui.board_news import Began, Bringing
from bgnn_studio.ui.board_questions import Question
from bgnn_studio.ui.board_state import BoardState
from bgnn_studio.ui.main_window import MainWindow
from bgnn_studio.ui.panels.boards.live import LivePanel
from bgnn_studio.ui.panels.boards.question_bar import QuestionBar
from bgnn_studio.ui.tabs.boards import BoardsTab
from tests.boards.servers import USER, Server, openssh
from tests.requirements import needs
from tests.ui import conftest
from tests.ui.conftest import WAIT_MS, Make


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Give each test a home of its own; no process that runs anything in it may be left."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("BGNN_HISTORY", str(tmp_path / "runs.sqlite3"))
    server = Server(0, tmp_path, tmp_path, tmp_path)
    yield server
    assert server.processes() == []


@pytest.fixture
def tab(window: MainWindow, files: dict[str, Path], qtbot: QtBot) -> BoardsTab:
    """Return the tab, in front, with a binary and a float model and a cloud."""
    window.open([files["ball.npy"], files["binary.gguf"], files["real.gguf"]])
    settle(window, qtbot)
    window.tabs.setCurrentWidget(window.boards)
    settle(window, qtbot)
    return window.boards


def press(button) -> None:
    assert button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def measure_passes(tab: BoardsTab, passes: int) -> None:
    press(tab.setup.how.until.button("repeats"))
    tab.setup.how.amount.setValue(passes)


def settle(window: MainWindow, qtbot: QtBot) -> None:
    """Wait until all jobs have ended, and the tab has shown panel by panel what they gave."""
    conftest.settle(window, qtbot)
    qtbot.wait(50)  # the last news are heard
    qtbot.waitUntil(lambda: window.boards.up_to_date and not window.jobs.running, timeout=WAIT_MS)
    conftest.settle(window, qtbot)


def begin_endless(tab: BoardsTab, qtbot: QtBot) -> None:
    measure_passes(tab, 100_000)
    press(tab.setup.start)
    qtbot.waitUntil(lambda: "measuring" in tab.live.caption.text(), timeout=WAIT_MS)


def test_two_models_on_this_machine(tab: BoardsTab, window: MainWindow, make_window: Make, tmp_path: Path, qtbot: QtBot) -> None:
    assert tab.result.hint.isVisible()
    measure_passes(tab, 8)
    press(tab.setup.start)
    assert tab.live.isVisible()
    assert tab.setup.cancel.isVisible()
    with pytest.raises(AssertionError):
        press(tab.setup.start)
    qtbot.waitUntil(lambda: not tab.profiler.any_busy, timeout=WAIT_MS)
    settle(window, qtbot)
    assert not tab.live.isVisible()
    assert tab.result.isVisible()
    assert tab.setup.problem.text() == ""
    real, binary = (History().get(entry.id).run for entry in History().entries(Filter(kind="board")))
    assert [run.conditions.model_name for run in (binary, real)] == ["binary", "real"]

    assert tab.result.title.text().startswith("real on This machine")
    assert tab.result.median.text() == f"{ms_text(float(np.median(real.samples_ns)) / 1e6)} ms"
    for name, percent in (("min", 0), ("p90", 90), ("p99", 99)):
        assert f"{name} {ms_text(float(np.percentile(real.samples_ns, percent)) / 1e6)}" in tab.result.figures.text()
    assert "median of 8 passes" in tab.result.figures.text()
    assert (tab.result.equal.text(), tab.result.badge.text()) == ("outputs equal", "measured")
    assert real.checksum in tab.result.equal.toolTip()

    table = tab.result.table.model()
    shown = [[table.index(row, column).data() for column in range(table.columnCount())] for row in range(table.rowCount())]
    assert [row[0] for row in shown] == ["Layer 1", "Layer 2", "Layer 3", "Embedding", "Head"]
    assert [row[1] for row in shown] == [ms_text(layer.p50_ns / 1e6) for layer in real.layers]
    assert [row[5] for row in shown] == ["\N{EN DASH}"] * 5  # a float network has no bit-ops
    assert sum(float(row[3].split()[0]) for row in shown) == pytest.approx(100, abs=3)

    ratio = float(np.median(binary.samples_ns) / np.median(real.samples_ns))
    figures = {bar.label: bar.figure.split()[-1] for bar in tab.compared.times.bars.bars}
    assert figures == {"real": "1.00", "binary": f"{ratio:.2f}"}
    assert "x86_64" in tab.boards.list.item(0).data(Qt.ItemDataRole.UserRole + 1) or os.uname().machine != "x86_64"

    press(tab.setup.start)
    qtbot.waitUntil(lambda: not tab.profiler.any_busy, timeout=WAIT_MS)
    settle(window, qtbot)
    qtbot.waitUntil(lambda: [one.conditions.model_name for one in tab.earlier.table.model().entries] == ["real", "real"], timeout=WAIT_MS)
    entries = tab.earlier.table.model().entries
    tab.earlier.table.selectAll()
    qtbot.waitUntil(lambda: tab.earlier.verdict.text().startswith(f"Run {entries[0].id} against {entries[1].id}"), timeout=WAIT_MS)
    tab.earlier.table.selectRow(1)
    qtbot.waitUntil(lambda: tab.result.run.conditions.time == entries[1].conditions.time, timeout=WAIT_MS)
    tab.earlier.save(tmp_path / "board.json")
    settle(window, qtbot)
    assert len(json.loads((tmp_path / "board.json").read_text())) == 4

    pi = KnownBoard("pi@10.0.0.7:2222", key="~/.ssh/pi", prefix="taskset -c 3")
    tab.book.add(pi)
    other = make_window()
    other.tabs.setCurrentWidget(other.boards)
    settle(other, qtbot)
    assert other.boards.book.boards == (THIS_MACHINE, pi)
    assert other.boards.result.title.text().startswith("real on This machine")
    assert not other.boards.setup.start.isEnabled()
    other.boards.boards.list.setCurrentRow(1)
    settle(other, qtbot)
    assert other.boards.result.hint.isVisible()
    assert other.boards.compared.times.bars.bars == ()
    press(other.boards.boards.remove)
    assert other.boards.book.boards == (THIS_MACHINE,)
    assert other.boards.result.title.text().startswith("real on This machine")


def test_a_run_can_be_left(tab: BoardsTab, window: MainWindow, home: Server, qtbot: QtBot) -> None:
    begin_endless(tab, qtbot)
    assert home.processes() != []
    press(tab.setup.cancel)
    qtbot.waitUntil(lambda: not tab.profiler.any_busy, timeout=WAIT_MS)
    settle(window, qtbot)
    assert home.processes() == []
    assert History().entries() == []
    assert tab.setup.start.isVisible()
    measure_passes(tab, 1)
    press(tab.setup.start)  # and it can begin again
    qtbot.waitUntil(lambda: not tab.profiler.any_busy, timeout=WAIT_MS)
    assert len(History().entries()) == 2
    begin_endless(tab, qtbot)
    start = time.monotonic()
    window.close()
    assert time.monotonic() - start < 3
    assert home.processes() == []


def test_a_sweep_and_a_soak(tab: BoardsTab, window: MainWindow, qtbot: QtBot) -> None:
    how = tab.setup.how
    measure_passes(tab, 3)
    how.threads.setText("1, 2")
    how.pause.setValue(1)
    tab.models.list.item(1).setCheckState(Qt.CheckState.Unchecked)
    press(tab.setup.start)
    qtbot.waitUntil(lambda: not tab.profiler.any_busy, timeout=WAIT_MS)
    settle(window, qtbot)
    medians = {entry.conditions.threads: entry.summary.p50_ns for entry in History().entries()}
    assert tab.compared.sweep.lines == {"binary": [(1, medians[1]), (2, medians[2])]}
    assert "paused 1 s" in tab.result.start.text()
    assert tab.log.toPlainText().count("Paused for 1 s") == 2
    assert not tab.result.strips.isVisible()

    how.threads.setText("1")
    how.pause.setValue(0)
    press(how.until.button("soak"))
    how.amount.setValue(3)
    press(tab.setup.start)
    qtbot.waitUntil(lambda: not tab.profiler.any_busy, timeout=WAIT_MS)
    settle(window, qtbot)
    run = tab.result.run
    assert (run.details["stopped_by"], len(run.samples_ns) <= run.details["passes"]) == ("soak", True)
    assert f"median of {run.details['passes']:,} passes" in tab.result.figures.text()
    for _ in range(2):  # as it was told, and as it was stored
        assert tab.result.strips.isVisible()
        assert 1 <= len(tab.result.strips.passes.values) <= 4
        tab.earlier.table.selectRow(1)
        qtbot.waitUntil(lambda: tab.result.run.details["stopped_by"] == "max_runs", timeout=WAIT_MS)
        tab.earlier.table.selectRow(0)
        qtbot.waitUntil(lambda: tab.result.run.details["stopped_by"] == "soak", timeout=WAIT_MS)

    for text in ("1 x", "0", "65", ""):
        how.threads.setText(text)
        press(tab.setup.start)
        assert "Expected threads from 1 to 64" in window.toasts.messages[-1]
        assert not tab.profiler.any_busy


def test_two_boards_at_once(tab: BoardsTab, window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    """Each has a state of its own; one is cancelled, and the other goes on; then each model is beside itself on this machine."""
    needs("sshd")
    folder = tmp_path / "server"
    folder.mkdir()
    with openssh(folder) as server:
        begin_endless(tab, qtbot)
        tab.book.add(KnownBoard(f"{USER}@127.0.0.1:{server.port}", str(server.key)))
        tab.boards.list.setCurrentRow(1)
        assert not tab.live.isVisible()
        press(tab.setup.start)
        qtbot.waitUntil(tab.question.isVisible, timeout=WAIT_MS)
        press(tab.question.accept)
        qtbot.waitUntil(lambda: "measuring" in tab.live.caption.text(), timeout=WAIT_MS)
        here, there = tab.book.boards
        assert tab.profiler.busy(here)
        assert tab.profiler.busy(there)
        assert tab.live.headline.text() == f"binary, 1 of 2 on {there.title}"
        tab.boards.list.setCurrentRow(0)
        assert tab.live.headline.text() == "binary, 1 of 2 on This machine"
        assert "First pass" in tab.log.toPlainText()
        press(tab.setup.cancel)
        qtbot.waitUntil(lambda: not tab.profiler.busy(here), timeout=WAIT_MS)
        assert tab.profiler.busy(there)
        tab.boards.list.setCurrentRow(1)
        assert tab.live.isVisible()
        press(tab.setup.cancel)
        qtbot.waitUntil(lambda: not tab.profiler.any_busy, timeout=WAIT_MS)
        measure_passes(tab, 2)
        for row in (0, 1):
            tab.boards.list.setCurrentRow(row)
            press(tab.setup.start)
        qtbot.waitUntil(lambda: not tab.profiler.any_busy, timeout=WAIT_MS)
        settle(window, qtbot)
        assert len(tab.compared.machines.bars) == 2
        qtbot.waitUntil(lambda: not tab.result.table.isColumnHidden(2), timeout=WAIT_MS)
        settle(window, qtbot)


def test_bad_input_is_said_in_the_tab(tab: BoardsTab, window: MainWindow, qtbot: QtBot) -> None:
    tab.setup.how.cpus.setText("900")
    press(tab.setup.start)
    qtbot.waitUntil(lambda: not tab.profiler.any_busy, timeout=WAIT_MS)
    settle(window, qtbot)
    assert "Name CPUs that this machine has" in tab.setup.problem.text()
    assert tab.setup.problem.isVisible()
    press(tab.boards.add)
    form = tab.boards.form
    for text, said in (("local", "This machine is in the list already"), ("a b", "Expected a board as user@host")):
        form.fields["address"].setText(text)
        press(form.add)
        assert said in form.problem.text()
        assert tab.book.boards == (THIS_MACHINE,)
    form.fields["address"].setText("pi@board")
    form.fields["prefix"].setText("taskset 'c")
    press(form.add)
    assert "Expected a launch prefix" in form.problem.text()
    tab.models.list.item(0).setCheckState(Qt.CheckState.Unchecked)
    assert [model.name for model in tab.models.checked] == ["real"]
    tab.models.list.item(1).setCheckState(Qt.CheckState.Unchecked)
    assert "No model is checked" in tab.setup.start.toolTip()
    assert not tab.setup.start.isEnabled()


def test_an_unknown_key_is_asked_for_in_the_tab(tab: BoardsTab, window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    needs("sshd")
    folder = tmp_path / "server"
    folder.mkdir()
    with openssh(folder) as server:
        press(tab.boards.add)
        for name, text in (("address", f"{USER}@127.0.0.1:{server.port}"), ("key", str(server.key))):
            tab.boards.form.fields[name].setText(text)
        press(tab.boards.form.add)
        settle(window, qtbot)
        assert tab.boards.board.address.endswith(f":{server.port}")
        measure_passes(tab, 1)

        press(tab.setup.start)
        qtbot.waitUntil(tab.question.isVisible, timeout=WAIT_MS)
        assert "SHA256:" in tab.question.detail.text()
        press(tab.question.refuse)
        qtbot.waitUntil(lambda: not tab.profiler.any_busy, timeout=WAIT_MS)
        QApplication.processEvents()
        assert "is not trusted" in tab.setup.problem.text()

        press(tab.setup.start)
        window.tabs.setCurrentWidget(window.inspect)  # the window stays usable meanwhile
        qtbot.waitUntil(lambda: tab.question.question is not None, timeout=WAIT_MS)
        assert "A board asks something" in window.toasts.messages[-1]
        window.tabs.setCurrentWidget(tab)
        press(tab.question.accept)
        qtbot.waitUntil(lambda: not tab.profiler.any_busy, timeout=WAIT_MS)
        settle(window, qtbot)
        assert tab.setup.problem.text() == ""
        assert tab.result.equal.text() == "outputs equal"
        assert tab.result.run.conditions.machine == f"{USER}@127.0.0.1:{server.port}"

        known = tmp_path / "config" / "bgnn-studio" / "known_hosts"
        line = known.read_text().split()
        known.write_text(f"{line[0]} {' '.join((folder / 'id.pub').read_text().split()[:2])}\n")
        press(tab.setup.start)  # another key than the one that is trusted
        qtbot.waitUntil(lambda: not tab.profiler.any_busy, timeout=WAIT_MS)
        QApplication.processEvents()
        assert "shows another key" in tab.setup.problem.text()
        assert not tab.question.isVisible()


def test_a_secret_is_asked_for_and_dropped(qtbot: QtBot) -> None:
    bar = QuestionBar()
    qtbot.addWidget(bar)
    for how, expected in (("enter", "horse"), ("give up", None)):
        question = Question("Password of pi@board", "", secret=True)
        bar.show_question(question)
        assert bar.field.echoMode() == bar.field.EchoMode.Password
        QTest.keyClicks(bar.field, "horse")
        if how == "enter":
            QTest.keyClick(bar.field, Qt.Key.Key_Return)
        else:
            press(bar.refuse)
        assert question.answer.result(0) == expected
        assert (bar.field.text(), bar.isVisible()) == ("", False)


def beat(second: float, runs: int, celsius: float | None = None, khz: int | None = None) -> Heartbeat:
    temperatures = None if celsius is None else (Temperature("cpu", celsius), Temperature("gpu", celsius - 3))
    layers = None if runs < 9 else (2_000_000 * runs, 0, 1_000_000 * runs)
    clocks = None if khz is None else (Frequency(0, khz - 1000), Frequency(3, khz), Frequency(5, 9 * khz))
    return Heartbeat(second, "measure", runs, layers, temperatures, clocks, None, None)


def test_a_run_over_time_is_drawn_where_there_are_sensors(qtbot: QtBot) -> None:
    live, state = LivePanel(), BoardState()
    qtbot.addWidget(live)
    live.show()
    state.affinity = (0, 3)
    for news in (beat(1.0, 5, 51.5, 2_400_000), beat(2.0, 15, 60.0, 1_800_000)):
        state.hear(news)
        live.show_state(state, "a board")
    assert (live.strips.temperature.values, live.strips.clock.values) == ([51.5, 60.0], [2.4, 1.8])
    assert (live.strips.passes.seconds, live.strips.passes.values) == ([2.0], [100.0])
    assert live.strips.temperature.isVisible()
    assert [(bar.label, bar.figure) for bar in live.bars.bars] == [("Layer 1", "2.00 ms"), ("Embedding", "0.000 ms"), ("Head", "1.00 ms")]
    assert not live.strips.sensors.isVisible()
    state.begin()
    state.hear(Bringing("a model", 0.456))
    live.show_state(state, "a board")
    assert (live.caption.text(), live.bars.isVisible()) == ("Bringing a model: 46 %", False)
    state.hear(Began("a model", 1, 1, Settings()))
    state.hear(beat(1.0, 5))
    live.show_state(state, "a board")
    assert live.strips.sensors.text() == "This board tells no temperature and no clock."
    assert not live.strips.clock.isVisible()
