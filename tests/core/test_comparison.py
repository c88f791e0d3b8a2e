"""Models side by side, without an engine."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from bgnn_studio.core.card import Accuracy
from bgnn_studio.core.comparison import Run, compare, count_bits, run_model, time_model, unique_names, why_incomparable
from bgnn_studio.core.inference import Inference
from bgnn_studio.core.spec import NetworkSpec
from bgnn_studio.errors import BgnnError
from bgnn_studio.native.kernels import knn_hamming
from tests.random_model import small_spec
from tests.traces import synthetic_cloud, synthetic_inference

POINTS = synthetic_cloud(96)


@dataclass(frozen=True, eq=False)
class Opened:
    """A model that gives a synthetic inference, and counts its passes."""

    name: str
    spec: NetworkSpec
    path: Path | None = None
    accuracy: Accuracy | None = None
    file_bytes: int = 1000
    prepared_bytes: int = 10
    seed: int = 0

    def infer(self, points: np.ndarray, *, k: int | None = None, threads: int = 1, trace: bool = False) -> Inference:
        k = self.spec.k if k is None else k
        if k > len(points):
            raise BgnnError(f"The cloud has {len(points)} points, but k is {k}.")
        found = synthetic_inference(points, k=k, widths=self.spec.widths[:-1], on_bits=self.spec.on_bits, seed=self.seed)
        return replace(found, threads=threads, trace=found.trace if trace else None)


def opened(name: str, variant: str = "bf2", seed: int = 0, **sizes: object) -> Opened:
    return Opened(name, small_spec(variant, **{"points": 96, **sizes}), seed=seed)


def complete(model: Opened, repeat: int = 3) -> Run:
    return time_model(count_bits(run_model(model, POINTS), knn_hamming), repeat)


def test_a_run_has_a_trace_facts_of_layers_on_bits_and_a_latency() -> None:
    run = complete(opened("bits"))
    assert len(run.trace.knn) == 3
    assert [facts is not None for facts in run.facts] == [False, True, True]
    assert [facts.codes for facts in run.facts[1:]] == [len(np.unique(words, axis=0)) for words in run.trace.features]
    assert len(run.latency.samples_ns) == 3
    assert complete(opened("real", "dgcnn")).facts == (None, None, None)


def test_a_model_that_cannot_run_says_why_and_stays() -> None:
    run = complete(opened("wide", k=97))
    assert (run.inference, run.trace, run.latency, run.facts) == (None, None, None, ())
    assert run.reason == "The cloud has 96 points, but k is 97."
    found = compare("ball", [complete(opened("bits")), run])
    assert found.why_no_difference(1, 1) == run.reason
    assert found.difference(1, 1) is None
    assert compare("ball", [run, complete(opened("bits"))]).why_no_difference(1, 2) == run.reason


def test_differences_are_against_the_first_model() -> None:
    first, second = complete(opened("first")), complete(opened("second", seed=1))
    found = compare("ball", [first, second])
    for layer in (1, 2, 3):
        assert found.difference(0, layer) is None
        difference = found.difference(1, layer)
        assert difference.knn is second.trace.knn[layer - 1]
        assert difference.reference is first.trace.knn[layer - 1]
    assert found.difference(1, 1).jaccard == 1.0
    assert found.difference(1, 3).jaccard < 0.9
    assert found.why_no_difference(0, 2) == "The reference itself."


def test_layers_that_one_of_the_models_lacks() -> None:
    deep, shallow = complete(opened("deep")), complete(opened("shallow", widths=(16, 32)))
    for runs, layers in (([deep, shallow], 3), ([shallow, deep], 3)):
        found = compare("ball", runs)
        assert found.layers == layers
        assert found.difference(1, 3) is None
        assert found.why_no_difference(1, 3) == "shallow has 2 graph layers, and no layer 3."
        assert found.difference(1, 2) is not None


@pytest.mark.parametrize("count", [0, 1, 5])
def test_two_to_four_models_are_compared(count: int) -> None:
    with pytest.raises(BgnnError, match=rf"2 to 4 models .*got {count}"):
        compare("ball", [run_model(opened(str(i)), POINTS) for i in range(count)])


def test_one_model_twice_is_refused(tmp_path: Path) -> None:
    model = replace(opened("one"), path=tmp_path / "one.gguf")
    again = replace(model, path=tmp_path / "x" / ".." / "one.gguf")
    with pytest.raises(BgnnError, match=r"one\.gguf twice"):
        compare("ball", [run_model(model, POINTS), run_model(again, POINTS)])


def test_names_are_made_different() -> None:
    a, b = (replace(opened("net"), path=Path(folder) / "net.gguf") for folder in ("old", "new"))
    assert unique_names([a, opened("other")]) == ("net", "other")
    assert unique_names([a, b]) == ("old/net", "new/net")
    assert unique_names([opened("net"), opened("net")]) == ("net (1)", "net (2)")


def test_what_stands_against_a_comparison_is_said() -> None:
    model, shallow = opened("model"), opened("shallow", "dgcnn", widths=(16, 32))
    assert why_incomparable(shallow, model, 40, 2) is None
    reasons = [
        (why_incomparable(shallow, None, 40), "No model yet"),
        (why_incomparable(None, model, 40), "No reference"),
        (why_incomparable(model, model, 40), "is the reference itself"),
        (why_incomparable(shallow, model, 4), "4 points are too few"),
        (why_incomparable(shallow, model, 40, 3), "no layer 3"),
    ]
    assert all(reason is not None and words in reason for reason, words in reasons)
