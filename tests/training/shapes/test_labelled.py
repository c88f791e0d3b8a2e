"""The shape set as a labelled set: the same clouds under its name, and a test split of other bytes refused."""

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


def test_a_test_split_of_other_bytes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    few = shapes.make_dataset("validation", 48, 40)
    monkeypatch.setattr(labelled, "make_dataset", lambda _, **__: few)
    assert len(shapes.labelled_shapes("validation").labels) == 40
    with pytest.raises(BgnnError, match=f"Expected the test split {shapes.TEST_SHA256[:12]}"):
        shapes.labelled_shapes("test")
