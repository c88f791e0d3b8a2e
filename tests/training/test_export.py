"""Derived tensors against brute force: hits and tables on real edges, thresholds at floats of every size."""

import numpy as np
import pytest
import torch
from torch import nn

from bgnn_studio.core.bits import unpack_bits
from bgnn_studio.errors import ModelFileError
from bgnn_studio.training import export
from bgnn_studio.training.edge_convs import XorEdgeConv
from tests.training.random_network import random_network, small_spec

torch.set_num_threads(1)

N, K, C_IN, C_OUT = 40, 5, 33, 70


def _layer(edge_op: str, max_order: str) -> XorEdgeConv:
    """Return a layer whose first channels are the awkward ones."""
    torch.manual_seed(7)
    spec = small_spec("bf2", edge_op=edge_op, max_order=max_order)
    layer = XorEdgeConv(C_IN, C_OUT, spec, first=False).eval()
    generator = torch.Generator().manual_seed(8)
    with torch.no_grad():
        for values, low, high in (
            (layer.rescale.scale, -1.5, 1.5),
            (layer.prelu.weight, -0.5, 1.5),
            (layer.norm.weight, -1.5, 1.5),
            (layer.norm.bias, -0.5, 0.5),
            (layer.norm.running_mean, -8, 8),
            (layer.norm.running_var, 0.5, 200),
        ):
            values.uniform_(low, high, generator=generator)
        scale, slope, gain, bias, mean = (
            t.data for t in (layer.rescale.scale, layer.prelu.weight, layer.norm.weight, layer.norm.bias, layer.norm.running_mean)
        )
        gain[0:4] = torch.tensor([0.0, -0.0, 0.0, 1e-30])
        bias[0:6] = torch.tensor([0.3, -0.3, 0.0, 1.0, 0.0, 0.0])
        mean[4:6] = torch.tensor([2.0, -2.0]) * scale[4:6]  # exactly zero at dot = 2 and, with slope 1, at -2
        slope[5:9] = torch.tensor([1.0, 0.0, -1.0, -2.0])
        mean[7:9] = torch.tensor([6.0, 6.0]) * scale[7:9].abs()  # hits at both ends of the popcounts, or in the middle only
        bias[7:9] = 0.0
        scale[9:11] = torch.tensor([0.0, 1e30])
        gain[11], bias[11] = 1e-3, 50.0  # never negative
        gain[12], bias[12] = -1e-3, -50.0  # always negative
    return layer


def _edges(edge_op: str) -> tuple[torch.Tensor, torch.Tensor, np.ndarray]:
    rng = np.random.default_rng(9)
    x = np.where(rng.random((N, C_IN)) < 0.5, -1, 1)
    knn = rng.integers(0, N, (N, K))
    own = np.broadcast_to(x[:, None], (N, K, C_IN))
    return (
        torch.from_numpy(x).float()[None],
        torch.from_numpy(knn)[None],
        np.concatenate([x[knn] if edge_op == "cat" else -x[knn] * own, own], 2),
    )


@pytest.mark.parametrize("edge_op", ["xor", "cat"])
@pytest.mark.parametrize("max_order", ["before_norm", "after_norm"])
def test_hits_and_tables_decide_as_the_layer_does(edge_op: str, max_order: str) -> None:
    layer = _layer(edge_op, max_order)
    x, knn, edges = _edges(edge_op)
    with torch.no_grad():
        y = layer(x, knn)[0].numpy()
    weight = np.where(layer.latent_weight.detach().numpy() < 0, -1, 1)
    popcount = ((edges[:, :, None] * weight) < 0).sum(-1)  # (N, k, out)
    tensors: export.Tensors = {}
    with torch.no_grad():
        export._add_hits(tensors, "conv2", layer)
        export._add_table(tensors, "conv2", layer)
    low, span = (tensors[f"conv2.hit_{part}"] for part in ("low", "span"))
    hit = ((popcount.astype(np.int32) - low).view(np.uint32) <= span.view(np.uint32)).any(1)
    hit_bit = unpack_bits(tensors["conv2.hit_bit"], C_OUT).astype(bool)
    np.testing.assert_array_equal(np.where(hit, hit_bit, ~hit_bit), y < 0)
    values = tensors["conv2.table"][np.arange(C_OUT), popcount]  # (N, k, out)
    take_min = unpack_bits(tensors["conv2.table_min"], C_OUT).astype(bool)
    np.testing.assert_array_equal(np.where(take_min, values.min(1), values.max(1)), y)
    assert take_min.any() == (max_order == "before_norm")
    assert (span < 0).any(), "some channel hits at both ends of the popcounts"
    assert (low == 2 * C_IN + 1).any(), "some channel never hits"


def test_hits_that_are_no_interval_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = _layer("xor", "after_norm")
    monkeypatch.setattr(layer, "chain", torch.sin)
    with pytest.raises(ModelFileError, match="conv2: the sign of channel 0 is not a function of one threshold or interval"):
        export._add_hits({}, "conv2", layer)


def test_thresholds_split_the_float_line_as_the_norm_does() -> None:
    channels = 64
    norm = nn.BatchNorm1d(channels).eval()
    rng = np.random.default_rng(3)
    with torch.no_grad():
        for values in (norm.weight, norm.bias, norm.running_mean):
            values.copy_(torch.from_numpy(rng.normal(size=channels) * 10.0 ** rng.integers(-8, 8, channels)))
        norm.running_var.copy_(torch.from_numpy(10.0 ** rng.uniform(-10, 10, channels)))
        norm.weight[:6] = torch.tensor([0.0, -0.0, 0.0, 1e-38, 1e-38, -1e-38])
        norm.bias[:6] = torch.tensor([1.0, -1.0, 0.0, 5.0, -5.0, 5.0])
        norm.weight[6:10], norm.bias[6:10] = torch.tensor([1.0, -1.0, 1.0, -1.0]), torch.tensor([0.0, 0.0, 1e-40, 1e-40])
        norm.running_mean[6:10] = 0.0
    tensors: export.Tensors = {}
    with torch.no_grad():
        export._add_threshold(tensors, "linear1", norm, channels)
    threshold, flip = tensors["linear1.threshold"], unpack_bits(tensors["linear1.flip"], channels).astype(bool)
    assert np.isfinite(threshold).all()
    largest = np.finfo(np.float32).max
    sizes = rng.normal(size=(4000, channels)) * 10.0 ** rng.uniform(-40, 37, (4000, channels))
    around = [threshold, *(np.nextafter(threshold, np.float32(side), dtype=np.float32) for side in (-largest, largest))]
    fixed = [np.full(channels, value) for value in (0.0, -0.0, 1e-45, -1e-45, largest, -largest)]
    probes = np.concatenate([sizes, np.stack(around + fixed)]).astype(np.float32)
    with torch.no_grad():
        chain = norm(torch.from_numpy(probes)).numpy() < 0
    np.testing.assert_array_equal((probes < threshold) ^ flip, chain)
    assert 0 < chain.mean() < 1


def test_norms_are_folded_in_double_precision() -> None:
    network = random_network(small_spec("dgcnn"), seed=4)
    tensors = export.export_tensors(network)
    block = network.head[1]
    mean, variance, gain, bias = (
        t.detach().double() for t in (block.norm.running_mean, block.norm.running_var, block.norm.weight, block.norm.bias)
    )
    expected = gain / torch.sqrt(variance + 1e-5)
    np.testing.assert_array_equal(tensors["linear2.post_gain"], expected.float().numpy())
    offset = bias + expected * (block.bias.detach().double() - mean)
    np.testing.assert_array_equal(tensors["linear2.post_offset"], offset.float().numpy())


def test_export_leaves_the_network_as_it_was() -> None:
    network = random_network(small_spec("rf"), seed=4).train()
    before = {name: t.clone() for name, t in network.state_dict().items()}
    export.export_tensors(network)
    assert network.training
    assert all(torch.equal(t, before[name]) for name, t in network.state_dict().items())


def test_a_diverged_network_is_refused_by_name() -> None:
    network = random_network(small_spec("bf1"), seed=4)
    network.layers[1].norm.running_var[3] = torch.nan
    with pytest.raises(ModelFileError, match=r"'layers.1.norm.running_var' is not finite: the training diverged"):
        export.export_tensors(network)
