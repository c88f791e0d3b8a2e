"""How bf2 grows with N and k, and the peak memory of a process that runs 65,536 points."""

import subprocess
import sys
from pathlib import Path

from bgnn_studio.commands.bench_growth import POINTS as GROWTH_POINTS
from bgnn_studio.commands.bench_growth import as_rows, grow
from bgnn_studio.training.timing import write_full_size
from tests.bench.contest import Short, table

POINTS = 65536
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


def run(folder: Path, short: Short) -> None:
    """Print both tables, sizes side by side."""
    head, *rows = as_rows(grow(threads=1, repeat=10))
    by_points, by_k = rows[: len(GROWTH_POINTS)], rows[len(GROWTH_POINTS) :]
    for name, column, part in (("N", 0, by_points), ("k", 1, by_k)):
        lines = [[title, *(row[i] for row in part)] for i, title in enumerate(head) if i > 1]
        title = f"Growth of `bf2` with {name}, at {f'k = {by_points[0][1]}' if name == 'N' else f'N = {by_k[0][0]}'}, 1 thread, wall time"
        table(title, [name, *(row[column] for row in part)], lines)
    path, _ = write_full_size("bf2", folder)
    done = subprocess.run([sys.executable, "-c", PASS, path, str(POINTS)], capture_output=True, text=True, check=True)
    seconds, kilobytes = map(float, done.stdout.split())
    print(f"\nA process that opens bf2 and runs N = {POINTS}, k = 20 once: {seconds:.2f} s of CPU for the pass,", end=" ")
    print(f"{kilobytes / 1024:.0f} MiB at its peak (measured, Linux).")
    short.figures.append([f"`bf2` at N = {POINTS}: CPU time, peak memory", "below 500 MB", f"{seconds:.1f} s, {kilobytes / 1024:.0f} MiB"])
