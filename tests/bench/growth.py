"""How bf2 grows with N and k, and the peak memory of a process that runs 65,536 points."""

import subprocess
import sys
from pathlib import Path

from bgnn_studio.commands.bench_growth import as_rows, grow
from bgnn_studio.training.timing import write_full_size
from tests.bench.contest import table

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


def run(folder: Path) -> None:
    """Print both tables."""
    head, *rows = as_rows(grow(threads=1, repeat=10))
    table("Growth of bf2, random weights and clouds, 1 thread, wall time", head, rows)
    path, _ = write_full_size("bf2", folder)
    done = subprocess.run([sys.executable, "-c", PASS, path, str(POINTS)], capture_output=True, text=True, check=True)
    seconds, kilobytes = map(float, done.stdout.split())
    print(f"\nA process that opens bf2 and runs N = {POINTS}, k = 20 once: {seconds:.2f} s of CPU for the pass,", end=" ")
    print(f"{kilobytes / 1024:.0f} MiB at its peak (measured, Linux).")
