"""The kernels of the native library, one call each: what the tests compare with numpy and the benchmarks time."""

import operator
from typing import SupportsIndex

import numpy as np
from numpy.typing import NDArray

from bgnn_studio.native.library import arenas, check, lib, matrix, pointer, refuse

Words = NDArray[np.uint64]
Reals = NDArray[np.floating]


def sign_pack(values: Reals) -> Words:
    """Pack the signs of (rows, C) floats into (rows, W) words: bit c is 1 where channel c is negative; NaN counts as positive."""
    values = matrix("sign_pack", "values", values, "(rows, C)", np.float32)
    rows, channels = values.shape
    words = np.zeros((rows, -(-channels // 64)), np.uint64)
    if words.size:
        check(lib.bgnn_sign_pack(pointer(values), rows, channels, pointer(words)), "sign_pack")
    return words


def tanh(values: Reals) -> NDArray[np.float32]:
    """Return tanh of floats of any shape, in float32: the nearest to tanh(x), the same bits on every machine; NaN for NaN."""
    if not isinstance(values, np.ndarray) or values.dtype.kind != "f":
        raise refuse("tanh", f"Expected 'values' as an array of floats (got {getattr(values, 'dtype', type(values).__name__)}).")
    values = np.ascontiguousarray(values, np.float32)
    out = np.empty_like(values)
    if values.size:
        check(lib.bgnn_tanh(pointer(values), values.size, pointer(out)), "tanh")
    return out


def hamming(a: Words, b: Words) -> NDArray[np.int32]:
    """Return the Hamming distances (rows_a, rows_b) of (rows_a, W) and (rows_b, W) packed words."""
    a, b = _word_pair("hamming", a, b)
    if not a.size or not b.size:
        return np.zeros((len(a), len(b)), np.int32)
    out = np.empty((len(a), len(b)), np.int32)
    check(lib.bgnn_hamming(pointer(a), len(a), pointer(b), len(b), a.shape[1], pointer(out)), "hamming")
    return out


def binary_gemm(a: Words, b: Words, channels: SupportsIndex) -> NDArray[np.int32]:
    """Return the dot products (rows_a, rows_b) of +-1 values packed as (rows_a, W) and (rows_b, W) words, W = ceil(channels / 64)."""
    a, b = _word_pair("binary_gemm", a, b)
    channels = operator.index(channels)
    if channels < 1 or a.shape[1] != -(-channels // 64):
        raise refuse("binary_gemm", f"Expected {-(-channels // 64)} words per row for {channels} channels (got {a.shape[1]}).")
    out = np.empty((len(a), len(b)), np.int32)
    if out.size:
        check(lib.bgnn_binary_gemm(pointer(a), len(a), pointer(b), len(b), channels, pointer(out)), "binary_gemm")
    return out


def gemm(a: Reals, b: Reals) -> NDArray[np.float32]:
    """Return a . b^T (rows_a, rows_b) of (rows_a, C) and (rows_b, C) floats, each output summed in ascending channel order."""
    a = matrix("gemm", "a", a, "(rows_a, C)", np.float32)
    b = matrix("gemm", "b", b, f"(rows_b, {a.shape[1]})", np.float32, columns=a.shape[1])
    out = np.zeros((len(a), len(b)), np.float32)
    if a.size and b.size:
        size = lib.bgnn_gemm_arena_size(len(b), a.shape[1])
        with arenas.take(size) as arena:
            status = lib.bgnn_gemm(pointer(a), len(a), pointer(b), len(b), a.shape[1], pointer(out), arena, size)
        check(status, "gemm")
    return out


def knn_hamming(bits: Words, k: SupportsIndex) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the k nearest rows of each of (N, W) packed words: indices and Hamming distances (N, k), ordered by (distance, index)."""
    bits = matrix("knn_hamming", "bits", bits, "(N, W)", np.uint64)
    return _knn("knn_hamming", bits, operator.index(k), channels=64 * bits.shape[1])


def knn_l2(values: Reals, k: SupportsIndex) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the k nearest rows of each of (N, C) floats: indices and squared L2 distances (N, k), ordered by (distance, index)."""
    values = matrix("knn_l2", "values", values, "(N, C)", np.float32)
    return _knn("knn_l2", values, operator.index(k), channels=values.shape[1])


def _knn(operation: str, rows: Words | Reals, k: int, *, channels: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    N, columns = rows.shape
    if not rows.size:
        raise refuse(operation, f"Expected at least one row and one column (got {rows.dtype} {rows.shape}).")
    if not 1 <= k <= N:
        raise refuse(operation, f"Expected 'k' from 1 to the number of rows, {N} (got {k}).")
    knn, distances = np.empty((N, k), np.int32), np.empty((N, k), np.float32)
    size = lib.bgnn_knn_arena_size(N, channels)
    function = getattr(lib, f"bgnn_{operation}")
    with arenas.take(size) as arena:
        check(function(pointer(rows), N, columns, k, pointer(knn), pointer(distances), arena, size), operation)
    return knn, distances


def _word_pair(operation: str, a: Words, b: Words) -> tuple[Words, Words]:
    a = matrix(operation, "a", a, "(rows_a, W)", np.uint64)
    return a, matrix(operation, "b", b, f"(rows_b, {a.shape[1]})", np.uint64, columns=a.shape[1])
