"""Features of all edges of a graph, (B N, k, C), with their gradients on nodes; made part by part in the caches of a CPU."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from bgnn_studio.core.spec import Stage
from bgnn_studio.training.aggregate import parts_of, row_index, take
from bgnn_studio.training.quantizers import signs, straight_through


def xor_edges(x: Tensor, knn: Tensor) -> Tensor:
    """Return the XOR half of every edge, -x_j x_i, from bits (B, N, C) and their graph (B, N, k)."""
    return _XorEdges.apply(x.flatten(0, 1), row_index(knn))


def sum_edges(u: Tensor, v: Tensor, knn: Tensor, stage: Stage) -> Tensor:
    """Return a stage's activation of u_j + v_i of every edge, from u (B, N, C) and v (B N, C)."""
    return _SumEdges.apply(u.flatten(0, 1), v, row_index(knn), stage)


class _XorEdges(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, index: Tensor) -> Tensor:  # noqa: ANN401
        ctx.save_for_backward(x, index)
        edges = x.new_empty(*index.shape, x.shape[1])
        for part in _parts(x, index):
            torch.mul(take(x, index[part]), -x[part, None], out=edges[part])
        return edges

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:  # noqa: ANN401
        x, index = ctx.saved_tensors
        near, own = torch.zeros_like(x), torch.empty_like(x)
        for part in _parts(x, index):
            g = gradient[part]
            torch.sum(take(x, index[part]).mul_(g), 1, out=own[part])
            near.index_add_(0, index[part].reshape(-1), (g * -x[part, None]).view(-1, x.shape[1]))
        return near.sub_(own), None


class _SumEdges(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, u: Tensor, v: Tensor, index: Tensor, stage: Stage) -> Tensor:  # noqa: ANN401
        edges = u.new_empty(*index.shape, u.shape[1])
        for part in _parts(u, index):
            total = torch.add(take(u, index[part]), v[part, None], out=edges[part])
            if stage == "tanh":
                total.mul_(2).sigmoid_().mul_(2).sub_(1)  # within 2e-7 of tanh, in a quarter of its time
            else:
                signs(total, total)
        ctx.save_for_backward(u, v, index, edges if stage == "tanh" else None)
        ctx.stage = stage
        return edges

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        u, v, index, activated = ctx.saved_tensors
        of_u, of_v = torch.zeros_like(u), torch.empty_like(v)
        for part in _parts(u, index):
            g = gradient[part]
            if ctx.stage == "tanh":
                g = torch.ops.aten.tanh_backward(g, activated[part])
            else:
                g = straight_through(g, take(u, index[part]).add_(v[part, None]))
            torch.sum(g, 1, out=of_v[part])
            of_u.index_add_(0, index[part].reshape(-1), g.reshape(-1, u.shape[1]))
        return of_u, of_v, None, None


def _parts(x: Tensor, index: Tensor) -> Iterator[slice]:
    size = parts_of(len(index), index.shape[1] * x.shape[1], x)
    return (slice(start, start + size) for start in range(0, len(index), size))
