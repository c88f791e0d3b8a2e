"""The kernel wrappers: what they refuse before C, empty arrays, and one small case of each against numpy."""

import numpy as np
import pytest

from bgnn_studio import native
from bgnn_studio.core import bits
from bgnn_studio.errors import KernelError

RNG = np.random.default_rng(5)
REAL = RNG.normal(size=(9, 70)).astype(np.float32)
WORDS = bits.pack_signs(REAL)
NO_WORDS = np.zeros((0, 2), np.uint64)


def test_small_cases_against_numpy():
    signs = np.where(REAL < 0, -1, 1)
    np.testing.assert_array_equal(native.sign_pack(REAL), WORDS)
    np.testing.assert_array_equal(native.hamming(WORDS, WORDS[:4]), bits.hamming(WORDS[:, None], WORDS[None, :4]))
    np.testing.assert_array_equal(native.binary_gemm(WORDS, WORDS[:4], 70), signs @ signs[:4].T)
    np.testing.assert_allclose(native.gemm(REAL, REAL[:4]), REAL.astype(np.float64) @ REAL[:4].T, rtol=1e-5, atol=1e-5)
    knn, distances = native.knn_hamming(WORDS, 4)
    expected = bits.hamming(WORDS[:, None], WORDS[None])
    np.testing.assert_array_equal(knn, np.argsort(expected, axis=1, kind="stable")[:, :4])
    np.testing.assert_array_equal(distances, np.sort(expected, axis=1)[:, :4])
    knn, distances = native.knn_l2(REAL, 4)
    expected = ((REAL[:, None].astype(np.float64) - REAL[None]) ** 2).sum(-1)
    np.testing.assert_array_equal(knn, np.argsort(expected, axis=1, kind="stable")[:, :4])
    np.testing.assert_allclose(distances, np.sort(expected, axis=1)[:, :4], rtol=1e-5)


def test_empty_arrays_give_empty_or_zero_results():
    assert native.sign_pack(np.zeros((0, 5), np.float32)).shape == (0, 1)
    assert native.sign_pack(np.zeros((3, 0), np.float32)).shape == (3, 0)
    assert native.hamming(NO_WORDS, WORDS).shape == (0, 9)
    assert native.binary_gemm(WORDS, NO_WORDS, 70).shape == (9, 0)
    np.testing.assert_array_equal(native.gemm(np.zeros((2, 0)), np.zeros((3, 0))), np.zeros((2, 3)))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: native.sign_pack(REAL[0]), r"Expected 'values' of shape \(rows, C\) with float dtype \(got float32 \(70,\)\)"),
        (lambda: native.sign_pack(REAL > 0), r"with float dtype \(got bool \(9, 70\)\)"),
        (lambda: native.hamming(WORDS, REAL), r"Expected 'b' of shape \(rows_b, 2\) with uint64 dtype \(got float32 \(9, 70\)\)"),
        (lambda: native.hamming(WORDS, WORDS[:, :1]), r"Expected 'b' of shape \(rows_b, 2\) with uint64 dtype \(got uint64 \(9, 1\)\)"),
        (lambda: native.hamming(WORDS.astype(np.int64), WORDS), r"Expected 'a' of shape \(rows_a, W\) with uint64 dtype \(got int64"),
        (lambda: native.binary_gemm(WORDS, WORDS, 129), r"Expected 3 words per row for 129 channels \(got 2\)"),
        (lambda: native.binary_gemm(WORDS, WORDS, 0), r"for 0 channels \(got 2\)"),
        (lambda: native.gemm(REAL, REAL[:, :69]), r"Expected 'b' of shape \(rows_b, 70\) with float dtype \(got float32 \(9, 69\)\)"),
        (lambda: native.knn_hamming(WORDS, 10), r"Expected 'k' from 1 to the number of rows, 9 \(got 10\)"),
        (lambda: native.knn_l2(REAL, 0), r"Expected 'k' from 1 to the number of rows, 9 \(got 0\)"),
        (lambda: native.knn_hamming(NO_WORDS, 1), r"Expected at least one row and one column \(got uint64 \(0, 2\)\)"),
        (lambda: native.knn_l2(np.zeros((3, 0)), 1), r"Expected at least one row and one column"),
    ],
)
def test_what_does_not_fit_is_refused(call, words: str):
    with pytest.raises(KernelError, match=words):
        call()
