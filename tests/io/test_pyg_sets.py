"""PyG's ModelNet, made by PyG itself from meshes in the published OFF layout, and files that are none."""

import io
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch_geometric")
import torch
from torch_geometric.datasets import ModelNet
from torch_geometric.transforms import SamplePoints

from bgnn_studio.errors import ReaderError
from bgnn_studio.io.datasets import read_labelled, splits_of
from bgnn_studio.io.readers import read_cloud

NAMES = ["bathtub", "bed", "chair", "desk", "dresser", "monitor", "night_stand", "sofa", "table", "toilet"]
SIDES = "3 0 2 1\n3 0 1 3\n3 0 3 2\n3 1 2 3\n"


@pytest.fixture(scope="module")
def meshes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ModelNet10 in its published layout, a tetrahedron for each split of each class; some headers glued, as there."""
    raw = tmp_path_factory.mktemp("ModelNet10") / "raw"
    for label, name in enumerate(NAMES):
        for split, count in (("train", 2), ("test", 1)):
            (raw / name / split).mkdir(parents=True)
            for i in range(count):
                corners = np.random.default_rng([label, count, i]).normal(size=(4, 3))
                rows = "\n".join(" ".join(f"{x:.6g}" for x in corner) for corner in corners)
                header = "OFF4 4 0\n" if i else "OFF\n4 4 0\n"
                (raw / name / split / f"{name}_{i + 1:04d}.off").write_text(f"{header}{rows}\n{SIDES}")
    return raw


@pytest.fixture
def root(meshes: Path, tmp_path: Path) -> Path:
    (tmp_path / "raw").symlink_to(meshes, target_is_directory=True)
    return tmp_path


def test_meshes_by_class_and_split(meshes: Path, root: Path) -> None:
    for place in (meshes, root):  # as published, and as PyG has it before it is processed
        assert splits_of(place) == ("test", "train")
        data = read_labelled(place, "train")
        assert (data.classes, len(data.labels), data.clouds[3]) == (tuple(NAMES), 20, "bed/train/bed_0002.off")
        assert data.load(3).shape == (2048, 3)
        np.testing.assert_array_equal(data.load(3), read_cloud(meshes / "bed" / "train" / "bed_0002.off").points)


def test_processed_meshes_and_points(root: Path) -> None:
    theirs = ModelNet(str(root), name="10", train=True)
    data = read_labelled(root, "train")
    assert splits_of(root) == ("test", "train")
    assert (data.name, data.split, data.classes, len(data.labels)) == (str(root), "train", tuple(NAMES), 20)
    assert data.labels.tolist() == theirs.y.tolist()
    for i in (0, 7, 19):
        points = data.load(i)
        assert points.shape == (2048, 3)
        corners = theirs[i].pos.numpy()
        assert (points <= corners.max(0) + 1e-5).all()
        assert (points >= corners.min(0) - 1e-5).all()
    assert len(read_labelled(root).labels) == 10


def test_points_that_were_sampled_are_taken_as_they_are(root: Path) -> None:
    theirs = ModelNet(str(root), name="10", train=False, pre_transform=SamplePoints(30))
    (root / "raw").unlink()
    data = read_labelled(root, "test")
    assert data.classes == tuple(NAMES)  # by ModelNet's own list
    for i in range(10):
        np.testing.assert_array_equal(data.load(i), theirs[i].pos.numpy())


class Evil:
    def __reduce__(self) -> tuple:
        return os.system, ("touch /tmp/evil",)


def test_what_is_no_such_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "processed" / "test.pt"
    path.parent.mkdir()

    def refused(message: str) -> None:
        with pytest.raises(ReaderError, match=message) as error:
            read_labelled(tmp_path)
        assert str(path) in str(error.value)

    def save(*content: object) -> None:
        torch.save(content, path)

    tensors = {"pos": torch.zeros(6, 3), "y": torch.tensor([0, 1])}
    slices = {"pos": torch.tensor([0, 2, 6]), "y": torch.tensor([0, 1, 2])}
    save(tensors, slices)
    whole = path.read_bytes()
    assert read_labelled(tmp_path).load(1).shape == (4, 3)
    for damaged in (b"", b"PK\x03\x04", whole[: len(whole) // 2], whole.replace(b"FloatStorage", b"BloatStorage")):
        path.write_bytes(damaged)
        refused("expected")
    for content, message in (
        ((tensors,), "expected tensors and their slices"),
        (({"pos": tensors["pos"]}, slices), r"expected the tensors pos and y \(found pos\)"),
        ((tensors | {"pos": torch.zeros(6, 2)}, slices), r"expected pos of shape \(points, 3\).*got \(6, 2\)"),
        ((tensors | {"y": torch.zeros(2)}, slices), "expected y of shape .* of float32"),
        ((tensors, slices | {"pos": torch.tensor([0, 9, 6])}), "expected pos's slices"),
        ((tensors | {"face": torch.zeros(3, 4, dtype=torch.long)}, slices), "expected face's slices"),
    ):
        save(*content)
        refused(message)
    save(tensors, slices, Evil())
    refused(r"expected tensors alone \(found (posix|nt)\.system, which is not run\)")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Evil()))
    path.write_bytes(buffer.getvalue())
    refused("which is not run")
    with pytest.raises(ReaderError, match=r"a split among test \(got 'train'\)"):
        read_labelled(tmp_path, "train")
