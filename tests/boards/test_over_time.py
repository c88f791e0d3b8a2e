"""Heartbeats as lines over time, the drift of a soak, and what the terminal says of runs."""

import asyncio
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bgnn_studio.boards.board import Board, Run
from bgnn_studio.boards.messages import Cool, Frequency, Heartbeat, Temperature
from bgnn_studio.boards.over_time import clocks, drift, pass_times, temperatures
from bgnn_studio.boards.target import parse_target
from bgnn_studio.boards.task import Settings, swept
from bgnn_studio.commands.profile_text import as_text, beat_text
from tests.boards.conftest import Tasks
from tests.boards.servers import Answers, Events, host_keys


def beat(second: float, runs: int, phase: str = "measure", celsius: float | None = None, *khz: int | None) -> Heartbeat:
    heat = None if celsius is None else (Temperature("cpu", celsius), Temperature("gpu", None), Temperature("board", celsius - 9))
    return Heartbeat(second, phase, runs, None, heat, tuple(Frequency(cpu, one) for cpu, one in enumerate(khz)) or None, None, None)


BEATS = [
    beat(1, 0, "open"),
    beat(2, 0, "measure", 50),
    beat(3, 10, "measure", 60, 5, 7),
    beat(4, 10),
    beat(6, 14),
    beat(6.5, 15, "checksum"),
]


def test_lines_over_time():
    assert pass_times(BEATS) == ([3, 6], [100, 500])  # no pass ended between 3 and 4 s
    assert temperatures(BEATS) == ([2, 3], [50, 60])
    assert clocks(BEATS, None) == ([3], [7e-6])
    assert clocks(BEATS, (0,)) == ([3], [5e-6])
    assert pass_times([]) == temperatures([]) == clocks([], None) == ([], [])
    assert beat_text(beat(3, 1234, "measure", 61.4, None, 1_500_000)) == "measure, 1,234 passes, 61 \N{DEGREE SIGN}C, 1.50 GHz"
    assert beat_text(beat(3, 0, "open")) == "open, 0 passes"


def test_drift():
    assert drift(np.arange(99) + 1) is None
    assert drift(np.repeat([100, 150, 110], [30, 40, 30])) == pytest.approx(1.1)


def test_settings_as_options():
    assert Settings(soak=60, repeat=3).arguments()[-4:] == ["--soak", "60", "--max-runs", "20000"]
    assert Settings(cool_seconds=5, cool_below=45.5).arguments()[-4:] == ["--cool-down", "5", "--cool-below", "45.5"]


@pytest.fixture
def run(task: Tasks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("HOME", str(tmp_path))

    async def profile() -> list[Run]:
        async with Board(parse_target("local"), host_keys(tmp_path), Answers(), Events()) as board:
            return await board.run([task()])

    return asyncio.run(profile())[0]


def test_what_the_terminal_says(run: Run):
    """Counts where there are some, why not where there are none; a sweep against its fewest threads; a board that stayed hot."""
    counted = replace(run, result=replace(run.result, p50_ns=4e6, instructions=12_345_678, instructions_absent=None))
    two = replace(counted, init=replace(run.init, threads=2), result=replace(counted.result, p50_ns=2e6))
    lines = as_text([("pi@board", [counted, two])]).splitlines()
    assert "speed-up" in lines[2]
    assert " 12,345,678 " in lines[3]
    assert [line.split()[-3 if "sensor" not in line else -4] for line in lines[3:5]] == ["1.00", "2.00"]
    assert lines[-1] == "times: measured"
    absent = replace(run, result=replace(run.result, instructions=None, instructions_absent="no way"), cool=Cool(600, 61.5, reached=False))
    absent = replace(absent, task=replace(run.task, settings=Settings(cool_below=50)))
    lines = as_text([("pi@board", [absent])]).splitlines()
    assert " not counted " in lines[3]
    assert lines[-2:] == ["instructions not counted: no way", "bf2 began at 61.5 \N{DEGREE SIGN}C, not below 50"]
    assert as_text([("pi@board", [])]) == "pi@board: no runs"


def test_a_sweep_keeps_everything_but_the_threads(task: Tasks):
    one = task()
    assert [each.settings for each in swept(one, (1, 4))] == [one.settings, replace(one.settings, threads=4)]
    assert all(each.model_data is one.model_data and each.checksum == one.checksum for each in swept(one, (1, 4)))
