"""Sums over neighbours, and edges in blocks: values and gradients against torch's own operations."""

import pytest
import torch
from torch import Tensor

from bgnn_studio.training import aggregate
from bgnn_studio.training.aggregate import gather, gather_sum, in_blocks

torch.set_num_threads(1)


@pytest.mark.parametrize("size", [(1, 1, 1, 1), (2, 7, 3, 5), (3, 65, 64, 20)])
def test_the_sum_over_neighbours_and_its_gradient(size: tuple[int, int, int, int]) -> None:
    b, n, c, k = size
    generator = torch.Generator().manual_seed(3)
    x, weight = (torch.randn(b, n, c, dtype=torch.float64, generator=generator).requires_grad_() for _ in range(2))
    knn = torch.randint(n, (b, n, k), generator=generator)  # a node may be a neighbour twice
    ours, theirs = gather_sum(x, knn), gather(x, knn).sum(1).view(b, n, c)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(*(torch.autograd.grad((out * weight).sum(), x)[0] for out in (ours, theirs)))


def test_blocks_computed_again_give_the_gradients_of_kept_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aggregate, "_EDGES", 20)  # one cloud in a block
    generator = torch.Generator().manual_seed(0)
    x, weight = torch.randn(3, 6, 4, generator=generator).requires_grad_(), torch.randn(4, 5, generator=generator).requires_grad_()
    knn, calls = torch.randint(6, (3, 6, 2), generator=generator), []

    def function(x: Tensor, knn: Tensor, weight: Tensor) -> tuple[Tensor, ...]:
        calls.append(len(x))
        return ((gather(x, knn) @ weight).tanh().amax(1),)

    gradients = []
    for kept, sizes in ((1 << 25, [3]), (0, [1] * 6)):
        monkeypatch.setattr(aggregate, "_KEPT", kept)
        calls.clear()
        loss = torch.cat([block[0] for block in in_blocks(function, x, knn, weight)]).square().sum()
        gradients.append(torch.autograd.grad(loss, (x, weight)))
        assert calls == sizes
    torch.testing.assert_close(*gradients)
