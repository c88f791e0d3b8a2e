"""Clouds of a split from several processes at once."""

import os
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bgnn_studio.errors import BgnnError

_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def clouds_of(split: str, points: int, count: int, processes: int) -> Iterator[NDArray[np.float32]]:
    """Give clouds 0 to count - 1 of a split in their order, (points, 3) float32 each; the processes end with the iterator.

    Raises
    ------
    BgnnError
        A process ended before its last cloud.
    """
    command = [sys.executable, "-m", "bgnn_studio.training.shapes.part", split, str(points)]
    workers = [
        subprocess.Popen([*command, str(n), str(count), str(processes)], stdout=subprocess.PIPE, env=os.environ | _ONE_THREAD)
        for n in range(processes)
    ]
    try:
        for i in range(count):
            pipe = workers[i % processes].stdout
            assert pipe is not None
            data = pipe.read(12 * points)
            if len(data) < 12 * points:
                raise BgnnError(f"A process that makes shapes ended at cloud {i} of {count} (out of memory?). Try again.")
            yield np.frombuffer(data, "<f4").reshape(points, 3).astype(np.float32)
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()
