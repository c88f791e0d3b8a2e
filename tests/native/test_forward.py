"""The forward pass through the C interface: refusals, memory, and the same result for every instruction set and team."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bgnn_studio import native
from bgnn_studio.core.inference import Inference
from bgnn_studio.native.library import ffi, lib, pointer, text
from tests.random_model import random_cloud, random_model, small_spec

SPECS = {
    "dgcnn": small_spec("dgcnn"),
    "rf": small_spec("rf"),
    "rf, float layer 1, real head": small_spec("rf", first_layer="float", head_inputs="real", widths=(65, 30)),
    "bf1": small_spec("bf1"),
    "bf2": small_spec("bf2", widths=(13, 130, 64)),
    "bf2 on cat": small_spec("bf2", edge_op="cat", widths=(70, 33)),
    "bfr": small_spec("bfr"),
    "bfr on xor": small_spec("bfr", edge_op="xor", max_order="after_norm", widths=(33, 66)),
    "rf, tanh": small_spec("rf", stage="tanh", widths=(9, 30)),
    "rf, sign": small_spec("rf", stage="sign", widths=(17, 65)),
    "bf1, tanh": small_spec("bf1", stage="tanh", widths=(16, 33)),
    "bf2, sign": small_spec("bf2", stage="sign", widths=(63, 64, 65)),
    "bfr, tanh": small_spec("bfr", stage="tanh", widths=(16, 32)),
    "bfr, sign": small_spec("bfr", stage="sign", widths=(33, 66)),
    "one layer": small_spec("bf2", widths=(1,)),
    "eight layers": small_spec("bf1", widths=(32, 40, 48, 70, 33, 64, 65, 50)),
}
N, K = 75, 6


@pytest.fixture(params=SPECS, ids=SPECS.keys())
def model(request: pytest.FixtureRequest, tmp_path: Path) -> native.Model:
    return native.Model.open(random_model(tmp_path / "m.gguf", SPECS[request.param]))


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Any]:
    """Return the handle of a small model."""
    with native.Model.open(random_model(tmp_path / "m.gguf", small_spec())) as model:
        yield model._handle


def assert_same(a: Inference, b: Inference) -> None:
    np.testing.assert_array_equal(a.logits, b.logits)
    assert a.trace is not None
    assert b.trace is not None
    np.testing.assert_array_equal(a.trace.winners, b.trace.winners)
    for part in ("knn", "distances", "features"):
        for mine, others in zip(getattr(a.trace, part), getattr(b.trace, part), strict=True):
            np.testing.assert_array_equal(mine, others)


def test_every_isa_and_every_team_gives_the_same(model: native.Model):
    cloud = random_cloud(N)
    cloud[N // 2 :] = cloud[: N - N // 2]  # duplicates tie
    results = []
    for name in native.isas():
        native.set_isa(name)
        results += [model.infer(cloud, k=K, threads=threads, trace=True) for threads in (1, 2, 5, 200)]
        results.append(model.infer(cloud, k=K, trace=True))  # nothing is left in the arena
    native.set_isa(None)
    assert np.isfinite(results[0].logits).all()
    assert all(len(np.unique(f, axis=0)) > 3 for f in results[0].trace.features)  # features that are all alike test nothing
    for result in results[1:]:
        assert_same(results[0], result)


def test_graphs_are_those_of_the_recorded_features(model: native.Model):
    cloud = random_cloud(N)
    trace = model.infer(cloud, k=K, trace=True).trace
    assert trace is not None
    for x, knn, distances in zip((cloud, *trace.features), trace.knn, trace.distances, strict=True):
        expected = native.knn_hamming(x, K) if x.dtype == np.uint64 else native.knn_l2(x, K)
        np.testing.assert_array_equal(knn, expected[0])
        np.testing.assert_array_equal(distances, expected[1])


def test_a_trace_changes_nothing(model: native.Model):
    cloud = random_cloud(N)
    np.testing.assert_array_equal(model.infer(cloud, k=K, trace=True).logits, model.infer(cloud, k=K).logits)


def test_a_permuted_cloud_gives_permuted_features(model: native.Model):
    """As far as graphs have no ties: all of those in L2, but not those in Hamming space, where the lower index wins."""
    cloud = random_cloud(N)
    order = np.random.default_rng(3).permutation(N)
    a, b = model.infer(cloud, k=K, trace=True).trace, model.infer(cloud[order], k=K, trace=True).trace
    assert a is not None
    assert b is not None
    reach = 1 if model.spec.on_bits else len(a.features)
    for mine, others in zip(a.features[:reach], b.features[:reach], strict=True):
        np.testing.assert_array_equal(mine[order], others)


def test_clouds_smaller_than_a_vector(model: native.Model):
    for points in (1, 2, 3):
        result = model.infer(random_cloud(points), k=points, threads=3, trace=True)
        assert np.isfinite(result.logits).all()


@pytest.mark.parametrize("variant", ["dgcnn", "bf2", "bfr"])
def test_twenty_thousand_identical_points_are_all_ties(variant: str, tmp_path: Path):
    model = native.Model.open(random_model(tmp_path / "m.gguf", SPECS[variant]))
    result = model.infer(np.full((20_000, 3), 0.3, np.float32), k=20, threads=2, trace=True)
    assert np.isfinite(result.logits).all()
    assert result.trace is not None
    for knn in result.trace.knn:
        assert (knn == np.arange(20)).all()
    for features in result.trace.features:
        assert (features == features[0]).all()
    assert (result.trace.winners == 0).all()


def forward(
    handle: Any, *, points: Any = None, n: int = 40, k: int = 5, threads: int = 1, arena: Any = None, size: int | None = None
) -> tuple[int, str]:
    cloud, logits, message = random_cloud(40), np.empty(3, np.float32), ffi.new("char[]", lib.BGNN_MESSAGE_SIZE)
    needed = lib.bgnn_arena_size(handle, n, k, threads) if handle != ffi.NULL else 0
    room = np.zeros(needed + 128, np.uint8)
    aligned = ffi.cast("char *", room.ctypes.data + -room.ctypes.data % 64)
    points = pointer(cloud) if points is None else points
    arena = aligned if arena is None else aligned + arena if isinstance(arena, int) else arena
    size = needed if size is None else needed + size
    status = lib.bgnn_forward(handle, points, n, k, threads, arena, size, pointer(logits), ffi.NULL, message)
    return status, text(message)


def test_arguments_that_cannot_work(small: Any):
    bad = lib.BGNN_BAD_ARGUMENT
    assert forward(small) == (lib.BGNN_OK, "")
    for sizes in ({"n": 0}, {"n": -1}, {"k": 0}, {"k": 41}, {"threads": 0}):
        status, message = forward(small, **sizes)
        assert status == bad
        assert message.startswith("Expected 1 <= k <= points and threads >= 1 (got ")
        full = {"n": 40, "k": 5, "threads": 1, **sizes}
        assert lib.bgnn_arena_size(small, full["n"], full["k"], full["threads"]) == 0
    assert forward(ffi.NULL)[0] == bad
    assert forward(small, points=ffi.NULL)[0] == bad
    assert forward(small, arena=ffi.NULL)[0] == bad
    assert "64 bytes" in forward(small, arena=8)[1]
    assert lib.bgnn_arena_size(ffi.NULL, 40, 5, 1) == 0


def test_an_arena_one_byte_short(small: Any):
    status, message = forward(small, size=-1)
    assert status == lib.BGNN_SMALL_ARENA
    needed = lib.bgnn_arena_size(small, 40, 5, 1)
    assert message == f"Expected an arena of {needed} bytes (got {needed - 1}). Ask bgnn_arena_size."


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_point_that_is_not_finite_is_named(small: Any, value: float):
    cloud = random_cloud(40)
    cloud[17, 2] = value
    status, message = forward(small, points=pointer(cloud))
    assert status == lib.BGNN_BAD_DATA
    assert "point 17 is (" in message


def test_coordinates_that_overflow_are_computed_all_the_same(model: native.Model):
    """Squares beyond float32 are infinite distances, which tie: the graph is still one of k distinct points."""
    trace = model.infer(random_cloud(N) * np.float32(1e20), k=K, trace=True).trace
    assert trace is not None
    for knn in trace.knn:
        assert (np.diff(np.sort(knn, axis=1), axis=1) > 0).all()
        assert knn.min() >= 0
        assert knn.max() < N


def test_memory_grows_with_points_not_with_their_square(model: native.Model):
    one, four = (model.arena_bytes(points, k=20) for points in (4096, 16384))
    assert four < 4.1 * one
