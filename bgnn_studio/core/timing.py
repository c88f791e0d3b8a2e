"""Wall times of repeated calls, warm-up apart, and the times of each layer over repeated inferences."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event
from time import perf_counter_ns
from typing import TypeVar

import numpy as np

from bgnn_studio.core.inference import Inference

WARMUP = 2
T = TypeVar("T")


@dataclass(frozen=True)
class Latency:
    """Wall times of repeated calls: `samples_ns` in nanoseconds, the percentiles in milliseconds."""

    samples_ns: tuple[int, ...]

    def percentile_ms(self, percent: float) -> float:
        """Return a percentile, interpolated between samples."""
        return float(np.percentile(self.samples_ns, percent)) / 1e6

    @property
    def p50_ms(self) -> float:
        """The median."""
        return self.percentile_ms(50)

    @property
    def p90_ms(self) -> float:
        """What nine calls of ten stay below."""
        return self.percentile_ms(90)

    @property
    def min_ms(self) -> float:
        """The fastest call."""
        return self.percentile_ms(0)


def measure(call: Callable[[], T], repeat: int, warmup: int = WARMUP) -> tuple[Latency, list[T]]:
    """Call `warmup` times unmeasured, then `repeat` times; return the wall times and what those calls returned."""
    for _ in range(warmup):
        call()
    samples, results = [], []
    for _ in range(repeat):
        start = perf_counter_ns()
        results.append(call())
        samples.append(perf_counter_ns() - start)
    return Latency(tuple(samples)), results


def median_pass(run: Callable[[], Inference], most: int, budget_s: float, cancelled: Event) -> tuple[Inference, int]:
    """Repeat an inference after a first one that warms up; return the one of median latency, and of how many it is that.

    Stops after `most` passes, once they took `budget_s` seconds together, or when `cancelled`. Where the first pass already took
    the whole budget it is returned, with a count of 0.
    """
    end = perf_counter_ns() + int(budget_s * 1e9)
    first = run()
    passes: list[Inference] = []
    while len(passes) < most and perf_counter_ns() < end and not cancelled.is_set():
        passes.append(run())
    if not passes:
        return first, 0
    return sorted(passes, key=lambda inference: inference.latency_ns)[len(passes) // 2], len(passes)


@dataclass(frozen=True)
class LayerTime:
    """Milliseconds of one layer: `steps` by name in the order of execution, `ms` their sum."""

    name: str
    ms: float
    steps: dict[str, float]


def layer_times(runs: Sequence[Inference]) -> list[LayerTime]:
    """Return the median time of every step over inferences of one model, grouped by layer."""
    medians = np.median([[step.nanoseconds for step in run.steps] for run in runs], axis=0) / 1e6
    layers: dict[str, dict[str, float]] = {}
    for step, ms in zip(runs[0].steps, medians, strict=True):
        steps = layers.setdefault(step.layer, {})
        steps[step.name] = steps.get(step.name, 0.0) + float(ms)
    return [LayerTime(name, sum(steps.values()), steps) for name, steps in layers.items()]
