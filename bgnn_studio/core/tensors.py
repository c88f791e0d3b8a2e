"""The tensors of a model file: name, shape and type of each, for any network spec (the table of native/README.md)."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from bgnn_studio.core.spec import NetworkSpec


class TensorLayout(NamedTuple):
    """Shape and type of one tensor: (C,) or (rows, columns) of float32, int32, or uint64 for packed words."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]


_F32, _I32, _U64 = np.dtype(np.float32), np.dtype(np.int32), np.dtype(np.uint64)


def words_of(channels: int) -> int:
    """Return W, the number of 64-bit words that hold `channels` bits."""
    return -(-channels // 64)


def expected_tensors(spec: NetworkSpec) -> dict[str, TensorLayout]:
    """Return every tensor of a model file of this spec, in the order of the file."""
    return {name: layout for name, layout, _ in _table(spec)}


def packed_channels(spec: NetworkSpec) -> dict[str, int]:
    """Return how many bits each row of a packed tensor holds; the rest of its last word is zero."""
    return {name: channels for name, _, channels in _table(spec) if channels}


def _table(spec: NetworkSpec) -> Iterator[tuple[str, TensorLayout, int]]:
    """Yield name, layout and bits per row (0 for tensors that are not packed)."""
    for layer, (in_channels, out) in enumerate(zip(spec.in_channels, spec.widths, strict=True), start=1):
        yield from _graph_layer(spec, f"conv{layer}", 2 * in_channels, out, first=layer == 1)
    yield from _embedding(spec)
    widths = (2 * spec.embedding, *spec.head, len(spec.classes))
    for number in (1, 2):
        yield from _hidden_linear(spec, f"linear{number}", widths[number - 1], widths[number])
    yield from _last_linear(spec, widths[2], widths[3])


def _graph_layer(spec: NetworkSpec, name: str, channels: int, out: int, *, first: bool) -> Iterator[tuple[str, TensorLayout, int]]:
    yield _weight(name, out, channels, packed=spec.stage == "binary" and not (first and spec.first_layer == "float"))
    if spec.conv == "BinEdgeConv":
        yield from _vectors(name, ("pre_gain", "pre_offset"), channels)
        if not first:
            yield from _real_sign(spec, name, channels)
    if spec.conv != "EdgeConv":
        yield from _vectors(name, ("scale", "slope"), out)
    if spec.conv != "BinEdgeConv":
        yield from _vectors(name, ("post_gain", "post_offset"), out)
    if spec.conv == "XorEdgeConv" and spec.stage == "binary" and not first:
        if spec.skip == "real":
            yield f"{name}.table", TensorLayout((out, channels + 1), _F32), 0
            yield _bits(name, "table_min", out)
        else:
            yield f"{name}.hit_low", TensorLayout((out,), _I32), 0
            yield f"{name}.hit_span", TensorLayout((out,), _I32), 0
            yield _bits(name, "hit_bit", out)


def _embedding(spec: NetworkSpec) -> Iterator[tuple[str, TensorLayout, int]]:
    channels, out = sum(spec.widths), spec.embedding
    yield _weight("embedding", out, channels, packed=spec.stage == "binary")
    if spec.conv == "BinEdgeConv":
        yield from _vectors("embedding", ("pre_gain", "pre_offset"), channels)
        yield from _real_sign(spec, "embedding", channels)
    if spec.conv != "EdgeConv":
        yield from _vectors("embedding", ("scale", "slope"), out)
    if spec.conv != "BinEdgeConv":
        yield from _vectors("embedding", ("post_gain", "post_offset"), out)


def _hidden_linear(spec: NetworkSpec, name: str, channels: int, out: int) -> Iterator[tuple[str, TensorLayout, int]]:
    yield _weight(name, out, channels, packed=spec.stage == "binary")
    if spec.conv == "EdgeConv":
        yield from _vectors(name, ("post_gain", "post_offset"), out)
        return
    yield from _vectors(name, ("pre_gain", "pre_offset"), channels)
    if spec.head_inputs == "sign":
        yield from _real_sign(spec, name, channels)
    yield from _vectors(name, ("scale", "slope"), out)


def _last_linear(spec: NetworkSpec, channels: int, out: int) -> Iterator[tuple[str, TensorLayout, int]]:
    yield _weight("linear3", out, channels, packed=False)
    if spec.conv == "EdgeConv":
        yield from _vectors("linear3", ("post_offset",), out)
        return
    yield from _vectors("linear3", ("pre_gain", "pre_offset"), channels)
    yield from _vectors("linear3", ("scale",), out)


def _weight(name: str, out: int, channels: int, *, packed: bool) -> tuple[str, TensorLayout, int]:
    if packed:
        return f"{name}.weight", TensorLayout((out, words_of(channels)), _U64), channels
    return f"{name}.weight", TensorLayout((out, channels), _F32), 0


def _vectors(name: str, parts: tuple[str, ...], channels: int) -> Iterator[tuple[str, TensorLayout, int]]:
    for part in parts:
        yield f"{name}.{part}", TensorLayout((channels,), _F32), 0


def _bits(name: str, part: str, channels: int) -> tuple[str, TensorLayout, int]:
    return f"{name}.{part}", TensorLayout((words_of(channels),), _U64), channels


def _real_sign(spec: NetworkSpec, name: str, channels: int) -> Iterator[tuple[str, TensorLayout, int]]:
    if spec.stage == "tanh":
        return
    yield from _vectors(name, ("threshold",), channels)
    yield _bits(name, "flip", channels)
