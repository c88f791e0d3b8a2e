"""Exact k-NN graphs under the tie contract: ordered by (distance, index), a point being a candidate of its own list.

Distances are those of `native/include/bgnn.h`: squared L2 as a sum of squared differences, Hamming as an integer.
"""

import numpy as np
import torch
from torch import Tensor

from bgnn_studio.errors import BgnnError
from bgnn_studio.native import kernels

_SPARE = 8  # candidates beyond k that the expanded form preselects
_CHUNK = 1 << 22  # distances held at once on a CPU (16 MB of float32: near the caches)
_CHUNK_GPU = 1 << 27


def _clouds_at_once(x: Tensor, points: int) -> int:
    return max(1, (_CHUNK if x.device.type == "cpu" else _CHUNK_GPU) // (points * points))


def _check(x: Tensor, k: int) -> None:
    if not 1 <= k <= x.shape[1]:
        raise BgnnError(f"Expected at least k = {k} points per cloud (got {x.shape[1]}). Give larger clouds, or a model with a smaller k.")


def squared_l2(a: Tensor, b: Tensor) -> Tensor:
    """Sum over the last axis of (a - b)^2, broadcast; up to four channels in the very arithmetic of the engine.

    Points have close calls (regular grids, scans), so there each difference is rounded once and then joined by a fused
    multiply-add, as the engine does; with more channels torch's own order of summation is used (relative error 1e-6).
    """
    if a.shape[-1] > 4:
        return (a - b).square_().sum(-1)
    total = torch.zeros(torch.broadcast_shapes(a.shape, b.shape)[:-1], dtype=a.dtype, device=a.device)
    for c in range(a.shape[-1]):
        difference = (a[..., c] - b[..., c]).double()
        total = (total.double() + difference * difference).to(a.dtype)  # a float32 square is exact in float64
    return total


@torch.no_grad()
def knn_l2(x: Tensor, k: int) -> Tensor:
    """Return the k nearest neighbours of each point in squared L2 distance.

    Parameters
    ----------
    x : (B, N, C) float32
    k : int, at most N

    Returns
    -------
    (B, N, k) int64, ordered by (distance, index)

    Raises
    ------
    BgnnError
        k is larger than N.
    """
    _check(x, k)
    return torch.cat([_knn_l2(clouds, k) for clouds in x.detach().split(_clouds_at_once(x, x.shape[1]))])


def _knn_l2(x: Tensor, k: int) -> Tensor:
    """Preselect by |a|^2 + |b|^2 - 2ab, order by the squared differences, and redo in full the rows not proven exact."""
    n, channels = x.shape[1:]
    m = min(n, k + _SPARE)
    centred = x - x.mean(1, keepdim=True)
    square = centred.square().sum(-1)  # (b, N)
    expanded = torch.baddbmm(square[:, None, :] + square[:, :, None], centred, centred.transpose(1, 2), alpha=-2)  # (b, N, N)
    farthest, candidates = expanded.topk(m, largest=False)
    candidates = candidates.sort(-1).values  # by index, so that a stable sort by distance keeps the tie contract
    distance = squared_l2(x[:, :, None], torch.stack([cloud[i] for cloud, i in zip(x, candidates, strict=True)]))  # (b, N, m)
    distance, order = distance.sort(dim=-1, stable=True)
    index = candidates.gather(-1, order[..., :k])
    if m == n:
        return index
    # Rounding of the expanded form is under (C + 16) eps (|a| + |b|)^2, centring included (products in full float32, not TF32).
    norm = square.sqrt()
    bound = (channels + 16) * torch.finfo(x.dtype).eps * (norm + norm.amax(1, keepdim=True)).square()
    doubtful = (~(distance[..., k - 1] + bound < farthest[..., -1])).nonzero()
    for rows in doubtful.split(max(1, _CHUNK // (n * channels))):
        b, i = rows.unbind(1)
        full = squared_l2(x[b, i][:, None], x[b])  # (rows, N)
        index[b, i] = full.sort(dim=-1, stable=True).indices[:, :k]
    return index


@torch.no_grad()
def knn_hamming(x: Tensor, k: int) -> Tensor:
    """Return the k nearest neighbours of each point in Hamming distance.

    Parameters
    ----------
    x : (B, N, C) of -1 and +1
    k : int, at most N

    Returns
    -------
    (B, N, k) int64, ordered by (distance, index)

    Raises
    ------
    BgnnError
        k is larger than N.
    """
    _check(x, k)
    n, channels = x.shape[1:]
    # key = distance * N + index = (C - dot) N / 2 + index, in one product; every partial sum is a multiple of 1/2.
    exact = torch.float32 if channels * n < 1 << 22 else torch.float64
    offset = torch.arange(n, device=x.device, dtype=exact) + channels * n / 2
    keys = []
    for clouds in x.detach().to(exact).split(_clouds_at_once(x, n)):
        key = torch.baddbmm(offset, clouds, clouds.transpose(1, 2), alpha=-n / 2)  # (b, N, N)
        keys.append(key.to(torch.int32 if exact == torch.float32 else torch.int64).topk(k, largest=False).values)
    return torch.cat(keys).long() % n


@torch.no_grad()
def engine_knn(x: Tensor, k: int, *, in_hamming: bool) -> Tensor:
    """Return the same graph as `knn_l2` or `knn_hamming`, found by the native kernels: on a CPU about ten times as fast.

    On real features of many channels the kernels sum in another order than torch: two distances that are equal but for rounding may swap.
    """
    _check(x, k)
    clouds = x.detach().contiguous().numpy()
    if in_hamming:
        graphs = [kernels.knn_hamming(kernels.sign_pack(cloud), k)[0] for cloud in clouds]
    else:
        graphs = [kernels.knn_l2(cloud, k)[0] for cloud in clouds]
    return torch.from_numpy(np.stack(graphs)).long()
