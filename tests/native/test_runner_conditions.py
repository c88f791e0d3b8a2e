"""bgnn-runner's pause before, its soak and its count of instructions, on this machine (under sanitizers) with sensors as files."""

import os
import subprocess
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from bgnn_studio.core.resources import bundled_models
from tests.native.runner_program import ONE_RUN, of_type, parse, run_runner, write_cloud
from tests.requirements import needs

MODEL = next(path for path in bundled_models() if path.stem == "bf2")
TEMPERATURE = "sys/class/thermal/thermal_zone0/temp"


@pytest.fixture(scope="module")
def run(runner: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str | Path]:
    return [runner, "--model", MODEL, "--cloud", write_cloud(tmp_path_factory.mktemp("conditions") / "chair.f32", 64)]


def heat(root: Path, celsius: float) -> Path:
    path = root / TEMPERATURE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".new").write_text(f"{celsius * 1000:.0f}\n")
    path.with_suffix(".new").rename(path)
    return root


def test_a_pause_of_seconds(run: list[str | Path]):
    _, lines = run_runner(*run, "--cool-down", "1.2", *ONE_RUN)
    cool = of_type(lines, "cool")
    assert 1.2 <= cool["seconds"] < 10
    assert cool["reached"]
    kinds = [line["type"] for line in lines if line["type"] != "heartbeat"]
    assert kinds == ["identity", "model", "init", "cool", "first", "result"]
    assert "cool-down" in [line["phase"] for line in lines if line["type"] == "heartbeat"]


def test_a_pause_until_it_is_cool(run: list[str | Path], tmp_path: Path):
    heat(tmp_path, 60.5)
    command = [*run, "--cool-below", "60", "--sysroot", tmp_path, *ONE_RUN]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = []
        for text in process.stdout:
            lines.append(parse(text))
            if lines[-1]["type"] == "heartbeat" and lines[-1]["phase"] == "cool-down":
                heat(tmp_path, 59.9)
    assert (of_type(lines, "cool")["celsius"], of_type(lines, "cool")["reached"]) == (59.9, True)


def test_a_board_that_stays_hot_is_measured_and_said_to_be(run: list[str | Path], tmp_path: Path):
    _, lines = run_runner(*run, "--cool-below", "60", "--cool-down", "0.3", "--sysroot", heat(tmp_path, 71), *ONE_RUN)
    assert of_type(lines, "cool") == {"type": "cool", "seconds": pytest.approx(0.5, abs=5), "celsius": 71, "reached": False}
    assert of_type(lines, "result")["n"] == 1


def test_a_pause_that_no_sensor_could_end_is_refused(run: list[str | Path], tmp_path: Path):
    status, lines = run_runner(*run, "--cool-below", "60", "--sysroot", tmp_path, *ONE_RUN)
    assert status == 2
    assert lines[-1]["message"] == "--cool-below: this machine tells no temperature. Use --cool-down with seconds."


@pytest.mark.parametrize(
    "options", [["--soak", "0"], ["--soak", "1e9"], ["--cool-down", "-1"], ["--cool-below", "warm"], ["--cool-below", "999"]]
)
def test_bad_conditions(options: list[str], run: list[str | Path]):
    status, lines = run_runner(*run, *options)
    assert (status, lines[-1]["type"]) == (2, "error")
    assert f"after {options[0]} (got '{options[1]}')" in lines[-1]["message"]


@pytest.mark.parametrize("most", [1, 2, 7, 64])
def test_a_soak_keeps_samples_of_all_its_time(most: int, run: list[str | Path]):
    """However few are kept, they are every 2nd, 4th ... pass; the time does not depend on the median."""
    _, lines = run_runner(*run, "--soak", "0.7", "--warmup", "0", "--min-runs", "1", "--max-runs", str(most), "--raw-samples")
    result, beats = of_type(lines, "result"), [line for line in lines if line["type"] == "heartbeat"]
    assert result["stopped_by"] == "soak"
    passes, kept = result["passes"], result["n"]
    assert beats[-1]["runs"] == passes
    assert beats[0]["layers_ns"] is None
    assert len(beats[-1]["layers_ns"]) == 6
    assert 0 < sum(beats[-1]["layers_ns"]) < beats[-1]["elapsed_s"] * 1e9
    assert len(result["samples_ns"]) == kept <= most
    stride = 1
    while -(-passes // stride) > most:
        stride *= 2
    assert kept == -(-passes // stride), (passes, stride)
    samples = np.array(result["samples_ns"])
    assert result["p50_ns"] == pytest.approx(np.percentile(samples, 50), abs=0.1)
    assert result["min_ns"] == samples.min()


def test_cooling_and_soaking_end_with_standard_input(run: list[str | Path]):
    for options in (["--cool-down", "600"], ["--soak", "600"]):
        with subprocess.Popen([*run, "--watch-stdin", *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            while parse(process.stdout.readline())["type"] != "init":
                pass
            timer = threading.Timer(0.2, process.stdin.close)
            timer.start()
            start = time.monotonic()
            assert process.wait(10) == 3
            assert time.monotonic() - start < 5
            timer.join()


def test_instructions_are_counted_or_it_is_said_why_not(run: list[str | Path]):
    """Where the kernel counts, the number is the same for any number of threads; elsewhere it is null, never 0."""
    found = []
    for threads in ("1", "3"):
        _, lines = run_runner(*run, "--threads", threads, *ONE_RUN)
        result = of_type(lines, "result")
        assert (result["instructions"] is None) == (result["instructions_absent"] is not None)
        found.append(result["instructions"])
    assert found[0] is found[1] is None or found == pytest.approx([found[0]] * 2, rel=0.02)


def test_an_emulator_of_programs_counts_nothing_and_says_so(run: list[str | Path]):
    needs("qemu-aarch64")
    from bgnn_studio.boards.shipped import FOLDER

    runner = FOLDER / "bgnn-runner-aarch64"
    _, lines = run_runner("qemu-aarch64", runner, *run[1:], *ONE_RUN, environment={**os.environ})
    result = of_type(lines, "result")
    assert (result["instructions"], result["instructions_absent"]) == (None, "the kernel has no counters")
