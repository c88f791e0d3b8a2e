"""The oracle of the layers: the networks written out with every edge [op, x_i] explicit and nothing moved or factorised."""

import torch
from torch import Tensor

from bgnn_studio.core.spec import NetworkSpec


class Plain:
    """A network's parameters run edge by edge; follows the dtype of the state (float64 in the tests)."""

    def __init__(self, spec: NetworkSpec, state: dict[str, Tensor], *, training: bool) -> None:
        self.spec, self.state, self.training = spec, state, training
        self.batch_statistics: dict[str, tuple[Tensor, Tensor]] = {}

    def __call__(self, points: Tensor) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """Return logits (B, classes), graphs (B, N, k) and outputs (B, N, C) of each layer."""
        spec = self.spec
        x, real, graphs, outputs = points, None, [], []
        for i in range(len(spec.widths)):
            graphs.append(self.graph(x))
            x = self.graph_layer(i, x, graphs[-1])
            if spec.skip == "real":
                real = x if real is None else x + real.repeat(1, 1, x.shape[2] // real.shape[2])
                x = real
            x = self.quantize(x) if spec.conv == "XorEdgeConv" else x
            outputs.append(x)
        x = self.embedding(torch.cat(outputs, dim=2))
        x = torch.cat([x.amax(dim=1), x.mean(dim=1)], dim=1)
        for i in range(3):
            x = self.head(i, x)
        return x, graphs, outputs

    def graph(self, x: Tensor) -> Tensor:
        return nearest(x, self.spec.k)

    def graph_layer(self, i: int, x: Tensor, index: Tensor) -> Tensor:
        spec, name = self.spec, f"layers.{i}"
        near = torch.stack([cloud[rows] for cloud, rows in zip(x, index, strict=True)])  # (B, N, k, C)
        own = x[:, :, None].expand_as(near)
        bits = spec.on_bits and i > 0
        if bits and spec.edge_op == "xor":
            first_half = -near * own
        elif spec.edge_op == "cat" and i > 0:
            first_half = near
        else:
            first_half = near - own
        edges = torch.cat([first_half, own], dim=3)
        if spec.conv == "EdgeConv":
            z = self.norm(f"{name}.norm", edges @ self.weight(name).T)
            return torch.where(z > 0, z, 0.2 * z).amax(dim=2)
        float_weight = i == 0 and spec.first_layer == "float"
        if spec.conv == "BinEdgeConv":
            edges = self.norm(f"{name}.norm", edges)
            edges = self.quantize(edges) if i > 0 or spec.stage == "tanh" else edges
            return self.prelu(name, edges @ self.weight(name, real=float_weight).T).amax(dim=2)
        z = self.prelu(name, edges @ self.weight(name, real=float_weight).T)
        if spec.max_order == "before_norm":
            return self.norm(f"{name}.norm", z.amax(dim=2))
        return self.norm(f"{name}.norm", z).amax(dim=2)

    def embedding(self, x: Tensor) -> Tensor:
        if self.spec.conv == "EdgeConv":
            z = self.norm("embedding.norm", x @ self.weight("embedding").T)
            return torch.where(z > 0, z, 0.2 * z)
        if self.spec.conv == "BinEdgeConv":
            return self.prelu("embedding", self.quantize(self.norm("embedding.norm", x)) @ self.weight("embedding").T)
        return self.norm("embedding.norm", self.prelu("embedding", x @ self.weight("embedding").T))

    def head(self, i: int, x: Tensor) -> Tensor:
        name = f"head.{i}"
        if self.spec.conv == "EdgeConv":
            z = x @ self.weight(name).T + self.state.get(f"{name}.bias", 0)
            if i == 2:
                return z
            z = self.norm(f"{name}.norm", z)
            return torch.where(z > 0, z, 0.2 * z)
        x = self.norm(f"{name}.norm", x)
        if i == 2:
            return x @ self.weight(name, real=True).T * self.state[f"{name}.rescale.scale"]
        if self.spec.head_inputs == "sign":
            x = self.quantize(x)
        return self.prelu(name, x @ self.weight(name).T)

    def weight(self, name: str, *, real: bool = False) -> Tensor:
        latent = self.state[f"{name}.latent_weight"]
        return latent if real or self.spec.stage != "binary" else binarize(latent)

    def quantize(self, x: Tensor) -> Tensor:
        return x.tanh() if self.spec.stage == "tanh" else binarize(x)

    def prelu(self, name: str, dot: Tensor) -> Tensor:
        x = dot * self.state[f"{name}.rescale.scale"]
        return torch.where(x > 0, x, x * self.state[f"{name}.prelu.weight"])

    def norm(self, name: str, x: Tensor) -> Tensor:
        mean, variance = self.state[f"{name}.running_mean"], self.state[f"{name}.running_var"]
        if self.training:
            rows = x.reshape(-1, x.shape[-1])
            mean, variance = rows.mean(0), rows.var(0, unbiased=False)
            self.batch_statistics[name] = (mean, rows.var(0, unbiased=True))
        return (x - mean) / torch.sqrt(variance + 1e-5) * self.state[f"{name}.weight"] + self.state[f"{name}.bias"]


def binarize(x: Tensor) -> Tensor:
    """Return the signs, zero positive, with the gradient of clamp(x, -1, 1)."""
    hard = 1 - 2 * (x < 0).to(x.dtype)
    soft = x.clamp(-1, 1)
    return soft + (hard - soft).detach()


def nearest(x: Tensor, k: int) -> Tensor:
    """Return (B, N, k) neighbours by (distance, index), from all N^2 sums of squared differences (4 x Hamming on +1 and -1)."""
    with torch.no_grad():
        distance = (x[:, :, None] - x[:, None, :]).square().sum(-1)
        return distance.sort(dim=-1, stable=True).indices[..., :k]
