"""Labelled sets of every layout, written here file by file."""

from pathlib import Path

import numpy as np
import pytest

from bgnn_studio.errors import BgnnError, ReaderError
from bgnn_studio.io.datasets import read_labelled, splits_of
from tests.random_model import random_cloud


def cloud(path: Path, seed: int) -> Path:
    """Write a cloud of 20 points in the format that the name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    points = random_cloud(20, seed)
    if path.suffix == ".npy":
        np.save(path, points)
    else:
        np.savetxt(path, np.hstack([points, points]), fmt="%.9g", delimiter=",")
    return path


def archive(path: Path, **overrides: object) -> Path:
    points = np.stack([random_cloud(20, seed) for seed in range(3)])
    arrays = {"points": points, "labels": np.array([1, 0, 1]), "classes": np.array(["mug", "bowl"])} | overrides
    np.savez_compressed(path, **{name: array for name, array in arrays.items() if array is not None})
    return path


def test_archive(tmp_path: Path) -> None:
    path = archive(tmp_path / "set.npz")
    data = read_labelled(path)
    assert (data.name, data.split, data.classes, data.prepared) == (str(path), None, ("mug", "bowl"), False)
    assert (data.labels.tolist(), data.clouds) == ([1, 0, 1], ("cloud 0", "cloud 1", "cloud 2"))
    for i in range(3):
        np.testing.assert_array_equal(data.load(i), random_cloud(20, i))
    assert splits_of(path) == splits_of(tmp_path / "absent") == ()
    column = read_labelled(archive(path, labels=np.array([[1], [0], [1]], np.uint8)))  # as the published HDF5 files have them
    assert (column.labels.tolist(), column.labels.dtype) == ([1, 0, 1], np.int64)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"labels": None}, r"expected the arrays points, labels, classes \(found classes, points\)"),
        ({"points": np.zeros((3, 3))}, r"'points' of shape \(n, N, 3\) of real numbers \(got \(3, 3\) of float64\)"),
        ({"points": np.zeros((3, 9, 3), complex)}, "got .* of complex128"),
        ({"labels": np.zeros(4, int)}, r"'labels' of shape \(3,\) of whole numbers \(got \(4,\)"),
        ({"labels": np.zeros(3)}, "'labels' .* of float64"),
        ({"labels": np.array([0, 1, 2])}, "labels from 0 to 1.*got 2 for cloud 2"),
        ({"classes": np.arange(2)}, "'classes' .* of strings .* of int64"),
        ({"classes": np.array(["mug", "bowl"], object)}, "Python objects"),
        ({"classes": np.array(["mug", "mug"])}, "mug more than once"),
        ({"points": np.zeros((0, 9, 3)), "labels": np.zeros(0, int)}, "at least one labelled cloud"),
    ],
)
def test_bad_archives_are_refused(overrides: dict[str, object], message: str, tmp_path: Path) -> None:
    path = archive(tmp_path / "set.npz", **overrides)
    with pytest.raises(BgnnError, match=message) as refused:
        read_labelled(path)
    assert str(refused.value).startswith(str(path))


def test_damaged_and_absent_archives_are_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "set.npz")
    whole = path.read_bytes()
    for data in (b"", b"points", whole[: len(whole) // 2], whole[:200] + bytes(60) + whole[260:]):
        path.write_bytes(data)
        with pytest.raises(ReaderError, match=r"set\.npz: expected a folder of clouds, or an NPZ archive of points, labels, classes"):
            read_labelled(path)
    with pytest.raises(ReaderError, match=r"absent\.npz: could not be read \(No such file"):
        read_labelled(tmp_path / "absent.npz")
    with pytest.raises(ReaderError, match="an archive is one split"):
        read_labelled(path, "test")


def test_folder_of_classes_and_splits(tmp_path: Path) -> None:
    for i, name in enumerate(("mug/train/a.npy", "mug/test/a.npy", "mug/test/b.csv", "bowl/test/c.NPY", "vase/train/d.npy")):
        cloud(tmp_path / name, i)
    for other in ("notes/README", "mug/test/.DS_Store", "mug/test/.hidden.npy", "mug/test/list.json", ".git/test/x.npy", "README.txt"):
        (tmp_path / other).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / other).write_text("no cloud")
    data = read_labelled(tmp_path)
    assert (data.name, data.split, data.classes) == (str(tmp_path), "test", ("bowl", "mug", "vase"))  # vase: no cloud in this split
    assert (data.clouds, data.labels.tolist()) == (("bowl/test/c.NPY", "mug/test/a.npy", "mug/test/b.csv"), [0, 1, 1])
    for i, seed in enumerate((3, 1, 2)):
        np.testing.assert_allclose(data.load(i), random_cloud(20, seed), rtol=1e-6)
    assert read_labelled(tmp_path, "train").clouds == ("mug/train/a.npy", "vase/train/d.npy")
    assert splits_of(tmp_path) == ("test", "train")
    with pytest.raises(ReaderError, match=r"a split among test, train \(got 'validation'\)"):
        read_labelled(tmp_path, "validation")
    cloud(tmp_path / "mug" / "stray.npy", 9)
    with pytest.raises(ReaderError, match=r"every cloud in a split, as CLASS/test \(found mug/stray.npy outside\)"):
        read_labelled(tmp_path)


def test_folder_of_classes_alone(tmp_path: Path) -> None:
    for i, name in enumerate(("ring/b.npy", "ring/a.npy", "cone/c.txt")):
        cloud(tmp_path / name, i)
    (tmp_path / "empty").mkdir()
    data = read_labelled(tmp_path)
    assert (data.split, data.classes, data.clouds) == (None, ("cone", "ring"), ("cone/c.txt", "ring/a.npy", "ring/b.npy"))
    np.testing.assert_array_equal(data.load(1), random_cloud(20, 1))
    assert splits_of(tmp_path) == ()
    with pytest.raises(ReaderError, match="found no CLASS/test folder"):
        read_labelled(tmp_path, "test")
    (tmp_path / "ring" / "a.npy").write_bytes(b"")
    with pytest.raises(ReaderError, match=r"ring/a\.npy: expected a point cloud \(the file is empty\)"):
        data.load(1)


def test_a_folder_without_clouds_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(cloud(tmp_path / "x" / "y" / "z" / "deep.npy", 0).read_bytes())
    with pytest.raises(ReaderError, match=r"expected CLASS/SPLIT/FILE or CLASS/FILE.*found no cloud"):
        read_labelled(tmp_path)


def test_modelnet40_normal_resampled(tmp_path: Path) -> None:
    (tmp_path / "modelnet40_shape_names.txt").write_text("night_stand\nbed\n")
    (tmp_path / "modelnet40_test.txt").write_text("bed_0002\r\nnight_stand_0001\r\n")
    (tmp_path / "modelnet40_train.txt").write_text("bed_0001\n")
    for i, name in enumerate(("bed/bed_0001.txt", "bed/bed_0002.txt", "night_stand/night_stand_0001.txt")):
        cloud(tmp_path / name, i)
    data = read_labelled(tmp_path)
    assert (data.split, data.classes, data.labels.tolist()) == ("test", ("night_stand", "bed"), [1, 0])
    assert data.clouds == ("bed/bed_0002.txt", "night_stand/night_stand_0001.txt")
    np.testing.assert_allclose(data.load(1), random_cloud(20, 2), rtol=1e-6)
    assert read_labelled(tmp_path, "train").clouds == ("bed/bed_0001.txt",)
    assert splits_of(tmp_path) == ("test", "train")
    with pytest.raises(ReaderError, match=r"modelnet40_new\.txt: could not be read"):
        read_labelled(tmp_path, "new")
    (tmp_path / "modelnet40_test.txt").write_text("sofa_0001\n")
    with pytest.raises(ReaderError, match=r"with a class of modelnet40_shape_names\.txt \(got 'sofa_0001'\)"):
        read_labelled(tmp_path)
