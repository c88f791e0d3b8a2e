"""What heartbeats say of a run over its time."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bgnn_studio.boards.messages import Heartbeat

Line = tuple[list[float], list[float]]


def pass_times(beats: Sequence[Heartbeat]) -> Line:
    """Return seconds of a run, and the mean milliseconds of the passes that ended since the heartbeat before."""
    seconds, means = [], []
    for before, after in pairwise(beats):
        if after.phase == before.phase == "measure" and after.runs > before.runs:
            seconds.append(after.elapsed_s)
            means.append(1e3 * (after.elapsed_s - before.elapsed_s) / (after.runs - before.runs))
    return seconds, means


def temperatures(beats: Sequence[Heartbeat]) -> Line:
    """Return seconds, and degrees Celsius of the hottest zone."""
    found = [(beat.elapsed_s, beat.celsius) for beat in beats if beat.celsius is not None]
    return [second for second, _ in found], [value for _, value in found]


def clocks(beats: Sequence[Heartbeat], affinity: Sequence[int] | None) -> Line:
    """Return seconds, and the highest clock in GHz of the CPUs that the run may use."""
    found = [(beat.elapsed_s, khz / 1e6) for beat in beats if (khz := beat.khz(affinity))]
    return [second for second, _ in found], [value for _, value in found]


def drift(samples_ns: NDArray[np.int64]) -> float | None:
    """Return the median of the last tenth of (n,) samples over that of the first tenth; None below 100 samples."""
    tenth = len(samples_ns) // 10
    return float(np.median(samples_ns[-tenth:]) / np.median(samples_ns[:tenth])) if tenth >= 10 else None
