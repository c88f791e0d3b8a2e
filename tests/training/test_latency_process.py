"""Torch timed in a process of its own: the result, the errors, and an end of the process however things end."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from threading import Event, Timer

import numpy as np
import pytest

from bgnn_studio.core.spec import float_twin
from bgnn_studio.core.timing import Rule
from bgnn_studio.errors import BgnnError
from bgnn_studio.training import latency_process
from bgnn_studio.training.latency_process import measure_torch
from tests.random_model import random_cloud, small_spec
from tests.requirements import ROOT, needs

SPEC = float_twin(small_spec("bf2"))
FEW = Rule(least=3, most=3, settled=-1.0, seconds=60)


def workers(parent: int) -> list[int]:
    """Return the processes that time torch for a parent."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has just ended
            theirs = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            if int(theirs) == parent and b"latency_worker" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found


def test_the_twin_has_the_same_sizes_and_is_float() -> None:
    spec = small_spec("bfr")
    twin = float_twin(spec)
    assert (twin.variant, twin.conv) == ("dgcnn", "EdgeConv")
    for name in ("points", "k", "widths", "embedding", "head", "classes"):
        assert getattr(twin, name) == getattr(spec, name)
    assert float_twin(twin) == twin


def test_a_network_is_timed_elsewhere() -> None:
    shares: list[float] = []
    found = measure_torch(SPEC, random_cloud(SPEC.points, 1), 1, FEW, progress=shares.append)
    assert len(found.measured.latency.samples_ns) == 3
    assert found.measured.latency.min_ms > 0.01
    assert (found.measured.stopped_by, shares[-1]) == ("most", 1.0)
    assert found.torch.split(".")[0].isdigit()
    assert found.isa.isidentifier() or found.isa == "no avx"
    assert workers(os.getpid()) == []


@pytest.mark.parametrize("after_s", [0.0, 0.3])
def test_cancelling_kills_it_at_once(after_s: float) -> None:
    cancelled = Event()
    Timer(after_s, cancelled.set).start()
    start = time.monotonic()
    endless = Rule(least=10**9, most=10**9, seconds=1e9)
    assert measure_torch(SPEC, random_cloud(SPEC.points, 1), 1, endless, cancelled=cancelled) is None
    assert time.monotonic() - start < after_s + 2
    assert workers(os.getpid()) == []


def test_it_does_not_outlive_a_killed_parent() -> None:
    needs("fork")
    code = (
        "from bgnn_studio.core.timing import Rule\nfrom bgnn_studio.training.latency_process import measure_torch\n"
        "from tests.training.test_latency_process import SPEC, random_cloud\n"
        "measure_torch(SPEC, random_cloud(SPEC.points, 1), 1, Rule(least=10**9, most=10**9, seconds=1e9))"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    end = time.monotonic() + 60
    while not (found := workers(parent.pid)) and time.monotonic() < end:
        time.sleep(0.05)
    (child,) = found
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    while Path(f"/proc/{child}").exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert not Path(f"/proc/{child}").exists()


@pytest.mark.parametrize(
    ("stand_in", "said"),
    [
        ("import sys; sys.exit('no such library')", r"no such library"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "ended with code -11"),
        ("""print('chatter'); print('{"type": "error", "message": "ValueError: why"}')""", "ValueError: why"),
        ("""print('{"type": "res')""", "ended with code 0"),
    ],
)
def test_what_goes_wrong_is_said(stand_in: str, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "python").write_text(f"#!{sys.executable}\n{stand_in}\n")
    (tmp_path / "python").chmod(0o755)
    monkeypatch.setattr(latency_process.sys, "executable", str(tmp_path / "python"))
    with pytest.raises(BgnnError, match=rf"Torch could not be measured \(.*{said}.*\)\. 'bgnn-studio doctor'"):
        measure_torch(SPEC, random_cloud(SPEC.points, 1), 1, FEW)


def test_a_spec_that_does_not_fit_is_said() -> None:
    with pytest.raises(BgnnError, match="Torch could not be measured"):
        measure_torch(SPEC, np.zeros((SPEC.k - 1, 3), np.float32), 1, FEW)
