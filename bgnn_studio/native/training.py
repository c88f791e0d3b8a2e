"""The passes of training over groups of rows (`native/training/bgnn_training.h`), on arrays as they are: contiguous, float32.

A group is a node with its edges or a cloud with its nodes. Sizes: G groups of n rows, C_in and C_out channels, W = ceil(C_out / 64) words.
"""

import ctypes
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bgnn_studio.native.library import ARENA_ALIGNMENT, check, ffi, lib, pointer, refuse

Floats = NDArray[np.float32]


class End(NamedTuple):
    """An extreme of each group, and the rows that attain it, which share its gradient."""

    values: Floats  # (G, C_out); of a gradient: the share of each of those rows
    winners: NDArray[np.uint64]  # (G, n, W): bit c % 64 of word c / 64 is 1 where the row attains the extreme of channel c
    attained: Floats  # (G, C_out): how many rows attain it, 0 for a NaN; not needed for a gradient


class Summary(NamedTuple):
    """What is known of p = PReLU(z + own) of some groups, or of its gradient."""

    top: Floats  # (G, C): the largest of each group
    bottom: Floats | None  # (G, C): the smallest
    top_count: Floats  # (G, C): how many rows attain it; of a gradient: the share of each of those rows
    bottom_count: Floats | None
    mean: Floats  # (C): over all rows of all groups; of a gradient: a of a + b p, what all rows have
    variance: Floats  # (C): biased; of a gradient: b


def use_openmp(library: str) -> None:
    """Compute on the threads of a loaded OpenMP library, GCC's: those that torch has, which would else be in the way of ours."""
    function = ctypes.cast(ctypes.CDLL(library).GOMP_parallel, ctypes.c_void_p)
    lib.bgnn_training_threads(ffi.cast("void *", function.value))


def linear_extremes(x: Floats, weight: Floats, *, lowest: bool, threads: int) -> list[End]:
    """Return the largest and, where asked for, the smallest of each group of x W^T, from (G, n, C_in) and (C_out, C_in)."""
    product = _product("linear_extremes", x, weight, threads)
    shape = len(x), len(weight)
    winners = len(x), x.shape[1], -(-len(weight) // 64)
    ends = [End(_empty(shape), _empty(winners, np.uint64), _empty(shape)) for _ in range(1 + lowest)]
    check(lib.bgnn_linear_extremes(product, _pointers(ends), len(ends)), "linear_extremes")
    return ends


def linear_extremes_gradient(x: Floats, weight: Floats, of_ends: list[End], *, threads: int) -> tuple[Floats, Floats]:
    """Return the gradients of x and of the weight from those of one or two extremes."""
    product = _product("linear_extremes_gradient", x, weight, threads)
    of_x, of_weight = _empty(x.shape), _empty(weight.shape)
    status = lib.bgnn_linear_extremes_gradient(product, _pointers(of_ends), len(of_ends), pointer(of_x), pointer(of_weight))
    check(status, "linear_extremes_gradient")
    return of_x, of_weight


def prelu_summary(z: Floats, own: Floats | None, slope: Floats, summary: Summary, *, threads: int) -> None:
    """Fill a summary of PReLU(z + own), from (G, n, C), (G, C) and (C)."""
    prelu = _prelu("prelu_summary", z, own, slope, summary, threads=threads)
    check(lib.bgnn_prelu_summary(prelu, _summary(summary)), "prelu_summary")


def prelu_gradient(
    z: Floats, own: Floats | None, slope: Floats, of_summary: Summary, *, of_z: Floats, of_own: Floats | None, threads: int
) -> Floats:
    """Write the gradients of z and of its own part from that of the summary, and return that of the slope (C)."""
    prelu = _prelu("prelu_gradient", z, own, slope, of_summary, threads=threads)
    _expect("prelu_gradient", "of_z", of_z, z.shape)
    of_slope = np.empty_like(slope)
    check(lib.bgnn_prelu_gradient(prelu, _summary(of_summary), pointer(of_z), _pointer(of_own), pointer(of_slope)), "prelu_gradient")
    return of_slope


def _empty(shape: tuple[int, ...], dtype: type[np.generic] = np.float32) -> NDArray[Any]:
    """Return an array that begins with a cache line, as numpy's own need not."""
    size = prod(shape) * np.dtype(dtype).itemsize
    memory = np.empty(size + ARENA_ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ARENA_ALIGNMENT
    return memory[start : start + size].view(dtype).reshape(shape)


def _pointers(ends: list[End]) -> Any:  # noqa: ANN401
    return ffi.new("bgnn_end[]", [tuple(pointer(array) for array in end) for end in ends])


def _pointer(array: Floats | None) -> Any:  # noqa: ANN401
    return ffi.NULL if array is None else pointer(array)


def _summary(summary: Summary) -> Any:  # noqa: ANN401
    return ffi.new("bgnn_summary *", list(map(_pointer, summary)))


def _prelu(operation: str, z: Floats, own: Floats | None, slope: Floats, summary: Summary, *, threads: int) -> Any:  # noqa: ANN401
    _expect(operation, "z", z, 3)
    groups, rows, channels = z.shape
    for name, array in {"own": own, "slope": slope, **summary._asdict()}.items():
        if array is not None:
            _expect(operation, name, array, (channels,) if name in {"slope", "mean", "variance"} else (groups, channels))
    return ffi.new("bgnn_prelu *", [pointer(z), _pointer(own), pointer(slope), groups, rows, channels, threads])


def _product(operation: str, x: Floats, weight: Floats, threads: int) -> Any:  # noqa: ANN401
    _expect(operation, "x", x, 3)
    _expect(operation, "weight", weight, 2)
    (groups, rows, channels_in), channels_out = x.shape, len(weight)
    _expect(operation, "weight", weight, (channels_out, channels_in))
    return ffi.new("bgnn_product *", [pointer(x), pointer(weight), groups, rows, channels_in, channels_out, threads])


def _expect(operation: str, name: str, array: Floats, shape: int | tuple[int, ...]) -> None:
    """Refuse what is not contiguous float32 of a number of axes, or of a shape."""
    fits = array.ndim == shape if isinstance(shape, int) else array.shape == shape
    if array.dtype != np.float32 or not fits or not array.flags.c_contiguous or not array.size:
        wanted = f"{shape} axes" if isinstance(shape, int) else f"shape {shape}"
        raise refuse(operation, f"Expected '{name}' as contiguous float32 of {wanted} (got {array.dtype} {array.shape}).")
