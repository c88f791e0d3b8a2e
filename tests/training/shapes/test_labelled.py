"""The shape set as a labelled set: the same clouds under its name, and a test split of other bytes refused."""

from pathlib import Path

import numpy as np
import pytest

from bgnn_studio.errors import BgnnError
from bgnn_studio.training import shapes
from bgnn_studio.training.shapes import labelled


def test_clouds_are_those_of_the_split_as_they_are() -> None:
    made, data = shapes.make_dataset("validation"), shapes.labelled_shapes("validation")
    assert (data.name, data.split, data.classes, data.prepared) == (shapes.DATASET, "validation", shapes.CLASSES, True)
    np.testing.assert_array_equal(data.labels, made.labels)
    assert len(data.clouds) == len(set(data.clouds)) == 800
    np.testing.assert_array_equal(np.stack([data.load(i) for i in range(800)]), made.points)


def test_a_split_is_made_once_and_again_where_a_byte_is_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few, made = shapes.make_dataset("validation", count=20), []
    monkeypatch.setenv("BGNN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(labelled, "make_dataset", lambda split, **_: made.append(split) or few)
    for _ in range(2):
        np.testing.assert_array_equal(shapes.labelled_shapes("validation").load(3), few.points[3])
    assert made == ["validation"]
    (kept,) = (tmp_path / "cache").iterdir()
    whole = kept.read_bytes()
    for damaged in (b"", whole[:-40], whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:]):
        kept.write_bytes(damaged)
        assert len(shapes.labelled_shapes("validation").labels) == 20
    assert len(made) == 4
    monkeypatch.setenv("BGNN_CACHE", str(kept))  # no folder: done without
    assert len(shapes.labelled_shapes("validation").labels) == 20


def test_a_test_split_of_other_bytes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = shapes.make_dataset("validation", 48, 40)
    monkeypatch.setenv("BGNN_CACHE", str(tmp_path))
    monkeypatch.setattr(labelled, "make_dataset", lambda _, **__: few)
    assert len(shapes.labelled_shapes("validation").labels) == 40
    with pytest.raises(BgnnError, match=f"Expected the test split {shapes.TEST_SHA256[:12]}"):
        shapes.labelled_shapes("test")
