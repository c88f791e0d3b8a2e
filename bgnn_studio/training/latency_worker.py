"""``python -m bgnn_studio.training.latency_worker``: a torch network timed in a process of its own, for `latency_process`.

A request comes as one line of JSON on stdin; lines of JSON go to stdout: ``progress``, and ``result`` or ``error`` at the end. The
process ends when its stdin does, so that it never outlives who started it.
"""

import base64
import json
import os
import sys
from threading import Thread
from typing import Any

import numpy as np


def main() -> None:
    """Answer one request."""
    request = json.loads(sys.stdin.readline())
    Thread(target=_watch, daemon=True).start()
    try:
        _say(type="result", **_measured(request))
    except Exception as error:  # noqa: BLE001 (whatever it was is told on the other side)
        _say(type="error", message=f"{type(error).__name__}: {error}")


def _measured(request: dict[str, Any]) -> dict[str, Any]:
    import torch

    from bgnn_studio.core.spec import NetworkSpec
    from bgnn_studio.core.timing import Rule, measure_until
    from bgnn_studio.training.timing import calibrated_network, torch_isa, torch_pass

    sizes = {name: tuple(value) if isinstance(value, list) else value for name, value in request["spec"].items()}
    points = np.frombuffer(base64.b64decode(request["points"]), "<f4").reshape(-1, 3)
    torch.set_num_threads(request["threads"])
    with torch_pass(calibrated_network(NetworkSpec(**sizes)), points, request["threads"]) as call:
        found = measure_until(call, Rule(**request["rule"]), progress=lambda share: _say(type="progress", share=share))
    assert found is not None  # who cancels ends the process
    return {
        "samples_ns": found.latency.samples_ns,
        "first_ns": found.first_ns,
        "stopped_by": found.stopped_by,
        "torch": torch.__version__,
        "isa": torch_isa(),
    }


def _watch() -> None:
    while sys.stdin.read(1):
        pass
    os._exit(1)


def _say(**line: object) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
