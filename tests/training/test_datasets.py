"""What a cascade is trained on: splits, clouds held out, preparation, and the copy that is kept beside the run."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from bgnn_studio.core.clouds import preprocess  # noqa: E402
from bgnn_studio.errors import BgnnError  # noqa: E402
from bgnn_studio.training import datasets  # noqa: E402
from bgnn_studio.training.config import CascadeConfig  # noqa: E402
from bgnn_studio.training.datasets import open_test_split, training_data  # noqa: E402

SIZE = 30


def folder_of(root: Path, splits: dict[str, int]) -> CascadeConfig:
    """Write clouds of two classes, `splits` clouds of each; the first coordinate of each says which it is."""
    rng = np.random.default_rng(0)
    for label, name in enumerate(("cup", "pan")):
        for split, count in splits.items():
            (root / name / split).mkdir(parents=True)
            for i in range(count):
                np.save(root / name / split / f"{i:02}.npy", np.array([100 * label + i, 0, 0]) + rng.normal(size=(40, 3)))
    return CascadeConfig(data=str(root), points=SIZE, k=4, validation_share=0.25, seed=3)


def test_clouds_are_prepared_as_for_the_engine_and_a_share_of_each_class_is_held_out(tmp_path: Path) -> None:
    config = folder_of(tmp_path / "set", {"train": 8, "test": 2})
    data = training_data(config, tmp_path)
    assert (data.classes, data.name) == (("cup", "pan"), config.data)
    assert np.bincount(data.train.labels).tolist() == [6, 6]
    assert np.bincount(data.validation.labels).tolist() == [2, 2]
    files = sorted((tmp_path / "set").glob("*/train/*.npy"))
    expected = {preprocess(np.load(path), SIZE).tobytes() for path in files}
    found = [cloud.numpy().tobytes() for part in (data.train, data.validation) for cloud in part.points]
    assert len(found) == len(expected) == 16
    assert set(found) == expected
    other = training_data(replace(config, seed=4), tmp_path / "other")
    assert not torch.equal(other.validation.points, data.validation.points)
    test = open_test_split(config, None)
    assert (test.split, len(test.labels)) == ("test", 4)


def test_a_validation_split_of_its_own_is_used(tmp_path: Path) -> None:
    data = training_data(folder_of(tmp_path / "set", {"train": 4, "validation": 2}), tmp_path)
    assert (len(data.train.labels), len(data.validation.labels)) == (8, 4)


def test_prepared_clouds_are_read_again_only_for_the_same_wish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = folder_of(tmp_path / "set", {"train": 4})
    first = training_data(config, tmp_path)
    opened: list[str] = []
    real = datasets.read_labelled
    monkeypatch.setattr(datasets, "read_labelled", lambda path, split: opened.append(path) or real(path, split))
    assert torch.equal(training_data(config, tmp_path).train.points, first.train.points)
    assert opened == []
    assert training_data(replace(config, points=9), tmp_path).train.points.shape[1] == 9
    (tmp_path / "clouds.npz").write_bytes(b"damaged")
    assert torch.equal(training_data(config, tmp_path).train.points, first.train.points)
    assert len(opened) == 2


def test_an_archive_is_split_by_the_seed_and_has_no_test(tmp_path: Path) -> None:
    points = np.random.default_rng(0).normal(size=(10, 40, 3))
    np.savez(tmp_path / "set.npz", points=points, labels=np.arange(10) % 2, classes=["a", "b"])
    config = CascadeConfig(data=str(tmp_path / "set.npz"), points=50, validation_share=0.2)
    data = training_data(config, tmp_path / "run")
    assert data.train.points.shape == (8, 50, 3)  # 10 points are repeated
    with pytest.raises(BgnnError, match=r"set\.npz: expected a set with a split 'test'"):
        open_test_split(config, None)


def test_sets_that_cannot_be_trained_on_are_refused(tmp_path: Path) -> None:
    config = folder_of(tmp_path / "set", {"train": 1})
    with pytest.raises(BgnnError, match=r"clouds of every class to train on \(found none of 'cup'\)"):
        training_data(config, tmp_path)
    with pytest.raises(BgnnError, match=r"This recipe names no data\. Give --data PATH"):
        training_data(replace(config, data=""), tmp_path)
    (tmp_path / "set" / "pan" / "train" / "00.npy").write_bytes(b"")
    with pytest.raises(BgnnError, match=r"00\.npy"):
        training_data(config, tmp_path)
