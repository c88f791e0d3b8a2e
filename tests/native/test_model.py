"""Opening models and inferring through the Python wrapper: what the file says, who may call, and what is refused."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bgnn_studio import native
from bgnn_studio.core.card import Accuracy, Training
from bgnn_studio.core.spec import VARIANTS, NetworkSpec
from bgnn_studio.core.tensors import expected_tensors
from bgnn_studio.errors import KernelError, ModelFileError
from bgnn_studio.io.model_file import write_model
from bgnn_studio.native import Model
from tests.random_model import random_cloud, random_model, random_tensors, small_spec
from tests.requirements import ROOT

# Every option at every value, and sizes on both sides of a word's seam.
OPTIONS = [
    {"first_layer": "float"},
    {"edge_op": "cat"},
    {"skip": "real"},
    {"skip": "real", "max_order": "before_norm", "edge_op": "cat"},
    {"head_inputs": "real"},
    {"widths": (1,)},
    {"widths": (63, 64, 65, 1, 2, 3, 127, 128), "embedding": 1, "head": (1, 1), "classes": ("one",)},
]


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return Model.open(random_model(tmp_path / "small.gguf", small_spec()))


@pytest.mark.parametrize("variant", VARIANTS)
def test_opening_gives_back_what_was_written(variant: str, tmp_path: Path):
    spec = small_spec(variant, classes=("Würfel", "b", "c d"))
    training, accuracy = Training("shapes", "", 2**32 - 1, 0), Accuracy("ModelNet40", "test", 2468, 0.5, 1.0)
    tensors = random_tensors(spec)
    path = tmp_path / "some model.gguf"
    write_model(path, spec, tensors, training=training, accuracy=accuracy)
    with Model.open(path) as model:
        assert (model.path, model.name, model.spec) == (path, "some model", spec)
        assert (model.training, model.accuracy) == (training, accuracy)
        assert model.file_bytes == path.stat().st_size
        assert model.tensor_bytes == sum(t.nbytes for t in tensors.values())
        assert model.prepared_bytes > 0
        types = {np.dtype(np.float32): "F32", np.dtype(np.int32): "I32", np.dtype(np.uint64): "I64"}
        for info, (name, (shape, dtype)) in zip(model.tensors, expected_tensors(spec).items(), strict=True):
            rows, columns = (1, *shape)[-2:]
            assert (info.name, info.type, info.rows, info.columns) == (name, types[dtype], rows, columns)
            assert info.bytes == tensors[name].nbytes


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_every_option_opens_and_runs(options: dict, tmp_path: Path):
    spec = small_spec("bf2", **options)
    model = Model.open(random_model(tmp_path / "m.gguf", spec))
    assert model.spec == spec
    logits = model.infer(random_cloud(9), k=3).logits
    assert logits.shape == (len(spec.classes),)
    assert np.isfinite(logits).all()


@pytest.mark.parametrize("variant", ["rf", "bf1"])
def test_first_layer_and_head_options_of_other_variants(variant: str, tmp_path: Path):
    spec = small_spec(variant, first_layer="float", head_inputs="real")
    assert Model.open(random_model(tmp_path / "m.gguf", spec)).spec == spec


def test_bytes_open_like_the_file_and_may_go(tmp_path: Path):
    path = random_model(tmp_path / "m.gguf", small_spec())
    data = bytearray(path.read_bytes())
    model = Model.from_bytes(bytes(data), "in memory")
    assert (model.path, model.name, model.file_bytes) == (None, "in memory", len(data))
    assert (model.training, model.accuracy) == (None, None)
    cloud = random_cloud(32)
    np.testing.assert_array_equal(model.infer(cloud).logits, Model.open(path).infer(cloud).logits)


def test_a_model_outlives_its_file(tmp_path: Path):
    path = random_model(tmp_path / "m.gguf", small_spec())
    model = Model.open(path)
    expected = model.infer(random_cloud(32)).logits
    path.unlink()
    np.testing.assert_array_equal(model.infer(random_cloud(32)).logits, expected)


IN_USE = """
import os, shutil, sys
from pathlib import Path
from bgnn_studio.native import Model
from tests.random_model import random_cloud
path, other, change = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
model = Model.open(path)
expected = model.infer(random_cloud(32)).logits.tobytes()
if change == "truncated":
    os.truncate(path, 0)
else:
    path.write_bytes(other.read_bytes())
assert model.infer(random_cloud(32)).logits.tobytes() == expected
assert model.spec.classes == ("cone", "cube", "ring")
"""


@pytest.mark.parametrize("change", ["truncated", "rewritten"])
def test_a_file_changed_in_place_changes_no_open_model(change: str, tmp_path: Path):
    """In a process of its own: a mapped file that is cut short would end it by SIGBUS."""
    path = random_model(tmp_path / "m.gguf", small_spec(widths=(64, 64, 128)))
    other = random_model(tmp_path / "other.gguf", small_spec(widths=(64, 64, 128)), seed=1)
    done = subprocess.run([sys.executable, "-c", IN_USE, path, other, change], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_inference_says_how_it_ran(model: Model):
    result = model.infer(random_cloud(32), threads=2)
    assert (result.isa, result.threads, result.trace) == (native.isa(), 2, None)
    assert result.arena_bytes == model.arena_bytes(32, threads=2) > 0
    assert result.logits.dtype == np.float32
    assert {s.layer for s in result.steps} == {"layer1", "layer2", "layer3", "embedding", "head"}
    assert all(s.name and s.nanoseconds >= 0 for s in result.steps)
    assert result.latency_ns > 0


@pytest.mark.parametrize(
    ("variant", "options"),
    [
        ("bf2", {}),
        ("rf", {}),
        ("dgcnn", {}),
        ("bfr", {}),
        ("bf1", {"stage": "tanh"}),
        ("bf1", {"stage": "sign"}),
        ("rf", {"stage": "sign"}),
    ],
)
def test_a_trace_has_every_graph_and_feature(variant: str, options: dict[str, Any], tmp_path: Path):
    spec: NetworkSpec = small_spec(variant, **options)
    model = Model.open(random_model(tmp_path / "m.gguf", spec))
    cloud = random_cloud(20)
    result = model.infer(cloud, k=4, trace=True)
    trace = result.trace
    assert trace is not None
    assert [a.shape for a in trace.knn] == [(20, 4)] * 3
    assert [a.shape for a in trace.distances] == [(20, 4)] * 3
    widths = (1, 1) if spec.on_bits else (16, 32)
    assert [f.shape for f in trace.features] == [(20, w) for w in widths]
    assert {f.dtype for f in trace.features} == {np.dtype(np.uint64 if spec.on_bits else np.float32)}
    # The graph of layer 1, by numpy; no ties in a random cloud.
    distances = ((cloud[:, None] - cloud[None]) ** 2).sum(-1)
    np.testing.assert_array_equal(trace.knn[0], np.argsort(distances, axis=1, kind="stable")[:, :4])
    np.testing.assert_allclose(trace.distances[0], np.sort(distances, axis=1)[:, :4], rtol=1e-6, atol=1e-9)
    np.testing.assert_array_equal(model.infer(cloud, k=4).logits, result.logits)


def test_float64_and_strided_points_are_the_same_cloud(model: Model):
    cloud = random_cloud(32)
    wide = np.zeros((32, 6), np.float32)
    wide[:, ::2] = cloud
    expected = model.infer(cloud).logits
    np.testing.assert_array_equal(model.infer(cloud.astype(np.float64)).logits, expected)
    np.testing.assert_array_equal(model.infer(wide[:, ::2]).logits, expected)
    np.testing.assert_array_equal(model.infer(np.asfortranarray(cloud)).logits, expected)


def test_many_threads_share_one_model(model: Model):
    clouds = [random_cloud(points, seed) for seed, points in enumerate([5, 40, 17, 64, 33, 8] * 4)]
    alone = [model.infer(c).logits for c in clouds]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(lambda c: model.infer(c, threads=2).logits, clouds))
    for a, b in zip(alone, together, strict=True):
        np.testing.assert_array_equal(a, b)


def test_closing_while_another_thread_infers(tmp_path: Path):
    path = random_model(tmp_path / "m.gguf", small_spec(points=256))
    cloud = random_cloud(256)
    for _ in range(5):
        model = Model.open(path)
        with ThreadPoolExecutor(2) as pool:
            running = [pool.submit(model.infer, cloud) for _ in range(4)]
            model.close()
            for future in running:
                error = future.exception()
                assert error is None or "is closed" in str(error)


def test_a_closed_model_says_so(model: Model):
    model.close()
    model.close()
    with pytest.raises(KernelError, match=r"The model 'small' is closed\. Open it again"):
        model.infer(random_cloud(32))
    with pytest.raises(KernelError, match="is closed"):
        model.arena_bytes(32)


NOT_FINITE = random_cloud(32)
NOT_FINITE[7, 1] = np.nan


@pytest.mark.parametrize(
    ("points", "arguments", "words"),
    [
        (np.zeros((1024, 2), np.float32), {}, r"Expected 'points' of shape \(N, 3\) with float dtype \(got float32 \(1024, 2\)\)\."),
        (np.zeros(3, np.float32), {}, r"got float32 \(3,\)"),
        (np.zeros((9, 3), np.int64), {}, r"with float dtype \(got int64 \(9, 3\)\)"),
        (np.zeros((9, 3), "U2"), {}, r"with float dtype \(got <U2 \(9, 3\)\)"),
        (np.zeros((0, 3), np.float32), {}, "The cloud is empty"),
        (random_cloud(32), {"k": 33}, "The cloud has 32 points, but k is 33. Use a cloud of at least 33 points, or a k of at most 32"),
        (random_cloud(4), {}, "The cloud has 4 points, but k is 5"),
        (random_cloud(32), {"k": 0}, "Expected 'k' of at least 1 .got 0"),
        (random_cloud(32), {"threads": 0}, "Expected 'threads' of at least 1 .got 0"),
        (random_cloud(32), {"threads": 2**40}, "need more memory than there can be"),
        (NOT_FINITE, {}, "finite"),
        (random_cloud(32) + np.array([np.inf, 0, 0]), {}, "finite"),
        (np.full((32, 3), 1e300), {}, "finite"),
    ],
    ids=lambda value: str(value)[:30] if isinstance(value, (str, dict)) else str(value.shape),
)
def test_what_is_not_a_cloud_is_refused(points: np.ndarray, arguments: dict, words: str, model: Model):
    with pytest.raises(KernelError, match=words):
        model.infer(points, **arguments)


def test_a_cloud_too_large_for_floats(tmp_path: Path):
    model = Model.open(random_model(tmp_path / "m.gguf", small_spec("dgcnn")))
    cloud = np.where(random_cloud(32) < 0, -3e38, 3e38).astype(np.float32)
    with pytest.raises(KernelError, match=r"The logits overflow: coordinates reach 3e\+38. Scale the cloud to the unit sphere"):
        model.infer(cloud)


def test_arena_bytes_checks_like_infer(model: Model):
    with pytest.raises(KernelError, match="The cloud is empty"):
        model.arena_bytes(0)
    with pytest.raises(KernelError, match="more memory than there can be"):
        model.arena_bytes(2**33)
    assert model.arena_bytes(64) >= model.arena_bytes(32)


def test_files_that_are_no_models(tmp_path: Path):
    (tmp_path / "text.gguf").write_text("not a model\n" * 9)
    (tmp_path / "empty.gguf").touch()
    os.mkfifo(tmp_path / "pipe.gguf")
    (tmp_path / "huge.gguf").touch()
    os.truncate(tmp_path / "huge.gguf", 2**34)  # sparse
    cases = {
        "text.gguf": "not a model file: it does not start with the letters GGUF",
        "empty.gguf": "the file is empty",
        "huge.gguf": "could not be opened .larger than 1 GiB",
        "a\0b": "not a file name",
        "pipe.gguf": "could not be opened .a device, not a file",
        "absent.gguf": "could not be opened .No such file or directory",
        ".": "could not be opened .Is a directory",
    }
    for name, words in cases.items():
        path = tmp_path / name
        with pytest.raises(ModelFileError, match=words) as caught:
            Model.open(path)
        assert str(caught.value).startswith(f"{path}: ")
    with pytest.raises(ModelFileError, match=r"^nothing: .*letters GGUF"):
        Model.from_bytes(b"", "nothing")


def test_instruction_sets_by_name():
    assert native.isas()[0] == "scalar"
    before = native.isa()
    try:
        for name in native.isas():
            native.set_isa(name)
            assert native.isa() == name
        with pytest.raises(KernelError, match=r"Expected an instruction set to be one of scalar.* \(got 'mmx'\)"):
            native.set_isa("mmx")
        assert native.isa() == native.isas()[-1]
    finally:
        native.set_isa(before)


def test_a_bad_environment_is_named(model: Model, monkeypatch: pytest.MonkeyPatch):
    before = native.isa()
    monkeypatch.setenv("BGNN_ISA", "mmx")
    native.set_isa(None)
    try:
        for call in (native.isa, lambda: model.infer(random_cloud(32)), lambda: native.sign_pack(random_cloud(2))):
            with pytest.raises(KernelError, match=r"Expected BGNN_ISA to be one of scalar.* \(got 'mmx'\)"):
                call()
    finally:
        native.set_isa(before)


def test_version_is_the_package_s():
    from bgnn_studio import __version__

    assert native.version() == __version__
