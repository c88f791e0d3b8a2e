"""The graph layers: EdgeConv (Wang et al. 2019), BinEdgeConv and XorEdgeConv (Bahri et al. 2021, section 3).

Nodes are (B, N, C), their graph (B, N, k), edges (B N, k, C). Where a layer is linear in x_j, its convolution runs on nodes and not
on edges: W [x_j - x_i, x_i] = A x_j + (B - A) x_i with W = [A, B]; and max, scale and PReLU change places where that is exact.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from bgnn_studio.core.spec import LEAKY_SLOPE, NetworkSpec
from bgnn_studio.training.aggregate import edge_moments, gather, gather_max, gather_sum, in_blocks, max_over_edges, row_index
from bgnn_studio.training.layers import LatentWeight, LearnedRescale, PReLU, activation, batch_norm


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
        statistics = _edge_statistics(u, v, knn) if self.training else None
        return F.leaky_relu(_normalize(self.norm, extreme, statistics, knn.numel()), LEAKY_SLOPE)


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
            return _normalize(self.norm, _max_prelu(self, *self._extremes(x, knn)))
        parts = list(zip(*in_blocks(self._extreme_and_statistics, x, knn, self.weight), strict=True))
        extreme = torch.cat(parts[0]).view(*x.shape[:2], -1)
        return _normalize(self.norm, extreme, _joint_statistics(*parts) if self.training else None, knn.numel())

    def _extremes(self, x: Tensor, knn: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return the largest (by `_max_prelu`) convolution over the edges of each node, and the smallest if needed."""
        weight = self.weight * _side(self.rescale.scale)[:, None]
        lowest = _has_valley(self)
        if self.edge_op == "xor":  # the half of x_i is the same on all edges of a node
            a, b = weight.chunk(2, dim=1)
            blocks = in_blocks(lambda x, knn, a: _both_ends(_products(x, knn) @ a.T, lowest=lowest), x, knn, a)
            own = x @ b.T
            return tuple(torch.cat(part).view_as(own) + own if part[0] is not None else None for part in zip(*blocks, strict=True))
        if self._true_differences:
            blocks = in_blocks(lambda *block: _both_ends(self._edges(*block), lowest=lowest), x, knn, weight)
            return tuple(torch.cat(part).view(*x.shape[:2], -1) if part[0] is not None else None for part in zip(*blocks, strict=True))
        u, v = self._node_halves(x, weight)
        return gather_max(u, knn) + v, v - gather_max(-u, knn) if lowest else None

    def _extreme_and_statistics(self, x: Tensor, knn: Tensor, weight: Tensor) -> tuple[Tensor, ...]:
        """Return max_j (min_j where the gain is negative) of PReLU(scale z_ij), and its mean and variance over these edges."""
        scale = self.rescale.scale[:, None]  # in training it moves onto the weights, which are few; dots of evaluation stay whole numbers
        edges = self._edges(x, knn, weight * scale) if self.training else self.rescale(self._edges(x, knn, weight))
        edges = self.prelu(edges.flatten(0, 1)).unflatten(0, (-1, knn.shape[2]))
        extreme = max_over_edges(edges)
        if bool((self.norm.weight < 0).any()):
            extreme = torch.where(self.norm.weight < 0, -max_over_edges(-edges), extreme)
        if not self.training:
            return (extreme,)
        return extreme, *edge_moments(edges)

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
        own = x.flatten(0, 1)[:, None]  # (B N, 1, C_in)
        if self.edge_op == "xor":
            a, b = weight.chunk(2, dim=1)
            return (_products(x, knn) @ a.T).add_(own @ b.T)
        if self._true_differences:
            own = own.expand(-1, knn.shape[2], -1)
            return torch.cat([gather(x, knn) - own, own], dim=2) @ weight.T
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
            own_variance, own_mean = torch.var_mean(x, (0, 1), correction=0)
            edge_mean, edge_variance = _edge_statistics(x, -x, knn)
            mean, variance = torch.cat([edge_mean, own_mean]), torch.cat([edge_variance, own_variance])
            _update_running(self.norm, mean, variance, knn.numel())
        weight = self.weight * _side(self.rescale.scale)[:, None]
        blocks = in_blocks(self._extremes, x, knn, weight, mean, variance)
        top, bottom = (torch.cat(p).view(*x.shape[:2], -1) if p[0] is not None else None for p in zip(*blocks, strict=True))
        return _max_prelu(self, top, bottom)

    def normed(self, half: int, x: Tensor, mean: Tensor | None = None, variance: Tensor | None = None) -> Tensor:
        """Batch norm (rows, C_in) by the channels of x_j - x_i (half 0) or of x_i (half 1), by default with running statistics."""
        norm = self.norm
        mean, variance = (norm.running_mean, norm.running_var) if mean is None else (mean, variance)
        mean, variance, gain, bias = (t.chunk(2)[half] for t in (mean, variance, norm.weight, norm.bias))
        if not self.training:
            return F.batch_norm(x, mean, variance, gain, bias, eps=norm.eps)
        gain = gain * (variance + norm.eps).rsqrt()
        return x * gain + (bias - mean * gain)

    def _extremes(self, x: Tensor, knn: Tensor, weight: Tensor, mean: Tensor, variance: Tensor) -> tuple[Tensor, Tensor | None]:
        a, b = weight.chunk(2, dim=1)
        own = x.flatten(0, 1)
        if self.training:  # the norm of x_j - x_i is linear: it runs on nodes
            gain = self.norm.weight.chunk(2)[0] * (variance.chunk(2)[0] + self.norm.eps).rsqrt()
            u = x * gain
            v = self.norm.bias.chunk(2)[0] - mean.chunk(2)[0] * gain - u.flatten(0, 1)
            edges = gather(u, knn).add_(v[:, None]).flatten(0, 1)  # (B N k, C_in)
        else:
            edges = self.normed(0, (gather(x, knn) - own[:, None]).flatten(0, 1), mean, variance)
        edges = self._activate(edges) @ a.T
        own = self._activate(self.normed(1, own, mean, variance)) @ b.T
        top, bottom = _both_ends(edges.unflatten(0, (-1, knn.shape[2])), lowest=_has_valley(self))
        return top + own, None if bottom is None else bottom + own

    def _activate(self, x: Tensor) -> Tensor:
        return x if self.first and self.stage != "tanh" else activation(x, self.stage)


def _products(x: Tensor, knn: Tensor) -> Tensor:
    """Return the XOR half of every edge, -x_j x_i, (B N, k, C)."""
    return gather(x, knn) * -x.flatten(0, 1)[:, None]


def _side(factor: Tensor) -> Tensor:
    """Return -1 where a factor is negative, else +1, (C) without gradient."""
    return torch.where(factor < 0, -1.0, 1.0).to(factor.dtype).detach()


def _has_valley(layer: XorEdgeConv | BinEdgeConv) -> bool:
    return bool((layer.prelu.weight < 0).any())


def _both_ends(edges: Tensor, *, lowest: bool) -> tuple[Tensor, Tensor | None]:
    return max_over_edges(edges), -max_over_edges(-edges) if lowest else None


def _max_prelu(layer: XorEdgeConv | BinEdgeConv, top: Tensor, bottom: Tensor | None) -> Tensor:
    """Return max_j PReLU(scale z_ij) from the largest and smallest of side z_ij, side the sign of the scale; shapes (B, N, C_out).

    With a slope >= 0 the function rises with side z, and the largest decides. With a negative slope it has a valley, and the
    maximum lies at either end.
    """
    side = _side(layer.rescale.scale)
    ends = [layer.prelu(layer.rescale(end * side).flatten(0, 1)) for end in (top, bottom) if end is not None]
    return (ends[0] if bottom is None else torch.maximum(*ends)).view_as(top)


def _edge_statistics(u: Tensor, v: Tensor, knn: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and biased variance over all edges of u_j + v_i, (C) each, from sums over nodes (B, N, C)."""
    k, degree = knn.shape[2], torch.bincount(row_index(knn).view(-1), minlength=knn.shape[0] * knn.shape[1]).to(u.dtype)
    centre_u, centre_v = u.mean((0, 1)).detach(), v.mean((0, 1)).detach()  # centred first: the squares then cancel little
    u, v = u - centre_u, v - centre_v
    mean = (degree @ u.flatten(0, 1) + k * v.sum((0, 1))) / knn.numel()
    square = (degree @ u.square().flatten(0, 1) + (v * (2 * gather_sum(u, knn) + k * v)).sum((0, 1))) / knn.numel()
    return mean + centre_u + centre_v, square - mean.square()


def _joint_statistics(blocks: tuple[Tensor, ...], means: tuple[Tensor, ...], variances: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
    """Return mean and biased variance of all blocks together from those of each, weighted by their lengths."""
    share = means[0].new_tensor([len(block) for block in blocks])
    share, every = share / share.sum(), torch.stack(means)
    mean = share @ every
    return mean, share @ (torch.stack(variances) + (every - mean).square())


def _normalize(norm: nn.BatchNorm1d, x: Tensor, statistics: tuple[Tensor, Tensor] | None = None, count: int = 0) -> Tensor:
    """Batch norm (B, N, C); in training by the given mean and biased variance over `count` values instead of those of x."""
    if statistics is None:
        return norm(x.flatten(0, 1)).view_as(x)
    mean, variance = statistics
    _update_running(norm, mean, variance, count)
    gain = norm.weight * (variance + norm.eps).rsqrt()
    return x * gain + (norm.bias - mean * gain)


@torch.no_grad()
def _update_running(norm: nn.BatchNorm1d, mean: Tensor, variance: Tensor, count: int) -> None:
    norm.running_mean.lerp_(mean, norm.momentum)
    norm.running_var.lerp_(variance * (count / (count - 1)), norm.momentum)
    norm.num_batches_tracked += 1
