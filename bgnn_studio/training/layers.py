"""What every layer is made of, and the layers on single nodes: the embedding and the linear blocks of the head.

Parameters keep their names at every stage, so a state dict moves from one stage to the next. Rows are nodes or clouds.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from bgnn_studio.core.spec import BATCH_NORM_EPS, LEAKY_SLOPE, NetworkSpec, Stage
from bgnn_studio.training.extremes import joint_moments, prelu_extremes
from bgnn_studio.training.quantizers import sign


class LearnedRescale(nn.Module):
    """A learned factor per channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Scale (rows, C)."""
        return x * self.scale


class PReLU(nn.PReLU):
    """PReLU with a slope per channel on (rows, C)."""

    def forward(self, x: Tensor) -> Tensor:
        """Map (rows, C)."""
        return _PReLU.apply(x, self.weight)


class _PReLU(torch.autograd.Function):
    """Torch's own, with a backward pass of vectorised steps: a third of the time on a CPU."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, slope: Tensor) -> Tensor:  # noqa: ANN401
        ctx.save_for_backward(x, slope)
        return F.prelu(x, slope)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:  # noqa: ANN401
        x, slope = ctx.saved_tensors
        factor = torch.gt(x, 0, out=torch.empty_like(x))
        torch.addcmul(slope, factor, 1 - slope, out=factor)
        return factor.mul_(gradient), (gradient * x.clamp_max(0)).sum(0)


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


def normalize(norm: nn.BatchNorm1d, x: Tensor, statistics: tuple[Tensor, Tensor], count: int) -> Tensor:
    """Batch norm (..., C) in training, by the given mean and biased variance (C) over `count` values instead of those of x."""
    mean, variance = statistics
    update_running(norm, mean, variance, count)
    gain = norm.weight * (variance + norm.eps).rsqrt()
    return x * gain + (norm.bias - mean * gain)


@torch.no_grad()
def update_running(norm: nn.BatchNorm1d, mean: Tensor, variance: Tensor, count: int) -> None:
    """Let the running statistics follow a batch of `count` values; `variance` is biased."""
    norm.running_mean.lerp_(mean, norm.momentum)
    norm.running_var.lerp_(variance * (count / (count - 1)), norm.momentum)
    norm.num_batches_tracked += 1


def falls(norm: nn.BatchNorm1d) -> bool:
    """Whether the norm falls in any channel, and so maps the smallest value there to the largest."""
    return bool((norm.weight < 0).any())


class BinLinear(LatentWeight):
    """A head block: BN -> activation -> linear -> scale -> PReLU; the last one BN -> real linear -> scale."""

    def __init__(self, in_channels: int, out_channels: int, spec: NetworkSpec, *, last: bool = False) -> None:
        super().__init__(in_channels, out_channels, binary=spec.stage == "binary" and not last)
        self.norm = batch_norm(in_channels)
        self.rescale = LearnedRescale(out_channels)
        self.prelu = nn.Identity() if last else PReLU(out_channels)
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
        self.norm_last = spec.conv == "XorEdgeConv"
        self.norm = batch_norm(out_channels if self.norm_last else in_channels)
        self.rescale = LearnedRescale(out_channels)
        self.prelu = PReLU(out_channels)
        self.stage = spec.stage

    def forward(self, x: Tensor) -> Tensor:
        """Map (rows, C_in) to (rows, C_out)."""
        if not self.norm_last:
            x = activation(self.norm(x), self.stage)
        x = self.prelu(self.rescale(x @ self.weight.T))
        return self.norm(x) if self.norm_last else x

    def pooled(self, x: Tensor) -> Tensor:
        """Map (B, N, C_in) to the maxima and means over the nodes of each cloud, (B, 2 C_out)."""
        if not self.training:
            return max_and_mean(self(x.flatten(0, 1)).view(*x.shape[:2], -1))
        if not self.norm_last:
            x = activation(self.norm(x.flatten(0, 1)).view_as(x), self.stage)
        weight = self.weight * self.rescale.scale[:, None]  # the weights are fewer than the dots
        top, bottom, mean, variance = prelu_extremes(
            x, weight, None, self.prelu.weight, lowest=self.norm_last and falls(self.norm), each=True
        )
        if not self.norm_last:
            return torch.cat([top, mean], dim=1)
        statistics = joint_moments(mean, variance, mean.new_ones(len(mean)))
        extreme = top if bottom is None else torch.where(self.norm.weight < 0, bottom, top)
        return normalize(self.norm, torch.stack([extreme, mean], dim=1), statistics, x.shape[0] * x.shape[1]).flatten(1)


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

    def pooled(self, x: Tensor) -> Tensor:
        """Map (B, N, C_in) to the maxima and means over the nodes of each cloud, (B, 2 C_out)."""
        return max_and_mean(self(x.flatten(0, 1)).view(*x.shape[:2], -1))


def max_and_mean(x: Tensor) -> Tensor:
    """Pool (B, N, C) to (B, 2 C)."""
    return torch.cat([x.amax(1), x.mean(1)], dim=1)
