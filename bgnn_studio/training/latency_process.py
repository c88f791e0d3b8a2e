"""The latency of a torch network, measured in a process of its own: its threads and its memory stay out of the caller's.

Imports no torch itself.
"""

import base64
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from threading import Event, Thread
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bgnn_studio.core.spec import NetworkSpec
from bgnn_studio.core.timing import RULE, Latency, Measurement, Rule
from bgnn_studio.errors import BgnnError

POLL_S = 0.05


@dataclass(frozen=True)
class TorchLatency:
    """What the process measured, with which torch, and the instruction set that torch says it uses."""

    measured: Measurement[Any]
    torch: str
    isa: str


def measure_torch(
    spec: NetworkSpec,
    points: NDArray[np.float32],
    threads: int,
    rule: Rule = RULE,
    *,
    progress: Callable[[float], object] = lambda _: None,
    cancelled: Event | None = None,
) -> TorchLatency | None:
    """Measure the torch module of a spec, with random weights, on one cloud (N, 3); None when cancelled.

    Raises
    ------
    BgnnError
        Torch cannot be loaded or run.
    """
    cancelled = cancelled or Event()
    request = {
        "spec": asdict(spec),
        "points": base64.b64encode(np.ascontiguousarray(points, "<f4").tobytes()).decode(),
        "threads": threads,
        "rule": asdict(rule),
    }
    command = [sys.executable, "-m", "bgnn_studio.training.latency_worker"]
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        ended = Event()
        watch = Thread(target=_watch, args=(process, cancelled, ended), name="bgnn-torch-watch")
        watch.start()
        try:
            answer = _converse(process, json.dumps(request), progress)
            if not answer:
                process.wait()  # its end was seen: what it ended with tells why
        finally:
            ended.set()
            watch.join()
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                _close(pipe)
        if cancelled.is_set():
            return None
        if answer.get("type") != "result":
            log.seek(0)
            reason = answer.get("message") or (log.read().strip().splitlines() or [f"its process ended with code {process.returncode}"])[-1]
            raise BgnnError(f"Torch could not be measured ({reason}). 'bgnn-studio doctor' says whether it is installed.")
    measured: Measurement[Any] = Measurement(Latency(tuple(answer["samples_ns"])), [], answer["stopped_by"], answer["first_ns"])
    return TorchLatency(measured, answer["torch"], answer["isa"])


def _converse(process: "subprocess.Popen[str]", request: str, progress: Callable[[float], object]) -> dict[str, Any]:
    """Return the last line that the process says, or nothing where it ended without one."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(request + "\n")
        process.stdin.flush()
    except OSError:  # it ended at once: its log says why
        return {}
    for line in process.stdout:
        try:
            answer: dict[str, Any] = json.loads(line)
        except ValueError:  # a library's chatter, or a line that the kill cut
            continue
        if answer.get("type") == "progress":
            progress(answer["share"])
        else:
            return answer
    return {}


def _watch(process: "subprocess.Popen[str]", cancelled: Event, ended: Event) -> None:
    """Kill the process as soon as somebody cancels: who reads its lines then comes to their end."""
    while not ended.is_set():
        if cancelled.wait(POLL_S):
            process.kill()
            return


def _close(pipe: Any) -> None:  # noqa: ANN401
    try:
        pipe.close()
    except OSError:  # what was left to write to a process that is gone
        return
