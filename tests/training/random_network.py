"""Networks with random weights whose batch norms know the statistics of their inputs; some gains, slopes and scales negative."""

from typing import Any

import torch
from torch import Tensor, nn

from bgnn_studio.core.spec import NetworkSpec, network_spec
from bgnn_studio.training.networks import Network, build_network


def small_spec(variant: str, stage: str | None = None, **options: Any) -> NetworkSpec:
    """Return a small spec: 48 points, 6 neighbours, widths on both sides of a word."""
    options.setdefault("stage", stage or ("teacher" if variant == "dgcnn" else "binary"))
    sizes = {"points": 48, "k": 6, "widths": (12, 24, 72), "embedding": 40, "head": (20, 16)}
    return network_spec(variant, tuple("abcde"), **{**sizes, **options})


def clouds(count: int, points: int, seed: int) -> Tensor:
    """Return (count, points, 3) float32 clouds: ellipsoid shells with noise, in the unit sphere."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(count, points, 3, generator=generator)
    x = x / x.norm(dim=2, keepdim=True) * (0.6 + 0.4 * torch.rand(count, 1, 3, generator=generator))
    x += 0.05 * torch.randn(count, points, 3, generator=generator)
    x -= x.mean(1, keepdim=True)
    return x / x.norm(dim=2).amax(1)[:, None, None]


def random_network(spec: NetworkSpec, seed: int, *, one_slope: bool = False) -> Network:
    """Return a network in evaluation mode with random parameters and calibrated statistics; `one_slope`: one per layer."""
    generator = torch.Generator().manual_seed(seed)

    def uniform(t: Tensor, low: float, high: float, negative_share: float = 0.0) -> None:
        t.uniform_(low, high, generator=generator)
        t.mul_(torch.where(torch.rand(t.shape, generator=generator) < negative_share, -1.0, 1.0))

    torch.manual_seed(seed)
    network = build_network(spec)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.BatchNorm1d):
                uniform(module.weight, 0.5, 1.5, 0.25)
                uniform(module.bias, -0.5, 0.5)
            elif isinstance(module, nn.PReLU):
                uniform(module.weight, 0.1, 0.4, 0.25)
                if one_slope:
                    module.weight.copy_(module.weight[:1].clone())
        for name, parameter in network.named_parameters():
            if name.endswith("rescale.scale"):
                uniform(parameter, 0.5, 1.5, 0.25)
        norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm1d)]
        for norm in norms:
            norm.momentum = 1.0
        network.double().train()(clouds(32, spec.points, seed + 1).double())  # so that no order of summation makes it another network
        network.float()
        for norm in norms:
            norm.momentum = 0.1
    return network.eval()
