"""The layers: EdgeConv (Wang et al. 2019), BinEdgeConv and XorEdgeConv (Bahri et al. 2021, section 3), and the linear blocks.

All work on rows: nodes of all clouds are one (M, C) matrix, edges an (M, k, C) one. Parameters keep their names at every stage,
so a state dict moves from one stage to the next. Where a layer is linear in x_j, its convolution runs on nodes and not on
edges: W [x_j - x_i, x_i] = A x_j + (B - A) x_i with W = [A, B].
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from bgnn_studio.core.spec import BATCH_NORM_EPS, LEAKY_SLOPE, NetworkSpec, Stage
from bgnn_studio.training.aggregate import gather, gather_max, gather_sum
from bgnn_studio.training.quantizers import sign


class LearnedRescale(nn.Module):
    """A learned factor per channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Scale (rows, C)."""
        return x * self.scale


class LatentWeight(nn.Module):
    """A layer with a real latent weight (out, in), which is binarized by its sign where `binary`."""

    def __init__(self, in_channels: int, out_channels: int, *, binary: bool) -> None:
        super().__init__()
        self.latent_weight = nn.Parameter(torch.empty(out_channels, in_channels))
        nn.init.kaiming_uniform_(self.latent_weight, a=5**0.5)
        self.binary = binary

    @property
    def weight(self) -> Tensor:
        """The weight in use, (out, in)."""
        return sign(self.latent_weight) if self.binary else self.latent_weight


def activation(x: Tensor, stage: Stage) -> Tensor:
    """Return tanh(x) at stage `tanh`, sign(x) at the later ones."""
    return torch.tanh(x) if stage == "tanh" else sign(x)


def batch_norm(channels: int) -> nn.BatchNorm1d:
    """Return the batch norm of every layer."""
    return nn.BatchNorm1d(channels, eps=BATCH_NORM_EPS, momentum=0.1)


class EdgeConv(LatentWeight):
    """conv -> BN -> LeakyReLU 0.2 -> max on the edges [x_j - x_i, x_i]; no edge tensor is made, not even for the statistics."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(2 * in_channels, out_channels, binary=False)
        self.norm = batch_norm(out_channels)

    def forward(self, x: Tensor, index: Tensor) -> Tensor:
        """Map (M, C_in) and row numbers (M, k) to (M, C_out)."""
        a, b = self.weight.chunk(2, dim=1)
        u, v = x @ a.T, x @ (b - a).T
        side = torch.where(self.norm.weight < 0, -1.0, 1.0).detach()  # a negative gain makes the maximum a minimum
        extreme = gather_max(u * side, index) * side + v
        if not self.norm.training:
            return F.leaky_relu(self.norm(extreme), LEAKY_SLOPE)
        mean, variance = _edge_statistics(u, v, index)
        _update_running(self.norm, mean, variance, index.numel())
        normed = (extreme - mean) * (variance + self.norm.eps).rsqrt() * self.norm.weight + self.norm.bias
        return F.leaky_relu(normed, LEAKY_SLOPE)


def _edge_statistics(u: Tensor, v: Tensor, index: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and biased variance over all edges of u_j + v_i, (C) each, from sums over nodes."""
    count, k = index.numel(), index.shape[1]
    degree = torch.bincount(index.reshape(-1), minlength=len(u)).to(u.dtype)
    centre_u, centre_v = u.mean(0).detach(), v.mean(0).detach()  # centred first: the squares then cancel little
    u, v = u - centre_u, v - centre_v
    mean = (degree @ u + k * v.sum(0)) / count
    square = (degree @ u.square() + (v * (2 * gather_sum(u, index) + k * v)).sum(0)) / count
    return mean + centre_u + centre_v, square - mean.square()


@torch.no_grad()
def _update_running(norm: nn.BatchNorm1d, mean: Tensor, variance: Tensor, count: int) -> None:
    norm.running_mean.lerp_(mean, norm.momentum)
    norm.running_var.lerp_(variance * (count / (count - 1)), norm.momentum)
    norm.num_batches_tracked += 1


class XorEdgeConv(LatentWeight):
    """Edge -> conv -> scale -> PReLU -> max -> BN (or BN -> max); the sign of its result is the network's next feature.

    Parameters
    ----------
    in_channels, out_channels : int
    spec : NetworkSpec
        Its stage, `edge_op`, `max_order` and `first_layer` decide.
    first : bool
        Layer 1: real points, edge op `diff`.
    """

    def __init__(self, in_channels: int, out_channels: int, spec: NetworkSpec, *, first: bool) -> None:
        binary = spec.stage == "binary" and not (first and spec.first_layer == "float")
        super().__init__(2 * in_channels, out_channels, binary=binary)
        self.rescale = LearnedRescale(out_channels)
        self.prelu = nn.PReLU(out_channels)
        self.norm = batch_norm(out_channels)
        on_bits = not first and spec.stage != "tanh"
        self.edge_op = spec.edge_op if on_bits else "cat" if spec.edge_op == "cat" and not first else "diff"
        self.max_before_norm = spec.max_order == "before_norm"
        self.first = first

    def chain(self, dot: Tensor) -> Tensor:
        """Scale, PReLU and norm of dot products (rows, out), the max left out; export evaluates it at every attainable dot."""
        return self.norm(self.prelu(self.rescale(dot)))

    def forward(self, x: Tensor, index: Tensor) -> Tensor:
        """Map (M, C_in) and row numbers (M, k) to (M, C_out), real."""
        if not self.max_before_norm:
            edges = self.chain(self._edges(x, index, self.weight).flatten(0, 1))
            return edges.view(*index.shape, -1).amax(1)
        return self.norm(_max_prelu(self, x, index))

    def _edges(self, x: Tensor, index: Tensor, weight: Tensor) -> Tensor:
        """Return the convolution of every edge, (M, k, C_out)."""
        a, b = weight.chunk(2, dim=1)
        if self.edge_op == "xor":
            return (gather(x, index) * -x[:, None]) @ a.T + (x @ b.T)[:, None]
        if self.first and not self.training:  # true differences: A x_j - A x_i would lose the bits near a threshold
            return _first_edges(x, index, weight)
        own = b - a if self.edge_op == "diff" else b
        return gather(x @ a.T, index) + (x @ own.T)[:, None]

    def extremes(self, x: Tensor, index: Tensor, weight: Tensor, *, lowest: bool) -> tuple[Tensor, Tensor | None]:
        """Return the maximum, and if asked the minimum, over the edges of each node's convolutions, (M, C_out) each."""
        if self.edge_op == "xor" or (self.first and not self.training):
            edges = self._edges(x, index, weight)
            return edges.amax(1), edges.amin(1) if lowest else None
        a, b = weight.chunk(2, dim=1)
        u, v = x @ a.T, x @ (b - a if self.edge_op == "diff" else b).T
        return gather_max(u, index) + v, v - gather_max(-u, index) if lowest else None


def _first_edges(x: Tensor, index: Tensor, weight: Tensor) -> Tensor:
    own = x[:, None].expand(-1, index.shape[1], -1)
    return torch.cat([gather(x, index) - own, own], dim=2) @ weight.T


class BinEdgeConv(LatentWeight):
    """BN on the 2C edge channels -> sign -> conv -> scale -> PReLU -> max; layer 1 keeps its BN but not the sign.

    The half x_i of the edge feature is the same on all k edges of a node: its norm, sign and convolution run on nodes.
    """

    def __init__(self, in_channels: int, out_channels: int, spec: NetworkSpec, *, first: bool) -> None:
        binary = spec.stage == "binary" and not (first and spec.first_layer == "float")
        super().__init__(2 * in_channels, out_channels, binary=binary)
        self.norm = batch_norm(2 * in_channels)
        self.rescale = LearnedRescale(out_channels)
        self.prelu = nn.PReLU(out_channels)
        self.stage = spec.stage
        self.first = first

    def forward(self, x: Tensor, index: Tensor) -> Tensor:
        """Map (M, C_in) and row numbers (M, k) to (M, C_out)."""
        return _max_prelu(self, x, index)

    def extremes(self, x: Tensor, index: Tensor, weight: Tensor, *, lowest: bool) -> tuple[Tensor, Tensor | None]:
        """Return the maximum, and if asked the minimum, over the edges of each node's convolutions, (M, C_out) each."""
        a, b = weight.chunk(2, dim=1)
        edges = self._activate(self._norm_half(0, (gather(x, index) - x[:, None]).flatten(0, 1)))
        own = self._activate(self._norm_half(1, x)) @ b.T
        edges = (edges @ a.T).view(*index.shape, -1)
        return edges.amax(1) + own, edges.amin(1) + own if lowest else None

    def normed(self, edges: Tensor) -> Tensor:
        """Apply the norm to whole edge features (rows, 2 C_in), as the forward pass does; export evaluates it."""
        return torch.cat([self._norm_half(half, x.contiguous()) for half, x in enumerate(edges.chunk(2, dim=1))], dim=1)

    def _norm_half(self, half: int, x: Tensor) -> Tensor:
        """Batch norm by the channels of x_j - x_i (half 0) or of x_i (half 1)."""
        norm = self.norm
        mean, variance, gain, bias = (t.chunk(2)[half] for t in (norm.running_mean, norm.running_var, norm.weight, norm.bias))
        return F.batch_norm(x, mean, variance, gain, bias, norm.training, norm.momentum, norm.eps)

    def _activate(self, x: Tensor) -> Tensor:
        return x if self.first and self.stage != "tanh" else activation(x, self.stage)


def _max_prelu(layer: XorEdgeConv | BinEdgeConv, x: Tensor, index: Tensor) -> Tensor:
    """Return max_j PReLU(scale z_ij), (M, C_out), applying scale and PReLU to nodes only.

    With a slope >= 0 the function is monotone, its direction that of the scale. With a negative slope it has a valley, and the
    maximum lies at the largest or the smallest z.
    """
    side = torch.where(layer.rescale.scale < 0, -1.0, 1.0).detach()
    valley = bool((layer.prelu.weight < 0).any())
    top, bottom = layer.extremes(x, index, layer.weight * side[:, None], lowest=valley)
    best = layer.prelu(layer.rescale(top * side))
    return best if bottom is None else torch.maximum(best, layer.prelu(layer.rescale(bottom * side)))


class BinLinear(LatentWeight):
    """A head block: BN -> activation -> linear -> scale -> PReLU; the last one BN -> real linear -> scale."""

    def __init__(self, in_channels: int, out_channels: int, spec: NetworkSpec, *, last: bool = False) -> None:
        super().__init__(in_channels, out_channels, binary=spec.stage == "binary" and not last)
        self.norm = batch_norm(in_channels)
        self.rescale = LearnedRescale(out_channels)
        self.prelu = nn.Identity() if last else nn.PReLU(out_channels)
        self.quantized = not last and spec.head_inputs == "sign"
        self.stage = spec.stage

    def forward(self, x: Tensor) -> Tensor:
        """Map (rows, C_in) to (rows, C_out)."""
        x = self.norm(x)
        if self.quantized:
            x = activation(x, self.stage)
        return self.prelu(self.rescale(x @ self.weight.T))


class BinEmbedding(LatentWeight):
    """The embedding of bf networks, conv -> scale -> PReLU -> BN on bits, or of rf, BN -> sign -> conv -> scale -> PReLU."""

    def __init__(self, in_channels: int, out_channels: int, spec: NetworkSpec) -> None:
        super().__init__(in_channels, out_channels, binary=spec.stage == "binary")
        self.on_bits = spec.on_bits
        self.norm = batch_norm(out_channels if spec.on_bits else in_channels)
        self.rescale = LearnedRescale(out_channels)
        self.prelu = nn.PReLU(out_channels)
        self.stage = spec.stage

    def forward(self, x: Tensor) -> Tensor:
        """Map (rows, C_in) to (rows, C_out)."""
        if not self.on_bits:
            x = activation(self.norm(x), self.stage)
        x = self.prelu(self.rescale(x @ self.weight.T))
        return self.norm(x) if self.on_bits else x


class FloatBlock(LatentWeight):
    """A block of the float network: linear (with or without bias) -> BN -> LeakyReLU 0.2, or the linear alone."""

    def __init__(self, in_channels: int, out_channels: int, *, bias: bool, last: bool = False) -> None:
        super().__init__(in_channels, out_channels, binary=False)
        self.bias = nn.Parameter(torch.empty(out_channels).uniform_(-1, 1) / in_channels**0.5) if bias else None
        self.norm = None if last else batch_norm(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map (rows, C_in) to (rows, C_out)."""
        x = F.linear(x, self.weight, self.bias)
        return x if self.norm is None else F.leaky_relu(self.norm(x), LEAKY_SLOPE)
