"""Gathers and reductions over the neighbours of a k-regular graph, where an edge tensor is a dense (M, k, C) view.

Two ways to keep edge tensors small: `gather_max` and `gather_sum` reduce what is linear on nodes, and `in_blocks` computes whatever
needs its edges a few clouds at a time, and large ones again in the backward pass.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812
from torch.utils.checkpoint import checkpoint

_EDGES = 1 << 14  # edges made at once on a CPU: with 64 channels 4 MB, about the L2 cache
_VALUES = 1 << 18  # values worked on at once in operations that pass over them several times (1 MB of float32)
_KEPT = 1 << 25  # values of the edges of a batch, up to which they are kept for the backward pass (128 MB of float32)


def row_index(knn: Tensor) -> Tensor:
    """Turn neighbours (B, N, k) into row numbers (B N, k) of the nodes of all clouds."""
    b, n, k = knn.shape
    return (knn + torch.arange(b, device=knn.device)[:, None, None] * n).view(b * n, k)


def gather(x: Tensor, knn: Tensor) -> Tensor:
    """Return the features (B, N, C) of each node's neighbours (B, N, k) as rows (B N, k, C)."""
    index = row_index(knn)
    return x.flatten(0, 1).index_select(0, index.view(-1)).view(*index.shape, -1)


def gather_sum(x: Tensor, knn: Tensor) -> Tensor:
    """Return the sum over each node's neighbours, (B, N, C)."""
    return _GatherSum.apply(x, knn)


class _GatherSum(torch.autograd.Function):
    """As embedding_bag, whose own backward pass sorts the edges: both passes take 1.4 (64 channels) to 3.6 times (3) as long."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, knn: Tensor) -> Tensor:  # noqa: ANN401
        index = row_index(knn)
        ctx.save_for_backward(index)
        ctx.block = _rows_at_once(knn)
        return F.embedding_bag(index, x.flatten(0, 1), mode="sum").view_as(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:  # noqa: ANN401
        (index,) = ctx.saved_tensors
        rows = gradient.flatten(0, 1)
        total = torch.zeros_like(rows)
        for neighbours, g in zip(index.split(ctx.block), rows.split(ctx.block), strict=True):
            total.index_add_(0, neighbours.reshape(-1), g[:, None].expand(*neighbours.shape, -1).reshape(-1, g.shape[1]))
        return total.view_as(gradient), None


def gather_max(x: Tensor, knn: Tensor) -> Tensor:
    """Return the maximum over each node's neighbours, (B, N, C); the neighbours that attain it share the gradient, as in amax."""
    return _GatherMax.apply(x, knn)


class _GatherMax(torch.autograd.Function):
    """Block by block, the winners found again in the backward pass: four times as fast as carrying their places along."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, knn: Tensor) -> Tensor:  # noqa: ANN401
        rows, index = x.flatten(0, 1), row_index(knn)
        best = torch.cat([take(rows, block).amax(1) for block in index.split(_rows_at_once(knn))])
        ctx.save_for_backward(rows, index, best)
        ctx.block = _rows_at_once(knn)
        return best.view_as(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:  # noqa: ANN401
        rows, index, best = ctx.saved_tensors
        total = torch.zeros_like(rows)
        blocks = (t.split(ctx.block) for t in (index, best, gradient.flatten(0, 1)))
        for neighbours, top, g in zip(*blocks, strict=True):
            winner = take(rows, neighbours).eq_(top[:, None])  # (m, k, C), 1.0 where attained: written as floats, 7 times as fast
            winner *= (g / winner.sum(1))[:, None]
            total.index_add_(0, neighbours.reshape(-1), winner.view(-1, rows.shape[1]))
        return total.view_as(gradient), None


def take(rows: Tensor, index: Tensor) -> Tensor:
    """Return the rows (..., C) that an index (...) names, of (M, C)."""
    return rows.index_select(0, index.reshape(-1)).view(*index.shape, -1)


def parts_of(groups: int, values: int, like: Tensor) -> int:
    """Return how many groups of so many values are worked on at once; on a GPU all of them."""
    return max(1, _VALUES // values) if like.device.type == "cpu" else groups


def _rows_at_once(knn: Tensor) -> int:
    return max(1, _EDGES // knn.shape[2]) if knn.device.type == "cpu" else knn.shape[0] * knn.shape[1]


def in_blocks(function: Callable[..., tuple[Tensor, ...]], x: Tensor, knn: Tensor, *parameters: Tensor) -> list[tuple[Tensor, ...]]:
    """Apply `function(x, knn, *parameters)` to a few clouds at a time and return its results, one tuple per block.

    On a CPU each block of large edge tensors is computed again for its gradient, so that none outlives its block: with k = 20 and 256
    channels, a cloud's edges are 21 MB. Small ones are kept, in one block, which saves a fifth of a step. On a GPU there is one block, too.
    """
    kept = torch.is_grad_enabled() and knn.numel() * x.shape[2] <= _KEPT
    if kept or x.device.type != "cpu":
        return [function(x, knn, *parameters)]
    clouds = max(1, _EDGES // knn[0].numel())
    blocks = zip(x.split(clouds), knn.split(clouds), strict=True)
    if not torch.is_grad_enabled():
        return [function(*block, *parameters) for block in blocks]
    again = {"use_reentrant": False, "preserve_rng_state": False}
    return [checkpoint(function, *block, *parameters, **again) for block in blocks]
