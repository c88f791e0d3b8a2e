"""Latencies and layer times against plain statistics of known samples."""

import statistics
import time
from collections.abc import Iterator
from threading import Event

import numpy as np
import pytest

from bgnn_studio.core.inference import Inference, Step
from bgnn_studio.core.timing import Latency, layer_times, measure, median_pass


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
