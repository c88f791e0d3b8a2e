"""Export of a network to a model file (native/README.md: the tensors).

What the engine decides in integers is found by evaluating the network's own float chain, never by algebra on its parameters:
hits and tables at every popcount, thresholds of real inputs by bisecting the float32 line. So engine and chain agree bit by bit.
"""

import copy
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bgnn_studio.core.bits import pack_signs
from bgnn_studio.core.card import Accuracy, Training
from bgnn_studio.core.spec import NetworkSpec
from bgnn_studio.errors import ModelFileError
from bgnn_studio.io.model_file import write_model
from bgnn_studio.training.edge_convs import BinEdgeConv, EdgeConv, XorEdgeConv
from bgnn_studio.training.layers import BinEmbedding, BinLinear, FloatBlock, LatentWeight
from bgnn_studio.training.networks import Network

Tensors = dict[str, np.ndarray[Any, Any]]

_LARGEST = int(np.float32(np.finfo(np.float32).max).view(np.int32))  # position of the largest float32 on the ordered line


def export_model(
    path: str | os.PathLike[str], network: Network, *, training: Training | None = None, accuracy: Accuracy | None = None
) -> None:
    """Write a network at any stage as a model file; raises `ModelFileError` as `export_tensors` and `write_model` do."""
    write_model(path, network.spec, export_tensors(network), training=training, accuracy=accuracy)


@torch.no_grad()
def export_tensors(network: Network) -> Tensors:
    """Return the tensors of the model file, by name.

    Parameters
    ----------
    network : Network
        At any stage; it is not changed.

    Raises
    ------
    ModelFileError
        Parameters that are not finite.
    """
    spec = network.spec
    network = copy.deepcopy(network).cpu().eval()
    for name, value in network.state_dict().items():
        if not bool(value.isfinite().all()):
            raise ModelFileError(f"Parameter '{name}' is not finite: the training diverged. Train again with a lower learning rate.")
    tensors: Tensors = {}
    for i, layer in enumerate(network.layers, 1):
        _add_graph_layer(tensors, f"conv{i}", layer, spec)
    signs = spec.stage in ("sign", "binary")  # of real inputs, which need thresholds
    _add_block(tensors, "embedding", network.embedding, signs=signs and spec.conv == "BinEdgeConv")
    for i, block in enumerate(network.head, 1):
        _add_block(tensors, f"linear{i}", block, signs=signs and getattr(block, "quantized", False))
    return tensors


def _add_graph_layer(tensors: Tensors, name: str, layer: EdgeConv | BinEdgeConv | XorEdgeConv, spec: NetworkSpec) -> None:
    _add_product(tensors, name, layer)
    _add_norm(tensors, f"{name}.pre" if isinstance(layer, BinEdgeConv) else f"{name}.post", layer.norm)
    if isinstance(layer, EdgeConv) or layer.first or spec.stage == "tanh":
        return
    if isinstance(layer, BinEdgeConv):
        _add_threshold(tensors, name, lambda edges: _normed_edges(layer, edges), layer.norm.num_features)
    elif spec.stage == "binary":
        (_add_table if spec.skip == "real" else _add_hits)(tensors, name, layer)


def _normed_edges(layer: BinEdgeConv, edges: Tensor) -> Tensor:
    """Norm whole edge features (rows, 2 C_in) half by half, as the forward pass does."""
    return torch.cat([layer.normed(half, x.contiguous()) for half, x in enumerate(edges.chunk(2, dim=1))], dim=1)


def _add_block(tensors: Tensors, name: str, layer: FloatBlock | BinEmbedding | BinLinear, *, signs: bool) -> None:
    """Add the embedding or a head block; `signs`: it takes the sign of real inputs after its norm."""
    _add_product(tensors, name, layer)
    if isinstance(layer, FloatBlock):
        if layer.norm is None:
            tensors[f"{name}.post_offset"] = _array(layer.bias)
        else:
            _add_norm(tensors, f"{name}.post", layer.norm, layer.bias)
    elif isinstance(layer, BinEmbedding) and layer.norm_last:
        _add_norm(tensors, f"{name}.post", layer.norm)
    else:
        _add_norm(tensors, f"{name}.pre", layer.norm)
        if signs:
            _add_threshold(tensors, name, layer.norm, layer.norm.num_features)


def _array(values: Tensor) -> NDArray[np.float32]:
    return np.array(values.detach(), dtype=np.float32)


def _add_product(tensors: Tensors, name: str, layer: LatentWeight) -> None:
    """Add weight (packed where binary), scale and slope, where the layer has them."""
    latent = _array(layer.latent_weight)
    tensors[f"{name}.weight"] = pack_signs(latent) if layer.binary else latent
    if hasattr(layer, "rescale"):
        tensors[f"{name}.scale"] = _array(layer.rescale.scale)
    if isinstance(getattr(layer, "prelu", None), nn.PReLU):
        tensors[f"{name}.slope"] = _array(layer.prelu.weight)


def _add_norm(tensors: Tensors, name: str, norm: nn.BatchNorm1d, bias: Tensor | None = None) -> None:
    """Add a batch norm folded in float64 to value * gain + offset; the bias of the linear before it, if any, goes into the offset."""
    gain = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
    offset = norm.bias.double() + gain * ((0 if bias is None else bias.double()) - norm.running_mean.double())
    tensors[f"{name}_gain"], tensors[f"{name}_offset"] = _array(gain), _array(offset)


def _ordered_floats(position: Tensor) -> Tensor:
    """Return the float32 values at places on the ordered line, where 0 is +0.0 and each step is the next float."""
    return torch.where(position < 0, -position.abs().int().view(torch.float32), position.abs().int().view(torch.float32))


def _add_threshold(tensors: Tensors, name: str, chain: Callable[[Tensor], Tensor], channels: int) -> None:
    """Add threshold and flip: bit = (value < threshold) ^ flip equals chain(value) < 0 for every finite float.

    `chain` maps (rows, channels) to (rows, channels), each channel monotone. Where it has one sign throughout, as with a gain of
    zero, the threshold is the lowest float, below which there is none, and flip is the bit.
    """

    def bit(position: Tensor) -> Tensor:
        return chain(_ordered_floats(position)[None])[0] < 0

    low, high = torch.full((channels,), -_LARGEST), torch.full((channels,), _LARGEST)
    at_low, at_high = bit(low), bit(high)
    constant = at_low == at_high
    while bool((high - low > 1).any()):
        middle = torch.div(low + high, 2, rounding_mode="floor")
        as_low = bit(middle) == at_low
        low, high = torch.where(as_low, middle, low), torch.where(as_low, high, middle)
    position = torch.where(constant, -_LARGEST, high)
    flip = torch.where(constant, at_low, ~at_low)
    threshold = _ordered_floats(position)
    for step in (-1, 0, 1):  # the values around each threshold, and both ends of the line
        probe = (position + step).clamp(-_LARGEST, _LARGEST)
        _agree(name, bit(probe), (_ordered_floats(probe) < threshold) ^ flip)
    _agree(name, torch.stack([at_low, at_high]), torch.stack([~constant, torch.zeros_like(flip)]) ^ flip)
    tensors[f"{name}.threshold"] = _array(threshold)
    tensors[f"{name}.flip"] = pack_signs(-flip.numpy().astype(np.int8))


def _agree(name: str, chain: Tensor, derived: Tensor) -> None:
    """Refuse to export bits that a second evaluation contradicts."""
    if not torch.equal(chain, derived):
        channel = int((chain != derived).reshape(-1, chain.shape[-1]).any(0).nonzero()[0, 0])
        raise ModelFileError(f"{name}: the sign of channel {channel} is not a function of one threshold or interval. Check its parameters.")


def _values(layer: XorEdgeConv) -> Tensor:
    """Return the chain at every popcount, (in + 1, out)."""
    out, channels = layer.latent_weight.shape
    dot = channels - 2 * torch.arange(channels + 1)
    return layer.chain(dot[:, None].expand(-1, out).float())


def _takes_minimum(layer: XorEdgeConv) -> Tensor:
    """Where the norm turns the maximum before it into a minimum after it, (out) bool."""
    return (layer.norm.weight < 0) & layer.max_before_norm


def _add_table(tensors: Tensors, name: str, layer: XorEdgeConv) -> None:
    tensors[f"{name}.table"] = _array(_values(layer).T.contiguous())
    tensors[f"{name}.table_min"] = pack_signs(-_takes_minimum(layer).numpy().astype(np.int8))


def _add_hits(tensors: Tensors, name: str, layer: XorEdgeConv) -> None:
    """Add the cyclic interval of popcounts that decide a bit; see native/README.md, Hits."""
    hit_bit = _takes_minimum(layer)
    hits = ((_values(layer) < 0) == hit_bit).numpy()  # (in + 1, out)
    count, total = len(hits), hits.sum(0)
    # On the circle 0 ... in the set starts where a hit follows a miss; the full and the empty set start nowhere.
    low = (hits & ~np.roll(hits, 1, axis=0)).argmax(0)
    low = np.where(total == 0, count, np.where(total == count, 0, low))
    last = low + np.maximum(total, 1) - 1
    span = np.where((total > 0) & (last >= count), last - count - low, last - low)  # through 2^32 where the set wraps
    low, span = low.astype(np.int32), span.astype(np.int32)
    popcount = np.arange(count, dtype=np.int32)[:, None]
    _agree(name, torch.from_numpy(hits), torch.from_numpy((popcount - low).view(np.uint32) <= span.view(np.uint32)))
    tensors[f"{name}.hit_low"], tensors[f"{name}.hit_span"] = low, span
    tensors[f"{name}.hit_bit"] = pack_signs(-hit_bit.numpy().astype(np.int8))
