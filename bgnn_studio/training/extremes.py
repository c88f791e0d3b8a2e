"""What training does to every edge, in one go: convolution, PReLU, the extremes over the edges of a node, and moments.

Each pass works on a part that stays in the caches of a CPU. One operation of autograd after the other, over tensors of all edges,
takes three to six times as long.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

_VALUES = 1 << 18  # of a part: 1 MB of float32


def linear_extremes(x: Tensor, weight: Tensor | None, *, lowest: bool) -> tuple[Tensor, Tensor | None]:
    """Return the largest and, where asked for, the smallest of each group of x W^T, (G, C) each, from groups of rows (G, n, C_in).

    Without a weight (C, C_in), of x itself. The rows that attain an extreme share its gradient, as in amax.
    """
    top, bottom, *_ = _Extremes.apply(x, weight, None, None, lowest, False)
    return top, bottom


def prelu_extremes(
    x: Tensor, weight: Tensor | None, own: Tensor | None, slope: Tensor, *, lowest: bool, each: bool = False
) -> tuple[Tensor, Tensor | None, Tensor, Tensor]:
    """Return extremes and moments of PReLU(x W^T + own).

    Parameters
    ----------
    x : (G, n, C_in)
        G groups of n rows: the edges of a node, the nodes of a cloud.
    weight : (C, C_in), optional
        Left out, x is taken as it is.
    own : (G, C), optional
        What all rows of a group have in common.
    slope : (C)
    lowest : bool
        Find the smallest, too.
    each : bool
        Return the moments of each group and not of all rows.

    Returns
    -------
    top, bottom : (G, C)
        The largest and, where asked for, the smallest of each group; the rows that attain it share the gradient, as in amax.
    mean, variance : (C), or (G, C) with `each`
        The variance is biased.
    """
    top, bottom, mean, variance, lengths = _Extremes.apply(x, weight, own, slope, lowest, each)
    return (top, bottom, mean, variance) if each else (top, bottom, *joint_moments(mean, variance, lengths))


def joint_moments(mean: Tensor, variance: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and biased variance (C) of all parts together from those (P, C) of each, weighted by their lengths (P)."""
    share = lengths / lengths.sum()
    joint = share @ mean
    return joint, share @ (variance + (mean - joint).square())


class _Extremes(torch.autograd.Function):
    @staticmethod
    def forward(  # noqa: PLR0917
        ctx: Any,  # noqa: ANN401
        x: Tensor,
        weight: Tensor | None,
        own: Tensor | None,
        slope: Tensor | None,
        lowest: bool,
        each: bool,
    ) -> tuple[Tensor | None, ...]:
        groups, rows, _ = x.shape
        channels = x.shape[2] if weight is None else len(weight)
        z = x if weight is None else x.new_empty(groups, rows, channels)
        top, bottom = x.new_empty(groups, channels), x.new_empty(groups, channels) if lowest else None
        size = 1 if each else parts_of(groups, rows * channels, x)
        parts = [slice(start, min(start + size, groups)) for start in range(0, groups, size)]
        lengths = x.new_tensor([(part.stop - part.start) * rows for part in parts])
        mean, variance = (x.new_empty(len(parts), channels) for _ in range(2))
        for part, m, v in zip(parts, mean, variance, strict=True):
            if weight is not None:
                torch.mm(x[part].flatten(0, 1), weight.T, out=z[part].view(-1, channels))
            before = z[part] if own is None else torch.add(z[part], own[part, None], out=None if z is x else z[part])
            values = before if slope is None else _prelu(before, slope)
            torch.amax(values, 1, out=top[part])
            if lowest:
                torch.amin(values, 1, out=bottom[part])
            if slope is not None:
                flat = values.view(-1, channels)
                share = flat.new_full((len(flat),), 1 / len(flat))
                torch.mv(flat.T, share, out=m)
                torch.mv(flat.sub_(m).square_().T, share, out=v)
        ctx.save_for_backward(x, weight, own if z is x else None, slope, z, top, bottom, mean)  # or z has its own part already
        ctx.parts = parts
        ctx.set_materialize_grads(False)
        ctx.mark_non_differentiable(lengths)
        return top, bottom, mean, variance, lengths

    @staticmethod
    def backward(ctx: Any, of_top: Tensor, of_bottom: Tensor, of_mean: Tensor, of_variance: Tensor, _: None) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        x, weight, missing, slope, z, top, bottom, mean = ctx.saved_tensors
        ends = [(end, g) for end, g in ((top, of_top), (bottom, of_bottom)) if g is not None]
        of_x, of_own = torch.empty_like(x), torch.empty_like(top) if ctx.needs_input_grad[2] else None
        of_weight, of_slope = (None if t is None else torch.zeros_like(t) for t in (weight, slope))
        for p, part in enumerate(ctx.parts):
            before = z[part] if missing is None else z[part] + missing[part, None]
            values = before if slope is None else _prelu(before, slope)
            count = values.shape[0] * values.shape[1]
            gradient = None
            if of_mean is not None:
                gradient = of_mean[p] / count
                if of_variance is not None:
                    spread = of_variance[p] * (2 / count)
                    gradient = torch.addcmul(gradient - spread * mean[p], values, spread)
            for end, of_end in ends:
                winner = torch.eq(values, end[part, None], out=torch.empty_like(values))  # as floats, 7 times as fast as counted bools
                share = (of_end[part] / winner.sum(1))[:, None]
                gradient = winner.mul_(share) if gradient is None else torch.addcmul(gradient, winner, share, out=winner)
            if slope is not None:
                above = torch.ops.aten.threshold_backward(gradient, before, 0)  # where z > 0
                below = gradient.sub_(above)
                product = torch.mul(below, before, out=values).flatten(0, 1)
                of_slope += product.new_ones(len(product)) @ product
                gradient = above.addcmul_(below, slope)
            if of_own is not None:
                torch.sum(gradient, 1, out=of_own[part])
            if weight is None:
                of_x[part] = gradient
            else:
                flat = gradient.flatten(0, 1)
                torch.mm(flat, weight, out=of_x[part].view(-1, x.shape[2]))
                of_weight.addmm_(flat.T, x[part].flatten(0, 1))
        return of_x, of_weight, of_own, of_slope, None, None


def parts_of(groups: int, values: int, like: Tensor) -> int:
    """Return how many groups of so many values are worked on at once; on a GPU all of them."""
    return max(1, _VALUES // values) if like.device.type == "cpu" else groups


def _prelu(x: Tensor, slope: Tensor) -> Tensor:
    return F.prelu(x.flatten(0, 1), slope).view_as(x)
