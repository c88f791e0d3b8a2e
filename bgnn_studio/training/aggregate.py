"""Neighbourhood gathers and reductions on a k-regular graph, where an edge tensor is a dense (M, k, C) view.

Nodes of all clouds are rows of one (M, C) matrix, M = B N; `index` (M, k) holds row numbers.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

_ROWS = 512  # rows of an edge tensor made at once on a CPU: with k = 20, C = 64 it is 2.6 MB and stays in the L2 cache


def row_index(knn: Tensor) -> Tensor:
    """Turn neighbours (B, N, k) into row numbers (B N, k)."""
    b, n, k = knn.shape
    return (knn + torch.arange(b, device=knn.device)[:, None, None] * n).view(b * n, k)


def gather(x: Tensor, index: Tensor) -> Tensor:
    """Return the neighbours' rows, (M, k, C)."""
    return x.index_select(0, index.reshape(-1)).view(*index.shape, x.shape[1])


def gather_sum(x: Tensor, index: Tensor) -> Tensor:
    """Return the sum of each node's neighbours, (M, C)."""
    return F.embedding_bag(index, x, mode="sum")


class _GatherMax(torch.autograd.Function):
    """Maximum over neighbours in blocks that fit the cache; the gradient is shared by the neighbours that attain it, as amax does."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, index: Tensor) -> Tensor:  # noqa: ANN401
        best = torch.cat([gather(x, rows).amax(1) for rows in index.split(_block(x))])
        ctx.save_for_backward(x, index, best)
        return best

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:  # noqa: ANN401
        x, index, best = ctx.saved_tensors
        block = _block(x)
        total = torch.zeros_like(x)
        for rows, top, g in zip(index.split(block), best.split(block), gradient.split(block), strict=True):
            winner = (gather(x, rows) == top[:, None]).to(x.dtype)  # (m, k, C)
            winner *= (g / winner.sum(1))[:, None]
            total.index_add_(0, rows.reshape(-1), winner.view(-1, x.shape[1]))
        return total, None


def gather_max(x: Tensor, index: Tensor) -> Tensor:
    """Return the maximum over each node's neighbours, (M, C)."""
    return _GatherMax.apply(x, index)


def _block(x: Tensor) -> int:
    return _ROWS if x.device.type == "cpu" else x.shape[0]
