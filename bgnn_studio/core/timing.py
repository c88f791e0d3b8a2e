"""Wall times of repeated calls, warm-up apart, until they suffice; and the times of each layer over repeated inferences."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from threading import Event
from time import perf_counter_ns
from typing import Generic, Literal, TypeVar

import numpy as np

from bgnn_studio.core.inference import Inference
from bgnn_studio.core.statistics import FEWEST, median_interval, spread

WARMUP = 2
T = TypeVar("T")
StoppedBy = Literal["settled", "most", "seconds"]
LONG_TAIL, DRIFT = 1.15, 0.05  # of a quiet core (Zen 4, bf2, N = 1024): p90 1.03 of the median, halves within 1 %


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
    def p99_ms(self) -> float:
        """What all but one call of a hundred stay below."""
        return self.percentile_ms(99)

    @property
    def min_ms(self) -> float:
        """The fastest call."""
        return self.percentile_ms(0)

    @property
    def interval_ms(self) -> tuple[float, float] | None:
        """The 95 % interval of the median; None below 8 calls."""
        interval = median_interval(self.samples_ns)
        return interval and (interval[0] / 1e6, interval[1] / 1e6)

    @property
    def noise(self) -> str | None:
        """What is wrong with the samples, or None for those of a quiet machine (and for fewer than 8)."""
        if len(self.samples_ns) < FEWEST:
            return None
        tail = self.p90_ms / self.p50_ms
        half = len(self.samples_ns) // 2
        before, after = float(np.median(self.samples_ns[:half])), float(np.median(self.samples_ns[half:]))
        if abs(after / before - 1) > DRIFT:
            return f"drifting: the later half took {after / before:.2f} times the earlier"
        return f"noisy: p90 is {tail:.2f} times the median" if tail > LONG_TAIL else None


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


@dataclass(frozen=True)
class Rule:
    """When to stop: once the median is known within `settled` of itself, or at a limit.

    Attributes
    ----------
    warmup : int
        Unmeasured calls before.
    least, most : int
        Measured calls; fewer than `least` where the time does not suffice.
    seconds : float
        Time budget of the measured calls together, and of those before; one call of each is made in any case.
    settled : float
        Half the width of the 95 % interval of the median, over the median; as in bgnn-runner.
    """

    warmup: int = WARMUP
    least: int = 10
    most: int = 1000
    seconds: float = 2.0
    settled: float = 0.01


RULE = Rule()


def exactly(calls: int) -> Rule:
    """Return the rule of so many calls, however long they take."""
    return Rule(least=calls, most=calls, seconds=inf)


@dataclass(frozen=True)
class Measurement(Generic[T]):
    """What repeated calls took and returned, why they ended, and what the very first one took."""

    latency: Latency
    results: list[T]
    stopped_by: StoppedBy
    first_ns: int


def measure_until(
    call: Callable[[], T], rule: Rule = RULE, *, progress: Callable[[float], object] = lambda _: None, cancelled: Event | None = None
) -> Measurement[T] | None:
    """Call until a rule is content; `progress` gets the share of the limits used, from 0 to 1. None when cancelled.

    The interval is looked at every 10 % more calls, so that looking costs next to nothing.
    """
    cancelled = cancelled or Event()
    timed: list[tuple[int, T]] = []
    begin, first_ns, n, next_look = perf_counter_ns(), 0, -rule.warmup, rule.least
    while not cancelled.is_set():
        start = perf_counter_ns()
        result = call()
        end = perf_counter_ns()
        n, first_ns = n + 1, first_ns or end - start
        seconds = (end - begin) / 1e9
        if n <= 0:
            if n == 0 or seconds >= rule.seconds:
                n, begin = 0, perf_counter_ns()
            continue
        timed.append((end - start, result))
        progress(min(1.0, max(n / rule.most, seconds / rule.seconds)))
        why: StoppedBy | None = "most" if n >= rule.most else "seconds" if seconds >= rule.seconds else None
        if why is None and n >= next_look:
            next_look = n + n // 10 + 1
            width = spread([ns for ns, _ in timed])
            why = "settled" if width is not None and width <= rule.settled else None
        if why is not None:
            return Measurement(Latency(tuple(ns for ns, _ in timed)), [result for _, result in timed], why, first_ns)
    return None


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
