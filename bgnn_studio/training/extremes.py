"""What training does to every edge, in one go: convolution, PReLU, the extremes over the edges of a node, and moments.

In float32 on a CPU by native passes over parts that stay in the caches: one operation of autograd after the other, over tensors of all
edges, takes about four times as long (4,096 nodes with 10 edges, 64 to 128 channels). Elsewhere by those operations.
"""

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from bgnn_studio.training import native_extremes


def linear_extremes(x: Tensor, weight: Tensor | None, *, lowest: bool) -> tuple[Tensor, Tensor | None]:
    """Return the largest and, where asked for, the smallest of each group of x W^T, (G, C) each, from groups of rows (G, n, C_in).

    Without a weight (C, C_in), of x itself. The rows that attain an extreme share its gradient, as in amax.
    """
    if weight is not None and native_extremes.can(x):
        return native_extremes.Linear.apply(x, weight, lowest)
    z = x if weight is None else x @ weight.T
    return z.amax(1), z.amin(1) if lowest else None


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
    if native_extremes.can(x):
        top, bottom, mean, variance, lengths = native_extremes.Prelu.apply(x, weight, own, slope, lowest, each)
        return (top, bottom, mean, variance) if each else (top, bottom, *joint_moments(mean, variance, lengths))
    z = x if weight is None else x @ weight.T
    z = z if own is None else z + own[:, None]
    p = F.prelu(z.flatten(0, 1), slope).view_as(z)
    variance, mean = torch.var_mean(p, 1 if each else (0, 1), correction=0)
    return p.amax(1), p.amin(1) if lowest else None, mean, variance


def joint_moments(mean: Tensor, variance: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and biased variance (C) of all parts together from those (P, C) of each, weighted by their lengths (P)."""
    share = lengths / lengths.sum()
    joint = share @ mean
    return joint, share @ (variance + (mean - joint).square())
