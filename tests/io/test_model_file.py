"""Model files: what is written is what a GGUF reader finds, and what does not fit the spec is not written."""

import errno
from pathlib import Path

import gguf
import numpy as np
import pytest

from bgnn_studio.core.card import Accuracy, Training
from bgnn_studio.core.spec import VARIANTS, at_stage
from bgnn_studio.core.tensors import expected_tensors
from bgnn_studio.errors import ModelFileError
from bgnn_studio.io.model_file import write_model
from tests.random_model import random_tensors, small_spec

TRAINING = Training("shapes", "cascade, Adam, λ = 100", 7, 950)
ACCURACY = Accuracy("shapes", "test", 1200, 0.9375, 0.875)


@pytest.mark.parametrize("variant", VARIANTS)
def test_gguf_reader_finds_every_tensor(variant: str, tmp_path: Path):
    spec = small_spec(variant)
    tensors = random_tensors(spec, seed=3)
    write_model(tmp_path / "m.gguf", spec, tensors)
    found = {t.name: t for t in gguf.GGUFReader(tmp_path / "m.gguf").tensors}
    assert set(found) == set(tensors)
    types = {np.dtype(np.float32): "F32", np.dtype(np.int32): "I32", np.dtype(np.uint64): "I64"}
    for name, values in tensors.items():
        assert found[name].tensor_type.name == types[values.dtype]
        data = np.asarray(found[name].data)
        assert data.shape == values.shape
        assert data.tobytes() == values.tobytes()


def test_gguf_reader_finds_every_key(tmp_path: Path):
    spec = small_spec("bf1", classes=("Kegel", "würfel", "r i n g"))
    write_model(tmp_path / "m.gguf", spec, random_tensors(spec), training=TRAINING, accuracy=ACCURACY)
    fields = {k: f for k, f in gguf.GGUFReader(tmp_path / "m.gguf").fields.items() if not k.startswith("GGUF.")}
    kinds = {k: [t.name for t in f.types] for k, f in fields.items()}
    assert {k: f.contents() for k, f in fields.items()} == {
        "general.architecture": "bgnn",
        "bgnn.format_version": 1,
        "bgnn.variant": "bf1",
        "bgnn.stage": "binary",
        "bgnn.conv": "XorEdgeConv",
        "bgnn.points": 32,
        "bgnn.k": 5,
        "bgnn.widths": [16, 32, 64],
        "bgnn.embedding": 70,
        "bgnn.head": [24, 12],
        "bgnn.classes": ["Kegel", "würfel", "r i n g"],
        "bgnn.first_layer": "binary",
        "bgnn.edge_op": "xor",
        "bgnn.max_order": "before_norm",
        "bgnn.skip": "none",
        "bgnn.head_inputs": "sign",
        "bgnn.training.dataset": "shapes",
        "bgnn.training.recipe": "cascade, Adam, λ = 100",
        "bgnn.training.seed": 7,
        "bgnn.training.epochs": 950,
        "bgnn.accuracy.dataset": "shapes",
        "bgnn.accuracy.split": "test",
        "bgnn.accuracy.count": 1200,
        "bgnn.accuracy.overall": 0.9375,
        "bgnn.accuracy.class_mean": 0.875,
    }
    assert kinds["bgnn.points"] == ["UINT32"]
    assert kinds["bgnn.widths"] == ["ARRAY", "UINT32"]
    assert kinds["bgnn.accuracy.overall"] == ["FLOAT32"]


def broken(change: str) -> dict[str, np.ndarray]:
    """Return the tensors of a small bf2 with one thing wrong."""
    tensors = random_tensors(small_spec("bf2"))
    if change == "missing":
        del tensors["conv2.scale"]
    elif change == "extra":
        tensors["conv9.scale"] = np.zeros(3, np.float32)
    elif change == "shape":
        tensors["conv2.weight"] = np.zeros((32, 2), np.uint64)
    elif change == "dtype":
        tensors["conv2.scale"] = tensors["conv2.scale"].astype(np.float64)
    elif change == "nan":
        tensors["linear3.weight"][1, 2] = np.nan
    elif change == "pad":
        tensors["conv2.weight"][3, 0] |= np.uint64(1) << np.uint64(33)
    return tensors


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("missing", r"tensor 'conv2.scale' is missing; this spec needs it with shape \(32,\) and dtype float32"),
        ("extra", "a bf2 model has no tensor 'conv9.scale'"),
        ("shape", r"expected tensor 'conv2.weight' of shape \(32, 1\) with dtype uint64 \(got uint64 \(32, 2\)\)"),
        ("dtype", r"expected tensor 'conv2.scale' of shape \(32,\) with dtype float32 \(got float64 \(32,\)\)"),
        ("nan", "tensor 'linear3.weight' holds values that are not finite"),
        ("pad", "tensor 'conv2.weight' has pad bits that are not zero"),
    ],
)
def test_wrong_tensors_are_not_written(change: str, words: str, tmp_path: Path):
    with pytest.raises(ModelFileError, match=words):
        write_model(tmp_path / "m.gguf", small_spec("bf2"), broken(change))
    assert not list(tmp_path.iterdir())


def test_a_threshold_may_be_infinite(tmp_path: Path):
    tensors = random_tensors(small_spec("rf"))
    tensors["conv2.threshold"][:2] = -np.inf, np.inf
    write_model(tmp_path / "m.gguf", small_spec("rf"), tensors)
    tensors["conv2.threshold"][0] = np.nan
    with pytest.raises(ModelFileError, match="not finite"):
        write_model(tmp_path / "m.gguf", small_spec("rf"), tensors)


@pytest.mark.parametrize("stage", ["tanh", "sign"])
def test_the_tensors_of_another_stage_are_refused(stage: str, tmp_path: Path):
    with pytest.raises(ModelFileError, match=r"expected tensor 'conv1\.weight' of shape .16, 6. with dtype float32|has no tensor"):
        write_model(tmp_path / "m.gguf", at_stage(small_spec("rf"), stage), random_tensors(small_spec("rf")))


@pytest.mark.parametrize("stage", ["tanh", "sign"])
@pytest.mark.parametrize("variant", ["rf", "bf1", "bfr"])
def test_every_weight_of_the_stages_before_binary_is_real(variant: str, stage: str) -> None:
    layouts = expected_tensors(small_spec(variant, stage=stage))
    assert {layout.dtype for name, layout in layouts.items() if name.endswith(".weight")} == {np.dtype(np.float32)}
    assert not [name for name in layouts if "hit_" in name or ".table" in name]
    thresholds = {name for name in layouts if name.endswith(".threshold")}
    expected = {"rf": {"conv2", "conv3", "embedding", "linear1", "linear2"}, "bf1": {"linear1", "linear2"}, "bfr": set()}[variant]
    assert thresholds == ({f"{name}.threshold" for name in expected} if stage == "sign" else set())


def test_a_number_beyond_u32_is_named(tmp_path: Path):
    training = Training("shapes", "", -1, 3)
    with pytest.raises(ModelFileError, match=r"'training\.seed' to be an integer from 0 to 4294967295 .got -1"):
        write_model(tmp_path / "m.gguf", small_spec(), random_tensors(small_spec()), training=training)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("overall", [93.75, -0.1, float("nan")])
def test_an_accuracy_is_a_fraction(overall: float, tmp_path: Path):
    accuracy = Accuracy("shapes", "test", np.int64(1200), overall, 0.5)
    with pytest.raises(ModelFileError, match=r"'accuracy\.overall' to be a fraction from 0 to 1"):
        write_model(tmp_path / "m.gguf", small_spec(), random_tensors(small_spec()), accuracy=accuracy)


def test_a_folder_that_is_not_there(tmp_path: Path):
    with pytest.raises(ModelFileError, match="No such file or directory"):
        write_model(tmp_path / "absent" / "m.gguf", small_spec(), random_tensors(small_spec()))


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "m.gguf"
    write_model(path, small_spec(), random_tensors(small_spec(), seed=1))
    before = path.read_bytes()

    def full(self: gguf.GGUFWriter) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(gguf.GGUFWriter, "write_tensors_to_file", full)
    with pytest.raises(ModelFileError, match="No space left on device"):
        write_model(path, small_spec(), random_tensors(small_spec(), seed=2))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_writing_twice_gives_the_same_bytes(tmp_path: Path):
    for name in ("a.gguf", "b.gguf"):
        write_model(tmp_path / name, small_spec("bfr"), random_tensors(small_spec("bfr"), seed=5), training=TRAINING)
    assert (tmp_path / "a.gguf").read_bytes() == (tmp_path / "b.gguf").read_bytes()
