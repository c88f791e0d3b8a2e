"""Latencies and layer times against plain statistics of known samples."""

import statistics
import time
from collections.abc import Iterator
from threading import Event

import numpy as np
import pytest

from bgnn_studio.core.inference import Inference, Step
from bgnn_studio.core.timing import Latency, Rule, layer_times, measure, measure_until, median_pass


def test_percentiles() -> None:
    samples = (5_000_000, 1_000_000, 4_000_000, 2_000_000, 3_000_000)
    latency = Latency(samples)
    assert latency.p50_ms == statistics.median(samples) / 1e6
    assert latency.min_ms == 1.0
    assert latency.p90_ms == pytest.approx(4.6)


def test_warm_up_is_not_measured() -> None:
    calls = []

    def call() -> int:
        calls.append(len(calls))
        time.sleep(0.05 if len(calls) <= 2 else 0.001)
        return calls[-1]

    latency, results = measure(call, repeat=3, warmup=2)
    assert results == [2, 3, 4]
    assert len(latency.samples_ns) == 3
    assert latency.min_ms >= 1.0
    assert latency.p50_ms < 50


def test_layer_times_are_medians_of_steps_by_layer() -> None:
    runs = [
        Inference(np.zeros(2, np.float32), tuple(Step(*s) for s in steps), "scalar", 1, 0)
        for steps in (
            [("layer1", "knn", 1_000_000), ("layer1", "conv", 5_000_000), ("head", "block", 100_000), ("head", "block", 200_000)],
            [("layer1", "knn", 3_000_000), ("layer1", "conv", 6_000_000), ("head", "block", 100_000), ("head", "block", 200_000)],
            [("layer1", "knn", 2_000_000), ("layer1", "conv", 9_000_000), ("head", "block", 400_000), ("head", "block", 200_000)],
        )
    ]
    first, head = layer_times(runs)
    assert (first.name, first.ms, first.steps) == ("layer1", 8.0, {"knn": 2.0, "conv": 6.0})
    assert head.steps == {"block": pytest.approx(0.3)}


def passes(*milliseconds: int) -> Iterator[Inference]:
    return (Inference(np.zeros(2, np.float32), (Step("layer1", "knn", ms * 1_000_000),), "scalar", 1, 0) for ms in milliseconds)


def test_the_median_pass_leaves_the_first_one_out() -> None:
    runs = passes(90, 3, 1, 2, 50, 4)
    inference, count = median_pass(lambda: next(runs), 5, 60.0, Event())
    assert (inference.latency_ns, count) == (3_000_000, 5)


def test_passes_end_with_the_budget_or_when_cancelled() -> None:
    runs = passes(90, 3)
    assert median_pass(lambda: next(runs), 5, 0.0, Event())[1] == 0
    cancelled, runs = Event(), passes(9, 5, 7, 6)

    def run() -> Inference:
        inference = next(runs)
        if inference.latency_ns == 7_000_000:
            cancelled.set()
        return inference

    inference, count = median_pass(run, 5, 60.0, cancelled)
    assert (inference.latency_ns, count) == (7_000_000, 2)


def test_figures_are_those_of_numpy_and_of_the_interval() -> None:
    samples = np.random.default_rng(3).gamma(5, 1e6, 101).astype(np.int64)
    latency = Latency(tuple(samples.tolist()))
    ordered = sorted(samples.tolist())
    assert latency.p99_ms == pytest.approx(ordered[99] / 1e6)
    assert latency.p90_ms == pytest.approx(ordered[90] / 1e6)
    assert latency.interval_ms == (ordered[39] / 1e6, ordered[61] / 1e6)  # 50.5 -+ 0.98 sqrt(101), outwards: ranks 40 and 62
    assert Latency((1, 2, 3)).interval_ms is None


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        ([100, 101, 102, 103] * 10, None),
        ([100, 101, 102, 103, 102, 130, 101] * 10, "p90 is 1.27 times the median"),
        ([100] * 20 + [110] * 20, "the later half took 1.10 times"),
        ([110] * 20 + [100] * 20, "the later half took 0.91 times"),
        ([1, 100, 1, 100, 1, 1, 1], None),  # too few to say
    ],
)
def test_noise_is_said(samples: list[int], said: str | None) -> None:
    noise = Latency(tuple(samples)).noise
    assert noise is None if said is None else said in noise


class Clock:
    """Calls that take as long as they are told to, on a clock that they alone move."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *durations_ns: int) -> None:
        self.now, self.calls, self.durations = 0, 0, durations_ns
        monkeypatch.setattr("bgnn_studio.core.timing.perf_counter_ns", lambda: self.now)

    def __call__(self) -> int:
        self.now += self.durations[min(self.calls, len(self.durations) - 1)]
        self.calls += 1
        return self.calls


def test_calls_stop_once_the_median_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, 9_000_000, 5_000_000, 1_000_000)
    shares: list[float] = []
    found = measure_until(clock, Rule(warmup=2, least=10, seconds=1.0), progress=shares.append)
    assert (found.stopped_by, found.first_ns, found.results) == ("settled", 9_000_000, list(range(3, 13)))
    assert found.latency.samples_ns == (1_000_000,) * 10
    assert shares == pytest.approx([i / 1000 for i in range(1, 11)])


def test_calls_that_never_settle_stop_at_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    durations = [1_000_000, 9_000_000] * 500
    found = measure_until(Clock(monkeypatch, *durations), Rule(warmup=0, most=60, seconds=100))
    assert (found.stopped_by, len(found.results)) == ("most", 60)
    found = measure_until(Clock(monkeypatch, *durations), Rule(warmup=0, seconds=0.1))
    assert (found.stopped_by, len(found.results)) == ("seconds", 20)


def test_slow_calls_are_made_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    found = measure_until(Clock(monkeypatch, 3_000_000_000), Rule(warmup=2, seconds=2.0))
    assert (found.stopped_by, found.results, found.first_ns) == ("seconds", [2], 3_000_000_000)


@pytest.mark.parametrize("at", [1, 2, 3, 7])
def test_calls_end_when_cancelled(at: int) -> None:
    cancelled, calls = Event(), []

    def call() -> None:
        calls.append(None)
        if len(calls) == at:
            cancelled.set()

    assert measure_until(call, Rule(warmup=2, seconds=60, settled=0), cancelled=cancelled) is None
    assert len(calls) == at


def test_looking_at_the_interval_is_rare() -> None:
    found = measure_until(lambda: None, Rule(most=1000, settled=-1.0, seconds=60))
    assert len(found.latency.samples_ns) == 1000
