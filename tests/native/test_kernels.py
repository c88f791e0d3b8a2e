"""Every kernel of every instruction set against a few lines of numpy, at sizes around the seams of words and panels."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bgnn_studio import native
from bgnn_studio.core.bits import hamming, pack_signs, unpack_signs
from bgnn_studio.errors import KernelError

CHANNELS = [1, 63, 64, 65, 127, 128, 129, 4096]
ROWS = [(1, 1), (3, 33), (5, 64), (8, 100)]


@pytest.fixture(params=native.isas())
def isa(request: pytest.FixtureRequest) -> Iterator[str]:
    """Run the test on each instruction set of this machine."""
    native.set_isa(request.param)
    yield request.param
    native.set_isa(None)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def random_words(rng: np.random.Generator, rows: int, channels: int) -> NDArray[np.uint64]:
    return pack_signs(rng.normal(size=(rows, channels)))


def chained_sum(terms: NDArray[np.float64], start: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return start + terms rounded once, as fmaf rounds: exact products of float32 in float64, and a sum rounded to odd.

    A float64 sum may round a second time on its way to float32; rounding the first time to odd prevents that (Boldo and
    Melquiond, "Emulation of FMA and correctly rounded sums", IEEE Transactions on Computers 57 (4), 2008).
    """
    a, b = start.astype(np.float64), terms
    total = a + b
    part = total - a
    error = (a - (total - part)) + (b - part)
    inexact = (error != 0) & (total.view(np.int64) & 1 == 0)
    toward = np.where((error > 0) == (total > 0), 1, -1)
    odd = (total.view(np.int64) + np.where(inexact, toward, 0)).view(np.float64)
    return odd.astype(np.float32)


def ordered_gemm(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    total = np.zeros((len(a), len(b)), np.float32)
    for c in range(a.shape[1]):
        total = chained_sum(a[:, None, c].astype(np.float64) * b[None, :, c], total)
    return total


def ordered_distances(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    total = np.zeros((len(a), len(b)), np.float32)
    for c in range(a.shape[1]):
        difference = (a[:, None, c] - b[None, :, c]).astype(np.float64)
        total = chained_sum(difference * difference, total)
    return total


def nearest(distances: NDArray[np.generic], k: int) -> NDArray[np.int64]:
    """Return the tie contract: a stable sort, so that equal distances go to the lower index."""
    return np.argsort(distances, axis=1, kind="stable")[:, :k]


@pytest.mark.parametrize("channels", CHANNELS)
def test_sign_pack(isa: str, channels: int, rng: np.random.Generator):
    values = rng.normal(size=(5, channels)).astype(np.float32)
    values[0, 0], values[1, 0], values[2, 0], values[3, -1] = 0.0, -0.0, np.nan, -np.inf
    words = native.sign_pack(values)
    np.testing.assert_array_equal(words, pack_signs(values))
    np.testing.assert_array_equal(unpack_signs(words, channels), np.where(values < 0, -1, 1))


@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize("rows", ROWS)
def test_hamming_and_binary_gemm(isa: str, channels: int, rows: tuple[int, int], rng: np.random.Generator):
    a, b = (random_words(rng, n, channels) for n in rows)
    b[-1] = ~a[0] & pack_signs(np.full((1, channels), -1.0))[0]  # all bits differ
    expected = hamming(a[:, None], b[None])
    np.testing.assert_array_equal(native.hamming(a, b), expected)
    dots = unpack_signs(a, channels).astype(np.int32) @ unpack_signs(b, channels).astype(np.int32).T
    np.testing.assert_array_equal(native.binary_gemm(a, b, channels), dots)
    assert native.hamming(a, b)[0, -1] == channels


@pytest.mark.parametrize("channels", [1, 3, 64, 65, 200])
@pytest.mark.parametrize("rows", ROWS)
def test_gemm_keeps_the_order_contract(isa: str, channels: int, rows: tuple[int, int], rng: np.random.Generator):
    a, b = (rng.normal(size=(n, channels)).astype(np.float32) for n in rows)
    out = native.gemm(a, b)
    np.testing.assert_array_equal(out, ordered_gemm(a, b))
    np.testing.assert_allclose(out, a.astype(np.float64) @ b.T.astype(np.float64), atol=channels * 1e-6)


@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize(("points", "k"), [(1, 1), (7, 7), (40, 1), (65, 20), (130, 130)])
def test_knn_hamming(isa: str, channels: int, points: int, k: int, rng: np.random.Generator):
    bits = random_words(rng, points, channels)
    bits[points // 2 :] = bits[: points - points // 2]  # duplicates: every distance is there twice
    expected = hamming(bits[:, None], bits[None])
    knn, distances = native.knn_hamming(bits, k)
    np.testing.assert_array_equal(knn, nearest(expected, k))
    np.testing.assert_array_equal(distances, np.take_along_axis(expected, nearest(expected, k), 1))


@pytest.mark.parametrize("channels", [1, 3, 64, 65])
@pytest.mark.parametrize(("points", "k"), [(1, 1), (7, 7), (65, 20), (130, 130)])
def test_knn_l2(isa: str, channels: int, points: int, k: int, rng: np.random.Generator):
    values = rng.normal(size=(points, channels)).astype(np.float32)
    for x in (values, np.round(values)):  # few values: many equal distances
        expected = ordered_distances(x, x)
        knn, distances = native.knn_l2(x, k)
        np.testing.assert_array_equal(knn, nearest(expected, k))
        np.testing.assert_array_equal(distances, np.take_along_axis(expected, nearest(expected, k), 1))


def all_pairs(points: NDArray[np.float32], k: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the graph of 3-D points from a fourth channel of zeros: the same sums, and no tree."""
    return native.knn_l2(np.column_stack([points, np.zeros(len(points), np.float32)]), k)


CLOUDS = {
    "sphere": lambda rng, n: (x := rng.normal(size=(n, 3))) / np.linalg.norm(x, axis=1, keepdims=True),
    "volume": lambda rng, n: rng.uniform(-1, 1, (n, 3)),
    "lattice": lambda rng, n: rng.integers(0, 7, (n, 3)) * 0.1,  # many equal points, most distances tie
    "line": lambda rng, n: np.column_stack([rng.uniform(size=n), np.zeros((n, 2))]),
    "clusters": lambda rng, n: rng.normal(size=(n, 3)) * 1e-4 + rng.integers(0, 3, (n, 1)) * 100.0,
    "tiny": lambda rng, n: rng.normal(size=(n, 3)) * 1e-22,  # squares are denormal or zero
    "huge": lambda rng, n: rng.normal(size=(n, 3)) * 1e19,  # some squares are infinite
    "sorted": lambda rng, n: np.sort(rng.normal(size=(n, 3)), axis=0),
}


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize(("points", "k"), [(255, 20), (256, 1), (257, 20), (271, 128), (300, 129), (513, 40), (1025, 20)])
def test_the_tree_of_points_in_space_is_exact(isa: str, cloud: str, points: int, k: int, rng: np.random.Generator):
    values = CLOUDS[cloud](rng, points).astype(np.float32)
    knn, distances = native.knn_l2(values, k)
    with np.errstate(over="ignore", invalid="ignore"):
        expected = ordered_distances(values, values)
    np.testing.assert_array_equal(knn, nearest(expected, k))
    np.testing.assert_array_equal(distances, np.take_along_axis(expected, nearest(expected, k), 1))


@pytest.mark.parametrize("cloud", ["sphere", "lattice", "clusters"])
def test_many_points_in_space_are_those_of_all_pairs(cloud: str, rng: np.random.Generator):
    values = CLOUDS[cloud](rng, 9001).astype(np.float32)
    for got, expected in zip(native.knn_l2(values, 20), all_pairs(values, 20), strict=True):
        np.testing.assert_array_equal(got, expected)


def test_twenty_thousand_identical_points():
    knn, distances = native.knn_l2(np.full((20_000, 3), 0.3, np.float32), 20)
    assert (knn == np.arange(20)).all()
    assert not distances.any()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_points_that_are_nowhere_switch_the_tree_off(isa: str, bad: float, rng: np.random.Generator):
    values = rng.normal(size=(300, 3)).astype(np.float32)
    values[7, 1] = values[299, 2] = bad
    for got, expected in zip(native.knn_l2(values, 20), all_pairs(values, 20), strict=True):
        np.testing.assert_array_equal(got, expected)


def test_identical_rows_go_by_index(isa: str):
    first = np.tile(np.arange(20), (90, 1))
    for knn, distances in (native.knn_l2(np.ones((90, 3), np.float32), 20), native.knn_hamming(np.full((90, 2), 5, np.uint64), 20)):
        np.testing.assert_array_equal(knn, first)
        assert not distances.any()


def test_distances_that_overflow_still_give_a_permutation(isa: str):
    """Infinite distances tie and go by index, NaN (infinity minus infinity) comes after them, also by index."""
    values = np.float32([[0.0], [3e38], [-3e38], [np.inf], [1.0], [np.inf]])
    knn, distances = native.knn_l2(values, 6)
    np.testing.assert_array_equal(
        knn, [[0, 4, 1, 2, 3, 5], [1, 0, 2, 3, 4, 5], [2, 0, 1, 3, 4, 5], [0, 1, 2, 4, 3, 5], [4, 0, 1, 2, 3, 5], [0, 1, 2, 4, 3, 5]]
    )
    assert np.isinf(distances[1, 1:]).all()
    assert np.isnan(distances[3, 4:]).all()


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 70), st.integers(1, 130), st.integers(0, 2**32 - 1))
def test_hamming_is_a_metric(points: int, channels: int, seed: int):
    bits = random_words(np.random.default_rng(seed), points, channels)
    d = native.hamming(bits, bits)
    assert not np.diagonal(d).any()
    np.testing.assert_array_equal(d, d.T)
    assert (d[:, :, None] + d[None, :, :] >= d[:, None, :]).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 80), st.integers(0, 2**32 - 1))
def test_a_permuted_cloud_gives_permuted_distances(points: int, seed: int):
    rng = np.random.default_rng(seed)
    values, order = rng.normal(size=(points, 3)).astype(np.float32), rng.permutation(points)
    k = 1 + seed % points
    _, distances = native.knn_l2(values, k)
    _, permuted = native.knn_l2(values[order], k)
    np.testing.assert_array_equal(permuted, distances[order])


def test_what_one_isa_packs_another_reads(rng: np.random.Generator):
    values = rng.normal(size=(33, 130)).astype(np.float32)
    results = []
    for name in native.isas():
        native.set_isa(name)
        results.append(native.sign_pack(values))
        np.testing.assert_array_equal(native.hamming(results[0], results[-1]), hamming(results[0][:, None], results[0][None]))
    native.set_isa(None)
    for words in results:
        np.testing.assert_array_equal(words, results[0])


def test_tanh_is_the_nearest_float(rng: np.random.Generator):
    """Against numpy in float64: half a unit in the last place, for floats of every size."""
    floats = np.arange(0, 0x7F800000, 9973, np.uint32).view(np.float32)  # from 0 to the largest
    ordinary = rng.uniform(0, 9.1, 200_000).astype(np.float32)
    for x in (floats, ordinary):
        exact = np.tanh(x.astype(np.float64))
        y = native.tanh(x)
        assert (np.abs(y - exact) <= 0.5000001 * np.spacing(exact.astype(np.float32)).astype(np.float64)).all()
        np.testing.assert_array_equal(native.tanh(-x), -y)
    assert (np.diff(native.tanh(floats)) >= 0).all()
    assert (np.diff(native.tanh(np.sort(ordinary))) >= 0).all()


def test_tanh_at_the_ends():
    ends = np.float32([0.0, -0.0, 1e-45, 9.1, np.inf, -np.inf, 3e38])
    y = native.tanh(ends)
    np.testing.assert_array_equal(y, np.float32([0, 0, 1e-45, 1, 1, -1, 1]))
    assert np.signbit(y[1])
    assert np.isnan(native.tanh(np.float32([np.nan, -np.nan]))).all()
    assert native.tanh(np.zeros((0, 3), np.float32)).shape == (0, 3)
    np.testing.assert_array_equal(native.tanh(np.float32([[0.5, 1.0], [1.0, 0.5]])[::-1])[0], native.tanh(np.float32([1.0, 0.5])))
    with pytest.raises(KernelError, match=r"Expected 'values' as an array of floats .got int64"):
        native.tanh(np.arange(3))


def test_a_bad_environment_is_refused_by_every_call(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("BGNN_ISA", "mmx")
    native.set_isa(None)
    try:
        with pytest.raises(KernelError, match="Expected BGNN_ISA to be one of scalar"):
            native.sign_pack(np.ones((1, 3), np.float32))
        with pytest.raises(KernelError, match="mmx"):
            native.isa()
    finally:
        monkeypatch.delenv("BGNN_ISA")
        native.set_isa(None)
    assert native.isa() in native.isas()


def test_the_environment_chooses(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("BGNN_ISA", "scalar")
    native.set_isa(None)
    assert native.isa() == "scalar"
    monkeypatch.delenv("BGNN_ISA")
    native.set_isa(None)
