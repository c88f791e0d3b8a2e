"""How bf2 grows with N and k, and the peak memory of a process that runs 65,536 points."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from bgnn_studio.commands import bench_growth
from bgnn_studio.core.clouds import normalise
from bgnn_studio.core.units import ms_text, size_text
from bgnn_studio.native import Model
from bgnn_studio.training.timing import write_full_size
from tests.bench.contest import Short, table

POINTS, REPEAT = 65536, 10
HEAD = ("p50 [ms]", "min", "of which k-NN", "us per point", "arena (computed)")
# In a process of its own: the peak counts Python, numpy, the model, the cloud and the engine's arena. VmHWM starts anew with a program.
PASS = """
import re, sys, time
from pathlib import Path
import numpy as np
from bgnn_studio.native import Model
model, cloud = Model.open(sys.argv[1]), np.random.default_rng(0).normal(size=(int(sys.argv[2]), 3)).astype(np.float32)
start = time.process_time()
model.infer(cloud)
print(time.process_time() - start, re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""


def measured(model: Model, N: int, k: int) -> list[str]:
    """Return CPU time, the share of the k-NN graphs in the sum of the least times of the steps, and memory; the heads are in HEAD."""
    cloud = normalise(np.random.default_rng(N).normal(size=(N, 3)))
    samples, passes = [], []
    for _ in range(bench_growth.passes(N, REPEAT) + 1):
        start = time.process_time_ns()
        passes.append(model.infer(cloud, k=k).steps)
        samples.append((time.process_time_ns() - start) / 1e6)
    least = [min(step.nanoseconds for step in tries) for tries in zip(*passes, strict=True)]
    graphs = sum(ns for ns, step in zip(least, passes[0], strict=True) if step.name == "knn") / sum(least)
    p50 = float(np.median(samples[1:]))  # the first brings the model into the caches
    return [ms_text(p50), ms_text(min(samples)), f"{graphs:.0%}", ms_text(1e3 * p50 / N), size_text(model.arena_bytes(N, k))]


def run(folder: Path, short: Short) -> None:
    """Print both tables, sizes side by side."""
    path, _ = write_full_size("bf2", folder)
    model = Model.open(path)
    every = list(bench_growth.sizes())
    columns = [measured(model, N, k) for N, k in every]
    split = len(bench_growth.POINTS)
    for name, at, those, part in (
        ("N", f"k = {every[0][1]}", [N for N, _ in every[:split]], columns[:split]),
        ("k", f"N = {every[-1][0]}", [k for _, k in every[split:]], columns[split:]),
    ):
        rows = [[title, *cells] for title, *cells in zip(HEAD, *part, strict=True)]
        table(f"Growth of `bf2` with {name}, at {at}, 1 thread, CPU time", [name, *map(str, those)], rows)
    done = subprocess.run([sys.executable, "-c", PASS, path, str(POINTS)], capture_output=True, text=True, check=True)
    seconds, kilobytes = map(float, done.stdout.split())
    print(f"\nA process that opens bf2 and runs N = {POINTS}, k = 20 once: {seconds:.2f} s of CPU for the pass,", end=" ")
    print(f"{kilobytes / 1024:.0f} MiB at its peak (measured, Linux).")
    short.figures.append([f"`bf2` at N = {POINTS}: CPU time, peak memory", "below 500 MB", f"{seconds:.1f} s, {kilobytes / 1024:.0f} MiB"])
