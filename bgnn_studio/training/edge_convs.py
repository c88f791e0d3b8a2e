"""The graph layers: EdgeConv (Wang et al. 2019), BinEdgeConv and XorEdgeConv (Bahri et al. 2021, section 3).

Nodes are (B, N, C), their graph (B, N, k), edges (B N, k, C). Where a layer is linear in x_j, its convolution runs on nodes and not
on edges: W [x_j - x_i, x_i] = A x_j + (B - A) x_i with W = [A, B]; and max, scale and PReLU change places where that is exact.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from bgnn_studio.core.spec import LEAKY_SLOPE, NetworkSpec
from bgnn_studio.training.aggregate import gather, gather_max, gather_sum, in_blocks, row_index
from bgnn_studio.training.edges import sum_edges, xor_edges
from bgnn_studio.training.extremes import joint_moments, linear_extremes, prelu_extremes
from bgnn_studio.training.layers import (
    LatentWeight,
    LearnedRescale,
    PReLU,
    activation,
    batch_norm,
    falls,
    normalize,
    update_running,
)


class EdgeConv(LatentWeight):
    """conv -> BN -> LeakyReLU 0.2 -> max on the edges [x_j - x_i, x_i]; no edge tensor is made, not even for the statistics."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(2 * in_channels, out_channels, binary=False)
        self.norm = batch_norm(out_channels)

    def forward(self, x: Tensor, knn: Tensor) -> Tensor:
        """Map (B, N, C_in) and its graph (B, N, k) to (B, N, C_out)."""
        a, b = self.weight.chunk(2, dim=1)
        u, v = x @ a.T, x @ (b - a).T
        side = _side(self.norm.weight)  # a negative gain makes the maximum a minimum
        extreme = gather_max(u * side, knn) * side + v
        if self.training:
            normed = normalize(self.norm, extreme, _edge_statistics(u, v, knn), knn.numel())
        else:
            normed = _batch_norm(self.norm, extreme)
        return F.leaky_relu(normed, LEAKY_SLOPE)


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
        self.prelu = PReLU(out_channels)
        self.norm = batch_norm(out_channels)
        on_bits = not first and spec.stage != "tanh"
        self.edge_op = spec.edge_op if on_bits else "cat" if spec.edge_op == "cat" and not first else "diff"
        self.max_before_norm = spec.max_order == "before_norm"
        self.first = first

    def chain(self, dot: Tensor) -> Tensor:
        """Scale, PReLU and norm of dot products (rows, out), the max left out; export evaluates it at every attainable dot."""
        return self.norm(self.prelu(self.rescale(dot)))

    def forward(self, x: Tensor, knn: Tensor) -> Tensor:
        """Map (B, N, C_in) and its graph (B, N, k) to (B, N, C_out), real."""
        if self.max_before_norm:
            return _batch_norm(self.norm, _max_prelu(self, *self._extremes(x, knn)))
        extremes, *moments = zip(*in_blocks(self._extreme_and_moments, x, knn, self.weight), strict=True)
        extreme = torch.cat(extremes).view(*x.shape[:2], -1)
        if not self.training:
            return _batch_norm(self.norm, extreme)
        lengths = x.new_tensor([len(block) for block in extremes])
        return normalize(self.norm, extreme, joint_moments(*map(torch.stack, moments), lengths), knn.numel())

    def _extremes(self, x: Tensor, knn: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return the largest (by `_max_prelu`) convolution over the edges of each node, and the smallest if needed."""
        weight = self.weight * _side(self.rescale.scale)[:, None]
        lowest = _has_valley(self)
        if self.edge_op == "xor":  # the half of x_i is the same on all edges of a node
            a, b = weight.chunk(2, dim=1)
            blocks = in_blocks(lambda x, knn, a: linear_extremes(xor_edges(x, knn), a, lowest=lowest), x, knn, a)
            own = x @ b.T
            return tuple(None if end is None else end + own for end in _joined(blocks, x))
        if self._true_differences:
            return _joined(in_blocks(lambda *block: linear_extremes(self._edges(*block), None, lowest=lowest), x, knn, weight), x)
        u, v = self._node_halves(x, weight)
        return gather_max(u, knn) + v, v - gather_max(-u, knn) if lowest else None

    def _extreme_and_moments(self, x: Tensor, knn: Tensor, weight: Tensor) -> tuple[Tensor, ...]:
        """Return max_j (min_j where the gain is negative) of PReLU(scale z_ij), and its mean and variance over these edges."""
        if not self.training:
            edges = self.prelu(self.rescale(self._edges(x, knn, weight)).flatten(0, 1)).unflatten(0, (-1, knn.shape[2]))
            return (torch.where(self.norm.weight < 0, edges.amin(1), edges.amax(1)),)
        weight = weight * self.rescale.scale[:, None]  # the weights are few; dots of evaluation stay whole numbers
        if self.edge_op == "xor":
            a, b = weight.chunk(2, dim=1)
            halves = xor_edges(x, knn), a, x.flatten(0, 1) @ b.T
        else:
            u, v = self._node_halves(x, weight)
            halves = gather(u, knn), None, v.flatten(0, 1)
        top, bottom, mean, variance = prelu_extremes(*halves, self.prelu.weight, lowest=falls(self.norm))
        return top if bottom is None else torch.where(self.norm.weight < 0, bottom, top), mean, variance

    @property
    def _true_differences(self) -> bool:
        """Whether x_j - x_i is formed edge by edge: A x_j - A x_i would flip the bits nearest to a threshold (about 1 in 10^6)."""
        return self.first and not self.training

    def _node_halves(self, x: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return u and v, (B, N, C_out) each, with z_ij = u_j + v_i."""
        a, b = weight.chunk(2, dim=1)
        return x @ a.T, x @ (b - a if self.edge_op == "diff" else b).T

    def _edges(self, x: Tensor, knn: Tensor, weight: Tensor) -> Tensor:
        """Return the convolution z_ij of every edge, (B N, k, C_out)."""
        if self._true_differences:
            own = x.flatten(0, 1)[:, None].expand(-1, knn.shape[2], -1)
            return torch.cat([gather(x, knn) - own, own], dim=2) @ weight.T
        if self.edge_op == "xor":
            a, b = weight.chunk(2, dim=1)
            return (xor_edges(x, knn) @ a.T).add_((x.flatten(0, 1) @ b.T)[:, None])
        u, v = self._node_halves(x, weight)
        return gather(u, knn) + v.flatten(0, 1)[:, None]


class BinEdgeConv(LatentWeight):
    """BN on the 2C edge channels -> sign -> conv -> scale -> PReLU -> max; layer 1 keeps its BN but not the sign.

    The half x_i of the edge feature is the same on all k edges of a node: its norm, sign and convolution run on nodes.
    """

    def __init__(self, in_channels: int, out_channels: int, spec: NetworkSpec, *, first: bool) -> None:
        binary = spec.stage == "binary" and not (first and spec.first_layer == "float")
        super().__init__(2 * in_channels, out_channels, binary=binary)
        self.norm = batch_norm(2 * in_channels)
        self.rescale = LearnedRescale(out_channels)
        self.prelu = PReLU(out_channels)
        self.stage = spec.stage
        self.first = first

    def forward(self, x: Tensor, knn: Tensor) -> Tensor:
        """Map (B, N, C_in) and its graph (B, N, k) to (B, N, C_out)."""
        mean, variance = self.norm.running_mean, self.norm.running_var
        if self.training:
            own_mean, own_variance = _moments(x)
            edge_mean, edge_variance = _edge_statistics(x, -x, knn)
            mean, variance = torch.cat([edge_mean, own_mean]), torch.cat([edge_variance, own_variance])
            update_running(self.norm, mean, variance, knn.numel())
        weight = self.weight * _side(self.rescale.scale)[:, None]
        if self.training and not self._quantized:
            return _max_prelu(self, *self._linear_extremes(x, knn, weight, mean, variance))
        blocks = in_blocks(self._extremes, x, knn, weight, mean, variance)
        return _max_prelu(self, *_joined(blocks, x))

    def normed(self, half: int, x: Tensor, mean: Tensor | None = None, variance: Tensor | None = None) -> Tensor:
        """Batch norm (rows, C_in) by the channels of x_j - x_i (half 0) or of x_i (half 1), by default with running statistics."""
        norm = self.norm
        mean, variance = (norm.running_mean, norm.running_var) if mean is None else (mean, variance)
        mean, variance, gain, bias = (t.chunk(2)[half] for t in (mean, variance, norm.weight, norm.bias))
        if not self.training:
            return F.batch_norm(x, mean, variance, gain, bias, eps=norm.eps)
        gain = gain * (variance + norm.eps).rsqrt()
        return x * gain + (bias - mean * gain)

    def _node_halves(self, x: Tensor, mean: Tensor, variance: Tensor) -> tuple[Tensor, Tensor]:
        """Return u (B, N, C_in) and v (B N, C_in), with u_j + v_i the norm of x_j - x_i in training."""
        gain = self.norm.weight.chunk(2)[0] * (variance.chunk(2)[0] + self.norm.eps).rsqrt()
        u = x * gain
        return u, self.norm.bias.chunk(2)[0] - mean.chunk(2)[0] * gain - u.flatten(0, 1)

    def _linear_extremes(self, x: Tensor, knn: Tensor, weight: Tensor, mean: Tensor, variance: Tensor) -> tuple[Tensor, Tensor | None]:
        """As `_extremes` in layer 1, which has no sign: its convolution runs on nodes."""
        a, b = weight.chunk(2, dim=1)
        u, v = self._node_halves(x, mean, variance)
        u, own = u @ a.T, v.view_as(x) @ a.T + self.normed(1, x, mean, variance) @ b.T
        return gather_max(u, knn) + own, own - gather_max(-u, knn) if _has_valley(self) else None

    def _extremes(self, x: Tensor, knn: Tensor, weight: Tensor, mean: Tensor, variance: Tensor) -> tuple[Tensor, Tensor | None]:
        a, b = weight.chunk(2, dim=1)
        own = x.flatten(0, 1)
        if self.training:
            edges = sum_edges(*self._node_halves(x, mean, variance), knn, self.stage)
        else:
            edges = self.normed(0, (gather(x, knn) - own[:, None]).flatten(0, 1), mean, variance).unflatten(0, (-1, knn.shape[2]))
            edges = self._activate(edges)
        own = self._activate(self.normed(1, own, mean, variance)) @ b.T
        top, bottom = linear_extremes(edges, a, lowest=_has_valley(self))
        return top + own, None if bottom is None else bottom + own

    @property
    def _quantized(self) -> bool:
        return not self.first or self.stage == "tanh"

    def _activate(self, x: Tensor) -> Tensor:
        return activation(x, self.stage) if self._quantized else x


def _side(factor: Tensor) -> Tensor:
    """Return -1 where a factor is negative, else +1, (C) without gradient."""
    return torch.where(factor < 0, -1.0, 1.0).to(factor.dtype).detach()


def _has_valley(layer: XorEdgeConv | BinEdgeConv) -> bool:
    return bool((layer.prelu.weight < 0).any())


def _joined(blocks: list[tuple[Tensor | None, ...]], x: Tensor) -> tuple[Tensor | None, ...]:
    """Return the ends of all blocks of clouds, (B, N, C_out) each."""
    return tuple(None if parts[0] is None else torch.cat(parts).view(*x.shape[:2], -1) for parts in zip(*blocks, strict=True))


def _max_prelu(layer: XorEdgeConv | BinEdgeConv, top: Tensor, bottom: Tensor | None) -> Tensor:
    """Return max_j PReLU(scale z_ij) from the largest and smallest of side z_ij, side the sign of the scale; shapes (B, N, C_out).

    With a slope >= 0 the function rises with side z, and the largest decides. With a negative slope it has a valley, and the
    maximum lies at either end.
    """
    side = _side(layer.rescale.scale)
    ends = [layer.prelu(layer.rescale(end * side).flatten(0, 1)) for end in (top, bottom) if end is not None]
    return (ends[0] if bottom is None else torch.maximum(*ends)).view_as(top)


def _moments(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and biased variance (C) of (B, N, C), as products with a row: up to eleven times as fast as var_mean over outer axes."""
    rows = x.flatten(0, 1)
    share = rows.new_full((len(rows),), 1 / len(rows))
    mean = share @ rows
    return mean, share @ (rows - mean).square()


def _edge_statistics(u: Tensor, v: Tensor, knn: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and biased variance over all edges of u_j + v_i, (C) each, from sums over nodes (B, N, C)."""
    k, degree = knn.shape[2], torch.bincount(row_index(knn).view(-1), minlength=knn.shape[0] * knn.shape[1]).to(u.dtype)
    centre_u, centre_v = u.mean((0, 1)).detach(), v.mean((0, 1)).detach()  # centred first: the squares then cancel little
    u, v = u - centre_u, v - centre_v
    mean = (degree @ u.flatten(0, 1) + k * v.sum((0, 1))) / knn.numel()
    square = (degree @ u.square().flatten(0, 1) + (v * (2 * gather_sum(u, knn) + k * v)).sum((0, 1))) / knn.numel()
    return mean + centre_u + centre_v, square - mean.square()


def _batch_norm(norm: nn.BatchNorm1d, x: Tensor) -> Tensor:
    return norm(x.flatten(0, 1)).view_as(x)
