"""Valid random models of any spec: bits, scales, norms, thresholds, hits and tables as an export could have given them."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bgnn_studio.core.bits import pack_signs
from bgnn_studio.core.spec import NetworkSpec, network_spec
from bgnn_studio.core.tensors import expected_tensors, packed_channels
from bgnn_studio.io.model_file import write_model

Tensors = dict[str, np.ndarray[Any, Any]]


def small_spec(variant: str = "bf2", **overrides: Any) -> NetworkSpec:
    """Return a small spec with sizes on both sides of a word's seam."""
    sizes = {"points": 32, "k": 5, "widths": (16, 32, 64), "embedding": 70, "head": (24, 12)}
    classes = overrides.pop("classes", ("cone", "cube", "ring"))
    return network_spec(variant, classes, **{**sizes, **overrides})


def random_cloud(points: int, seed: int = 0) -> NDArray[np.float32]:
    """Return a cloud (points, 3) inside the unit sphere."""
    values = np.random.default_rng(seed).normal(size=(points, 3))
    return (values / np.abs(values).max() / 2).astype(np.float32)


def random_tensors(spec: NetworkSpec, seed: int = 0) -> Tensors:
    """Return every tensor of a model of this spec; the derived ones (thresholds, hits, tables) follow from the real ones."""
    rng = np.random.default_rng(seed)
    bits_of = packed_channels(spec)
    inputs = {name.partition(".")[0]: channels for name, channels in bits_of.items() if name.endswith(".weight")}
    tensors: Tensors = {}
    for name, (shape, dtype) in expected_tensors(spec).items():
        if name in bits_of:
            tensors[name] = pack_signs(rng.normal(size=(*shape[:-1], bits_of[name])))
        elif dtype == np.int32:
            tensors[name] = np.zeros(shape, dtype)
        else:
            tensors[name] = _real(rng, name, shape, inputs.get(name.partition(".")[0], shape[-1] if spec.stage == "binary" else 1))
    for name in [n.removesuffix(".threshold") for n in tensors if n.endswith(".threshold")]:
        _derive_sign(tensors, name)
    for layer in range(2, len(spec.widths) + 1):
        if spec.conv == "XorEdgeConv" and spec.stage == "binary":
            _derive_edges(spec, tensors, f"conv{layer}", 2 * spec.in_channels[layer - 1])
    return tensors


def random_model(path: Path, spec: NetworkSpec, seed: int = 0) -> Path:
    """Write a random model of this spec and return its path."""
    write_model(path, spec, random_tensors(spec, seed))
    return path


def _real(rng: np.random.Generator, name: str, shape: tuple[int, ...], inputs: int) -> NDArray[np.float32]:
    layer, _, part = name.rpartition(".")
    if part in ("pre_gain", "post_gain", "scale"):  # mostly positive; a trained gain may be negative
        values = rng.uniform(0.5, 1.5, shape) * np.where(rng.random(shape) < 0.2, -1, 1)
    elif part == "slope":
        values = rng.uniform(-0.1, 0.4, shape)
    elif part == "weight":
        values = rng.normal(size=shape) / np.sqrt(shape[1])
    else:
        values = rng.normal(size=shape) * 0.3
    if part == "scale":  # brings products of coordinates (small) and of +-1 (about sqrt(inputs)) to about 1
        values *= 4 if layer == "conv1" else 1 / np.sqrt(inputs)
    return values.astype(np.float32)


def _derive_sign(tensors: Tensors, name: str) -> None:
    """Set threshold and flip to the sign of value * gain + offset, but for rounding at the very threshold."""
    gain, offset = tensors[f"{name}.pre_gain"], tensors[f"{name}.pre_offset"]
    tensors[f"{name}.threshold"] = (-offset / gain).astype(np.float32)
    tensors[f"{name}.flip"] = pack_signs(gain)


def _derive_edges(spec: NetworkSpec, tensors: Tensors, name: str, channels: int) -> None:
    """Evaluate scale, PReLU and norm at every popcount, and set the hits or the table from the values."""
    p = np.arange(channels + 1)
    values = (channels - 2 * p)[None, :] * tensors[f"{name}.scale"][:, None]  # (out, in + 1)
    values = np.where(values > 0, values, values * tensors[f"{name}.slope"][:, None])
    gain = tensors[f"{name}.post_gain"]
    values = (values * gain[:, None] + tensors[f"{name}.post_offset"][:, None]).astype(np.float32)
    take_min = (gain < 0) & (spec.max_order == "before_norm")
    if spec.skip == "real":
        tensors[f"{name}.table"] = values
        tensors[f"{name}.table_min"] = pack_signs(np.where(take_min, -1, 1))
        return
    hits = np.where(take_min[:, None], values < 0, values >= 0)
    tensors[f"{name}.hit_bit"] = pack_signs(np.where(take_min, -1, 1))
    for o, row in enumerate(hits):
        tensors[f"{name}.hit_low"][o], tensors[f"{name}.hit_span"][o] = cyclic_interval(row)


def cyclic_interval(hits: NDArray[np.bool_]) -> tuple[int, int]:
    """Return (hit_low, hit_span) of the set of popcounts that hit: one interval, or the complement of one."""
    inside = np.flatnonzero(hits)
    if inside.size == 0:
        return len(hits), 0
    if inside[-1] - inside[0] + 1 == inside.size:
        return int(inside[0]), int(inside[-1] - inside[0])
    outside = np.flatnonzero(~hits)
    assert outside[-1] - outside[0] + 1 == outside.size, "the chain has at most one kink"
    low = int(outside[-1]) + 1
    return low, int(outside[0]) - 1 - low  # negative: 2^32 less than the unsigned span
