"""Evaluation with a classifier whose answer is written in the cloud itself."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bgnn_studio.core.clouds import preprocess
from bgnn_studio.core.evaluation import Evaluation, LabelledSet, evaluate, other_classes
from bgnn_studio.core.inference import Inference
from bgnn_studio.core.timing import WARMUP
from bgnn_studio.errors import BgnnError, KernelError, ModelFileError
from tests.random_model import small_spec

CLASSES = ("cone", "cube", "ring")


class Counting:
    """Says the class of number (N mod 3), and keeps what it was given."""

    def __init__(self, classes: tuple[str, ...] = CLASSES, points: int = 32) -> None:
        self.name, self.path = "counting", Path("counting.gguf")
        self.spec = small_spec(classes=classes, points=points)
        self.seen: list[NDArray[np.float32]] = []
        self.threads: set[int] = set()

    def infer(self, points: NDArray[np.float32], *, threads: int = 1) -> Inference:
        self.seen.append(points)
        self.threads.add(threads)
        logits = np.zeros(3, np.float32)
        logits[len(points) % 3] = 1
        return Inference(logits, (), "scalar", threads, 0)


@dataclass
class Clouds:
    """Clouds of given sizes, and how often each was loaded."""

    sizes: list[int]

    def __post_init__(self) -> None:
        self.loaded: list[int] = []

    def cloud(self, i: int) -> NDArray[np.float64]:
        return np.random.default_rng(i).normal(size=(self.sizes[i], 3)) * 5 + 7

    def load(self, i: int) -> NDArray[np.float64]:
        self.loaded.append(i)
        return self.cloud(i)

    def labelled(self, labels: list[int], **overrides: object) -> LabelledSet:
        names = tuple(f"cloud {i}" for i in range(len(labels)))
        return replace(LabelledSet("set", "test", CLASSES, np.array(labels), names, self.load), **overrides)


def only(found: list[Evaluation]) -> Evaluation:
    assert len(found) == 1
    return found[0]


def test_predictions_figures_and_card() -> None:
    clouds = Clouds([9, 10, 11, 12])
    found = only(evaluate([Counting()], clouds.labelled([0, 1, 0, 0])))
    assert found.predictions.tolist() == [0, 1, 2, 0]
    assert found.figures.confusion.tolist() == [[2, 0, 1], [0, 1, 0], [0, 0, 0]]
    assert (found.card.dataset, found.card.split, found.card.count) == ("set", "test", 4)
    assert (found.card.overall, found.card.class_mean) == (pytest.approx(3 / 4), pytest.approx((2 / 3 + 1) / 2))
    assert (len(found.latency.samples_ns), found.isa) == (4, "scalar")
    np.testing.assert_allclose(found.confidences, np.e / (np.e + 2), rtol=1e-6)  # logits 1, 0, 0
    assert found.points == (9, 12)


def test_clouds_are_prepared_as_infer_does_and_loaded_once() -> None:
    clouds, large, small = Clouds([40, 20]), Counting(points=30), Counting(points=10)
    evaluate([large, small], clouds.labelled([0, 0]), threads=3)
    assert clouds.loaded == [0, 1]
    assert large.threads == {3}
    for model, counts in ((large, (30, None)), (small, (10, 10))):
        assert len(model.seen) == 2 + WARMUP
        for seen, i in zip(model.seen[WARMUP:], (0, 1), strict=True):
            np.testing.assert_array_equal(seen, preprocess(clouds.cloud(i), counts[i]))


def test_prepared_clouds_are_taken_as_they_are() -> None:
    clouds, model = Clouds([40]), Counting(points=30)
    evaluate([model], clouds.labelled([0], prepared=True))
    np.testing.assert_array_equal(model.seen[-1], clouds.cloud(0).astype(np.float32))


def test_clouds_prepared_for_a_model_are_loaded_once_and_give_the_same() -> None:
    clouds, plain, kept = Clouds([40, 20]), Counting(points=30), Counting(points=30)
    labelled = clouds.labelled([0, 0])
    evaluate([plain], labelled)
    clouds.loaded.clear()
    prepared = labelled.prepared_for(30)
    for count in (2, 2, 1):
        evaluate([kept], prepared.sample(count))
    assert clouds.loaded == [0, 1]
    for before, after in zip(plain.seen, kept.seen, strict=False):
        np.testing.assert_array_equal(before, after)
    assert prepared.prepared_for(10) is prepared


def test_a_cloud_that_cannot_be_prepared_is_named() -> None:
    data = Clouds([9]).labelled([0], load=lambda _: np.full((9, 3), np.nan)).prepared_for(5)
    with pytest.raises(BgnnError, match="set, cloud 0: Expected finite"):
        evaluate([Counting()], data)


def test_the_file_of_a_cloud_is_known_where_it_has_one(tmp_path: Path) -> None:
    (tmp_path / "cloud 0").write_text("0 0 0")
    data = Clouds([9, 9]).labelled([0, 0], name=str(tmp_path))
    assert (data.path(0), data.path(1)) == (tmp_path / "cloud 0", None)


def test_the_difference_of_classes_is_told_from_both_sides() -> None:
    data = Clouds([9]).labelled([0])
    assert other_classes(Counting(classes=("ring", "cone", "cube")), data) is None
    assert other_classes(Counting(classes=("ring", "cone")), data) == "the model lacks cube"
    assert other_classes(Counting(classes=("rod", "cone", "cube")), data) == "the model lacks ring; the set lacks rod"
    many = Counting(classes=("a", "b", "c", "cone"))
    assert other_classes(many, data, 2) == "the model lacks cube, ring; the set lacks a, b and 1 more"
    assert other_classes(many, data, 3) == other_classes(many, data) == "the model lacks cube, ring; the set lacks a, b, c"
    assert other_classes(Counting(classes=("cone", "cube", "ring", "ring")), data) == "the model has a class twice"


def test_the_same_classes_in_another_order_are_told_by_name() -> None:
    model = Counting(classes=("ring", "cone", "cube"))
    assert only(evaluate([model], Clouds([9, 10, 11]).labelled([0, 0, 0]))).predictions.tolist() == [2, 0, 1]


def test_other_classes_are_refused_before_any_cloud_is_loaded() -> None:
    clouds = Clouds([9])
    with pytest.raises(ModelFileError) as refused:
        evaluate([Counting(), Counting(classes=("cone", "cube", "rod"))], clouds.labelled([0]))
    for part in ("counting.gguf", "set", "cone, cube, ring", "cone, cube, rod"):
        assert part in str(refused.value)
    assert clouds.loaded == []


def test_a_cloud_that_cannot_run_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Counting()

    def refuse(points: NDArray[np.float32], *, threads: int = 1) -> Inference:
        raise KernelError(1, "infer", f"{len(points)} points, but k is 5")

    monkeypatch.setattr(model, "infer", refuse)
    with pytest.raises(BgnnError, match="set, cloud 0, model counting: infer: 4 points, but k is 5"):
        evaluate([model], Clouds([4]).labelled([0]))


def test_progress_is_told_and_can_stop_it() -> None:
    clouds, told = Clouds([9, 10, 11]), []

    def stop_after_two(done: int, total: int) -> None:
        told.append((done, total))
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate([Counting()], clouds.labelled([0, 0, 0]), progress=stop_after_two)
    assert (told, clouds.loaded) == ([(1, 3), (2, 3)], [0, 1])


def test_a_sample_is_random_seeded_and_keeps_labels_with_their_clouds() -> None:
    clouds = Clouds(list(range(100, 400)))
    whole = clouds.labelled([i % 3 for i in range(300)])
    part = whole.sample(60)
    kept = [int(name.split()[1]) for name in part.clouds]
    assert len(kept) == 60
    assert kept == sorted(set(kept)) != list(range(60))
    assert part.labels.tolist() == [i % 3 for i in kept]
    assert [len(part.load(j)) for j in range(60)] == [100 + i for i in kept]
    assert whole.sample(60).clouds == part.clouds
    assert whole.sample(300) is whole.sample(9999) is whole
    assert set(np.bincount(part.labels)) != {20}  # drawn from all alike, not by class


@pytest.mark.parametrize(
    ("labels", "classes", "message"),
    [
        ([], CLASSES, "set: expected at least one labelled cloud"),
        ([0, 3], CLASSES, "from 0 to 2.*got 3 for cloud 1"),
        ([-1], CLASSES, "got -1 for cloud 0"),
        ([0], ("cone", "ring", "cone"), "got cone more than once"),
    ],
)
def test_sets_that_make_no_sense_are_refused(labels: list[int], classes: tuple[str, ...], message: str) -> None:
    with pytest.raises(BgnnError, match=message):
        Clouds([9] * len(labels)).labelled(labels, classes=classes)
