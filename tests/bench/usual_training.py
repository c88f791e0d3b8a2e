"""The networks in the formulation that most published code trains: topk graphs, and each edge tensor concatenated, permuted, convolved."""

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from bgnn_studio.training.networks import Network
from bgnn_studio.training.quantizers import sign
from tests.training.plain import Plain


class UsualNetwork(Plain):
    """Shares the parameters of a network; `graphs`, once set, are taken instead of its own (topk leaves ties to chance)."""

    def __init__(self, network: Network) -> None:
        super().__init__(network.spec, network.state_dict(keep_vars=True), training=True)
        self.graphs: tuple[Tensor, ...] = ()
        self._layer = 0

    def graph(self, x: Tensor) -> Tensor:
        """Return (B, N, k) by the expanded distance and topk."""
        if self.graphs:
            self._layer += 1
            return self.graphs[(self._layer - 1) % len(self.graphs)]
        with torch.no_grad():
            square = x.square().sum(2)
            return (2 * x @ x.transpose(1, 2) - square[:, :, None] - square[:, None, :]).topk(self.spec.k, dim=2)[1]

    def graph_layer(self, i: int, x: Tensor, index: Tensor) -> Tensor:
        """Map (B, N, C) to (B, N, C') through edges (B, 2C, N, k)."""
        spec, name, (b, n, c) = self.spec, f"layers.{i}", x.shape
        rows = (index + torch.arange(b)[:, None, None] * n).view(-1)
        near = x.reshape(b * n, c)[rows].view(b, n, spec.k, c)
        own = x.view(b, n, 1, c).repeat(1, 1, spec.k, 1)
        bits = spec.conv == "XorEdgeConv" and spec.stage != "tanh" and i > 0
        products = bits and spec.edge_op == "xor"
        half = -near * own if products else near if spec.edge_op == "cat" and i > 0 else near - own
        edges = torch.cat([half, own], dim=3).permute(0, 3, 1, 2).contiguous()  # (B, 2C, N, k)
        weight = self.weight(name, real=i == 0 and spec.first_layer == "float")[:, :, None, None]
        if spec.conv == "EdgeConv":
            return _back(F.leaky_relu(self.norm2d(name, F.conv2d(edges, weight)), 0.2).amax(3))
        if spec.conv == "BinEdgeConv":
            edges = self.norm2d(name, edges)
            edges = self.quantize(edges) if i > 0 or spec.stage == "tanh" else edges
            return _back(self.prelu2d(name, F.conv2d(edges, weight)).amax(3))
        z = self.prelu2d(name, F.conv2d(edges, weight))
        if spec.max_order == "before_norm":
            return _back(self.norm2d(name, z.amax(3)))
        return _back(self.norm2d(name, z).amax(3))

    def quantize(self, x: Tensor) -> Tensor:
        """Tanh, or the sign with its straight-through gradient."""
        return x.tanh() if self.spec.stage == "tanh" else sign(x)

    def weight(self, name: str, *, real: bool = False) -> Tensor:
        """Return latent weights, or their signs."""
        latent = self.state[f"{name}.latent_weight"]
        return latent if real or self.spec.stage != "binary" else sign(latent)

    def norm(self, name: str, x: Tensor) -> Tensor:
        """Batch norm of rows (..., C)."""
        return self._norm(name, x.reshape(-1, x.shape[-1])).view_as(x)

    def norm2d(self, name: str, x: Tensor) -> Tensor:
        """Batch norm of (B, C, ...)."""
        return self._norm(f"{name}.norm", x)

    def prelu2d(self, name: str, x: Tensor) -> Tensor:
        """Scale and PReLU of (B, C, N, k)."""
        return F.prelu(x * self.state[f"{name}.rescale.scale"][:, None, None], self.state[f"{name}.prelu.weight"])

    def _norm(self, name: str, x: Tensor) -> Tensor:
        mean, variance = self.state[f"{name}.running_mean"], self.state[f"{name}.running_var"]
        return F.batch_norm(x, mean, variance, self.state[f"{name}.weight"], self.state[f"{name}.bias"], training=True)


def _back(x: Tensor) -> Tensor:
    return x.transpose(1, 2)  # (B, N, C)
