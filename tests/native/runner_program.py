"""bgnn-runner: ways to build it, its lines checked against the documented types, its checksum computed in Python."""

import json
import runpy
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import NoneType, SimpleNamespace
from typing import Any

import numpy as np

from bgnn_studio.core.clouds import preprocess
from bgnn_studio.core.inference import Inference
from bgnn_studio.core.resources import bundled_clouds
from bgnn_studio.io.readers import read_cloud
from tests.requirements import ROOT

BUILD = SimpleNamespace(**runpy.run_path(str(ROOT / "native" / "runner" / "build.py")))
Line = dict[str, Any]

TEXT, WHOLE, REAL = (str,), (int,), (int, float)
WHOLES, TEXTS = [WHOLE], [TEXT]
# A tuple: one of these types. A list: a list of that; with None after it, or null. A dictionary: an object of just these members.
SCHEMA: dict[str, dict[str, Any]] = {
    "identity": {
        **dict.fromkeys(("library_version", "compiler", "system", "release", "machine", "endianness", "isa"), TEXT),
        **dict.fromkeys(("board", "hwcap", "hwcap2"), (str, NoneType)),
        "cpus": [{**dict.fromkeys(("implementer", "part", "model_name"), (str, NoneType)), "count": WHOLE}, None],
        "isas": TEXTS,
        "cores": WHOLE,
        "affinity": [WHOLE, None],
        "governors": [{"cpu": WHOLE, "governor": (str, NoneType)}, None],
        "memory_total_bytes": (int, NoneType),
        "memory_available_bytes": (int, NoneType),
    },
    "model": {
        **dict.fromkeys(("variant", "stage", "conv", "first_layer", "edge_op", "max_order", "skip", "head_inputs"), TEXT),
        **dict.fromkeys(("points", "k", "embedding", "file_bytes", "tensor_bytes", "prepared_bytes", "arena_bytes"), WHOLE),
        "widths": WHOLES,
        "head": WHOLES,
        "classes": TEXTS,
    },
    "init": dict.fromkeys(("open_ns", "points", "k", "threads"), WHOLE),
    "cool": {"seconds": REAL, "celsius": (int, float, NoneType), "reached": (bool,)},
    "first": {"ns": WHOLE},
    "heartbeat": {
        "elapsed_s": REAL,
        "phase": TEXT,
        "runs": WHOLE,
        "layers_ns": [WHOLE, None],
        "temperatures": [{"zone": TEXT, "celsius": (int, float, NoneType)}, None],
        "frequencies": [{"cpu": WHOLE, "khz": (int, NoneType)}, None],
        "throttled": (str, NoneType),
        "load_average": [REAL, None],
    },
    "result": {
        **dict.fromkeys(("n", "passes"), WHOLE),
        "instructions": (int, NoneType),
        "instructions_absent": (str, NoneType),
        "stopped_by": TEXT,
        **dict.fromkeys(("p50_ns", "p90_ns", "p99_ns", "mean_ns", "std_ns"), REAL),
        "min_ns": WHOLE,
        "spread": (int, float, NoneType),
        "layers": [
            {"layer": TEXT, "p50_ns": REAL, "macs": WHOLE, "bit_ops": WHOLE, "steps": [{"step": TEXT, "p50_ns": REAL}]},
        ],
        "peak_rss_bytes": (int, NoneType),
        "arena_bytes": WHOLE,
        "model_bytes": WHOLE,
        "logits": [REAL],
        "checksum": TEXT,
    },
    "error": {"message": TEXT},
    "stopped": {"reason": TEXT},
}
ONE_RUN = ("--warmup", "0", "--min-runs", "1", "--max-runs", "1")


def compile_runner(compiler: str, output: Path, *flags: str) -> Path:
    """Compile the whole runner with one command, as on a board; flags come after those of every build."""
    subprocess.run([compiler, *BUILD.arguments(output, *flags)], check=True)
    return output


def write_cloud(path: Path, points: int) -> Path:
    """Write the first bundled cloud, preprocessed to this many points, as the runner reads it."""
    preprocess(read_cloud(bundled_clouds()[0]).points, points).astype("<f4").tofile(path)
    return path


def read_points(path: Path) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Read such a file back, (N, 3)."""
    return np.fromfile(path, "<f4").reshape(-1, 3)


def _fits(value: Any, kind: Any) -> bool:
    if isinstance(kind, tuple):
        return type(value) in kind
    if isinstance(kind, list):
        return (value is None and None in kind) or (isinstance(value, list) and all(_fits(item, kind[0]) for item in value))
    return isinstance(value, dict) and value.keys() == kind.keys() and all(_fits(value[key], kind[key]) for key in kind)


def _no_constant(name: str) -> float:
    raise AssertionError(f"{name} is not JSON")


def parse(text: str) -> Line:
    """Return one line as an object of a documented type."""
    line: Line = json.loads(text, parse_constant=_no_constant)
    members = {key: value for key, value in line.items() if key != "type"}
    kind = {**SCHEMA[line["type"]]}
    if "samples_ns" in members:
        kind["samples_ns"] = WHOLES
    assert _fits(members, kind), text
    return line


def run_runner(*command: str | Path, environment: dict[str, str] | None = None) -> tuple[int, list[Line]]:
    """Run to the end, with nothing on standard error; return the exit status and the lines."""
    done = subprocess.run(command, capture_output=True, check=False, env=environment, stdin=subprocess.DEVNULL)
    assert done.stderr == b"", done.stderr.decode()
    return done.returncode, [parse(text) for text in done.stdout.decode().splitlines()]


def of_type(lines: Sequence[Line], kind: str) -> Line:
    """Return the only line of a type."""
    (line,) = (line for line in lines if line["type"] == kind)
    return line


def checksum(inference: Inference) -> str:
    """FNV-1a (64 bits) over graphs, inputs of layers 2 ... L and logits, as the runner's README defines it."""
    assert inference.trace is not None
    parts: list[bytes] = []
    for layer, graph in enumerate(inference.trace.knn):
        parts.append(graph.astype("<i4").tobytes())
        if layer > 0:
            features = inference.trace.features[layer - 1]
            parts.append(features.astype(features.dtype.newbyteorder("<")).tobytes())
    parts.append(inference.logits.astype("<f4").tobytes())
    total = 14695981039346656037
    for byte in b"".join(parts):
        total = (total ^ byte) * 1099511628211 & 0xFFFFFFFFFFFFFFFF
    return f"{total:016x}"
