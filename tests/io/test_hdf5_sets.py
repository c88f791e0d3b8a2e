"""ModelNet40's HDF5 layout, written here; the real one is read by the same lines."""

import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from bgnn_studio.errors import ReaderError
from bgnn_studio.io.datasets import read_labelled, splits_of

POINTS = np.random.default_rng(0).normal(size=(7, 5, 3)).astype(np.float32)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Write a set whose split 'train' is in files 2 and 10: their numbers order them, not their names."""
    (tmp_path / "shape_names.txt").write_text("cup\npan\n")
    for name, part in (("train2", slice(0, 3)), ("train10", slice(3, 5)), ("test0", slice(5, 7))):
        with h5py.File(tmp_path / f"ply_data_{name}.h5", "w") as file:
            file.create_dataset("data", data=POINTS[part], compression="gzip")
            file.create_dataset("label", data=(np.arange(7)[part, None] % 2).astype(np.uint8))
    return tmp_path


def test_splits_labels_and_clouds(root: Path) -> None:
    assert splits_of(root) == ("test", "train")
    train, test = read_labelled(root, "train"), read_labelled(root)
    assert (train.split, test.split, train.classes, train.name) == ("train", "test", ("cup", "pan"), str(root))
    assert (train.labels.tolist(), test.labels.tolist()) == ([0, 1, 0, 1, 0], [1, 0])
    for i in (4, 0, 3, 1):
        np.testing.assert_array_equal(train.load(i), POINTS[i])
    assert train.clouds[3] == "ply_data_train10.h5#0"


def test_what_is_no_such_set_is_refused(root: Path) -> None:
    with pytest.raises(ReaderError, match=r"expected a split among test, train \(found no file ply_data_val0\.h5\)"):
        read_labelled(root, "val")
    path = root / "ply_data_test0.h5"
    for arrays, message in (
        ({"data": POINTS}, r"expected 'data' .* and 'label' \(n, 1\) \(found data\)"),
        ({"data": POINTS[0], "label": np.zeros(5, int)}, "expected 'data'"),
        ({"data": POINTS, "label": np.zeros((7, 1))}, r"expected 'label' \(7, 1\) of whole numbers \(got \(7, 1\) of float64"),
    ):
        path.unlink()
        with h5py.File(path, "w") as file:
            for key, array in arrays.items():
                file[key] = array
        with pytest.raises(ReaderError, match=message):
            read_labelled(root)
    path.unlink()
    with h5py.File(path, "w") as file:  # of a few KB, with nothing written
        file.create_dataset("data", (3_000_000, 2048, 3), "f4", chunks=(1, 2048, 3))
        file.create_dataset("label", (3_000_000, 1), "u1", chunks=(1024, 1))
    with pytest.raises(ReaderError, match="its header promises 73731000000 bytes"):
        read_labelled(root)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ReaderError, match=r"ply_data_test0\.h5: expected an HDF5 file \(got a folder or device"):
        read_labelled(root)
    path.unlink()
    path.write_bytes(b"not HDF5")
    with pytest.raises(ReaderError, match=r"ply_data_test0\.h5: expected an HDF5 file"):
        read_labelled(root)
