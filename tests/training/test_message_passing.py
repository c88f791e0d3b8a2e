"""The graph layers against PyTorch Geometric's message passing, which makes every edge and aggregates by scatter."""

import pytest
import torch
import torch_geometric.nn as pyg
from torch import Tensor, nn

from bgnn_studio.core.spec import network_spec
from bgnn_studio.training.edge_convs import EdgeConv, XorEdgeConv
from bgnn_studio.training.knn import knn_hamming, knn_l2
from bgnn_studio.training.quantizers import sign

POINTS, K, C_IN, C_OUT = 70, 7, 9, 13


def edge_index(knn: Tensor) -> Tensor:
    """Return the edges j -> i of one graph (1, N, k) as PyG writes them, (2, N k)."""
    i = torch.arange(knn.shape[1]).repeat_interleave(knn.shape[2])
    return torch.stack([knn.reshape(-1), i])


def random_norm(norm: nn.BatchNorm1d) -> None:
    with torch.no_grad():
        for tensor in (norm.weight, norm.bias, norm.running_mean):
            tensor.normal_()
        norm.running_var.uniform_(0.5, 2)


def test_edge_conv_is_pygs() -> None:
    torch.manual_seed(0)
    ours = EdgeConv(C_IN, C_OUT).eval()
    linear = nn.Linear(2 * C_IN, C_OUT, bias=False)
    theirs = pyg.EdgeConv(nn.Sequential(linear, ours.norm, nn.LeakyReLU(0.2)), aggr="max").eval()  # resets its parameters
    random_norm(ours.norm)
    assert (ours.norm.weight < 0).any()
    a, b = ours.weight.chunk(2, dim=1)
    linear.weight = nn.Parameter(torch.cat([b, a], dim=1))  # PyG's edge feature is [x_i, x_j - x_i]
    x = torch.randn(1, POINTS, C_IN)
    knn = knn_l2(x, K)
    torch.testing.assert_close(ours(x, knn)[0], theirs(x[0], edge_index(knn)), rtol=1e-5, atol=1e-5)


class XorMessages(pyg.MessagePassing):
    """XorEdgeConv written as messages: the whole chain on every edge [-x_j x_i, x_i], then a scatter maximum."""

    def __init__(self, layer: XorEdgeConv) -> None:
        super().__init__(aggr="max")
        self.layer = layer

    def forward(self, x: Tensor, edges: Tensor) -> Tensor:
        y = self.propagate(edges, x=x)
        return self.layer.norm(y) if self.layer.max_before_norm else y

    def message(self, x_i: Tensor, x_j: Tensor) -> Tensor:
        y = self.layer.prelu(self.layer.rescale(torch.cat([-x_j * x_i, x_i], dim=1) @ self.layer.weight.T))
        return y if self.layer.max_before_norm else self.layer.norm(y)


@pytest.mark.parametrize("variant", ["bf1", "bf2"])
def test_xor_edge_conv_is_message_passing(variant: str) -> None:
    torch.manual_seed(1)
    layer = XorEdgeConv(C_IN, C_OUT, network_spec(variant, ("a", "b")), first=False).eval()
    random_norm(layer.norm)
    with torch.no_grad():
        layer.rescale.scale.normal_()
        layer.prelu.weight.normal_()
    x = sign(torch.randn(1, POINTS, C_IN))
    knn = knn_hamming(x, K)
    torch.testing.assert_close(layer(x, knn)[0], XorMessages(layer)(x[0], edge_index(knn)), rtol=1e-6, atol=1e-6)
