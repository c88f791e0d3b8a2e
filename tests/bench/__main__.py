"""Run it: `python -m tests.bench [--only SECTION ...]`. Prints tables in Markdown; under three minutes, `training` about ten more."""

import argparse
import logging
import os
import sys
import tempfile
import time
import warnings
from importlib import import_module
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):  # read when the libraries load
    os.environ[variable] = "1"
warnings.simplefilter("ignore")
logging.disable(logging.WARNING)

from bgnn_studio import native  # noqa: E402
from tests.bench import machine  # noqa: E402
from tests.bench.contest import Short, table  # noqa: E402

ENGINE = ("networks", "neighbours", "products", "growth", "scaling", "isas")  # modules
SECTIONS = (*ENGINE, "training")


def main() -> None:
    """Print every section that was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="This project's engine beside its peers.")
    parser.add_argument(
        "--only", action="append", choices=SECTIONS, help="a section, repeatable; default: all but training, which needs no peer"
    )
    options = parser.parse_args()
    start = time.perf_counter()
    print(machine.describe())
    print(
        "One thread: CPU time of the process; more threads: wall time. p50 and min of n calls, contenders in turns; x: its p50 over ours."
    )
    short = Short()
    with tempfile.TemporaryDirectory() as folder:
        for name in options.only or ENGINE:
            print(f"\nload average {os.getloadavg()[0]:.1f}", file=sys.stderr)
            import_module(f"tests.bench.{name}").run(Path(folder), short)
    if short.kernels:
        table("Exact kernels, k = 20, 1 thread", ["kernel", "engine [ms]", "peers [ms]", "ratio"], short.kernels)
    if short.figures:
        table("In short", ["figure", "target", native.isa()], short.figures)
    print(
        f"\n{time.perf_counter() - start:.0f} s; load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores (this program counts 1)."
    )


if __name__ == "__main__":
    main()
