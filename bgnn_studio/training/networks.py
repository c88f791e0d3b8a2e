"""The networks at every stage of the cascade, built from a spec: graph layers, embedding, max and mean pooling, head."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bgnn_studio.core.spec import NetworkSpec
from bgnn_studio.errors import BgnnError
from bgnn_studio.training.edge_convs import BinEdgeConv, EdgeConv, XorEdgeConv
from bgnn_studio.training.knn import engine_knn, knn_hamming, knn_l2
from bgnn_studio.training.layers import BinEmbedding, BinLinear, FloatBlock, activation


@dataclass(frozen=True)
class NetworkTrace:
    """What the graph layers saw, on the graph of autograd.

    Attributes
    ----------
    knn : tuple of L tensors (B, N, k) int64
        The graph of each layer, ordered by (distance, index).
    features : tuple of L - 1 tensors (B, N, C)
        Inputs of layers 2 ... L: real, or -1 and +1.
    """

    knn: tuple[Tensor, ...]
    features: tuple[Tensor, ...]


class Network(nn.Module):
    """A point cloud classifier on dynamic k-NN graphs; `build_network` makes it.

    Attributes
    ----------
    spec : NetworkSpec
    layers : the L graph layers
    embedding : the point-wise layer before the pooling
    head : the three linear blocks
    """

    def __init__(self, spec: NetworkSpec, *, dropout: float, engine_graphs: bool) -> None:
        super().__init__()
        self.spec = spec
        self.engine_graphs = engine_graphs
        sizes = list(zip(spec.in_channels, spec.widths, strict=True))
        channels, classes = sum(spec.widths), len(spec.classes)
        pooled, (h1, h2) = 2 * spec.embedding, spec.head
        if spec.conv == "EdgeConv":
            self.layers = nn.ModuleList(EdgeConv(c, out) for c, out in sizes)
            self.embedding = FloatBlock(channels, spec.embedding, bias=False)
            blocks = [FloatBlock(pooled, h1, bias=False), FloatBlock(h1, h2, bias=True), FloatBlock(h2, classes, bias=True, last=True)]
        else:
            layer = XorEdgeConv if spec.conv == "XorEdgeConv" else BinEdgeConv
            self.layers = nn.ModuleList(layer(c, out, spec, first=i == 0) for i, (c, out) in enumerate(sizes))
            self.embedding = BinEmbedding(channels, spec.embedding, spec)
            blocks = [BinLinear(pooled, h1, spec), BinLinear(h1, h2, spec), BinLinear(h2, classes, spec, last=True)]
        self.head = nn.ModuleList(blocks)
        self.dropout = nn.Dropout(dropout)

    def forward(self, points: Tensor) -> Tensor:
        """Map clouds (B, N, 3) to logits (B, classes); raises `BgnnError` for another shape or fewer than k points."""
        return self.forward_traced(points)[0]

    def forward_traced(self, points: Tensor) -> tuple[Tensor, NetworkTrace]:
        """Map clouds (B, N, 3) to logits (B, classes) and what the graph layers saw."""
        if points.ndim != 3 or points.shape[2] != 3:
            raise BgnnError(f"Expected clouds of shape (B, N, 3) (got {tuple(points.shape)}).")
        graphs, features = [], []
        x, real = points, None
        for i, layer in enumerate(self.layers):
            graphs.append(self._graph(x, in_hamming=i > 0 and self.spec.on_bits))
            x = layer(x, graphs[-1])
            if self.spec.skip == "real":
                real = x if real is None else x + torch.cat([real] * (x.shape[2] // real.shape[2]), dim=2)
                x = real
            if self.spec.conv == "XorEdgeConv":
                x = activation(x, self.spec.stage)
            features.append(x)
        x = self.embedding.pooled(torch.cat(features, dim=2))  # (B, 2 emb)
        for block in self.head[:2]:
            x = self.dropout(block(x))
        return self.head[2](x), NetworkTrace(tuple(graphs), tuple(features[:-1]))

    def _graph(self, x: Tensor, *, in_hamming: bool) -> Tensor:
        if self.engine_graphs and x.device.type == "cpu":
            return engine_knn(x, self.spec.k, in_hamming=in_hamming)
        return (knn_hamming if in_hamming else knn_l2)(x, self.spec.k)


def build_network(spec: NetworkSpec, *, dropout: float = 0.0, engine_graphs: bool = False) -> Network:
    """Return the network of a spec with fresh weights, in training mode.

    Parameters
    ----------
    spec : NetworkSpec
        Any variant, options and stage. Networks of one spec at stages `tanh`, `sign` and `binary` share their state dicts.
    dropout : float
        Probability after head blocks 1 and 2.
    engine_graphs : bool
        Find the graphs on a CPU with the native kernels, for training; a network that the engine is compared with leaves it off.
    """
    return Network(spec, dropout=dropout, engine_graphs=engine_graphs)
