"""The reductions over edges against torch's own, values and gradients, with ties, one edge and one node."""

import pytest
import torch
from torch import Tensor

from bgnn_studio.training import aggregate
from bgnn_studio.training.aggregate import edge_moments, gather, in_blocks, max_over_edges

torch.set_num_threads(1)


def edges(shape: tuple[int, ...]) -> Tensor:
    """Return small integers, so that most maxima are attained several times."""
    return torch.randint(-2, 3, shape, generator=torch.Generator().manual_seed(3)).double().requires_grad_()


@pytest.mark.parametrize("shape", [(1, 1, 1), (7, 5, 3), (64, 20, 65)])
def test_the_maximum_is_amax_and_shares_its_gradient(shape: tuple[int, ...]) -> None:
    x, weight = edges(shape), torch.randn(shape[0], shape[2], dtype=torch.float64)
    ours, theirs = max_over_edges(x), x.amax(1)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(*(torch.autograd.grad((out * weight).sum(), x)[0] for out in (ours, theirs)))


@pytest.mark.parametrize("shape", [(1, 1, 1), (7, 5, 3), (64, 20, 65)])
def test_the_moments_are_var_mean(shape: tuple[int, ...]) -> None:
    x, weight = edges(shape), torch.randn(2, shape[2], dtype=torch.float64)
    variance, mean = torch.var_mean(x, (0, 1), correction=0)
    ours = edge_moments(x)
    torch.testing.assert_close(ours, (mean, variance))
    gradients = [torch.autograd.grad((torch.stack(out) * weight).sum(), x)[0] for out in (ours, (mean, variance))]
    torch.testing.assert_close(*gradients)


def test_blocks_computed_again_give_the_gradients_of_kept_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aggregate, "_EDGES", 20)  # one cloud in a block
    generator = torch.Generator().manual_seed(0)
    x, weight = torch.randn(3, 6, 4, generator=generator).requires_grad_(), torch.randn(4, 5, generator=generator).requires_grad_()
    knn, calls = torch.randint(6, (3, 6, 2), generator=generator), []

    def function(x: Tensor, knn: Tensor, weight: Tensor) -> tuple[Tensor, ...]:
        calls.append(len(x))
        return ((gather(x, knn) @ weight).tanh().amax(1),)

    gradients = []
    for kept, times in ((1 << 25, 3), (0, 6)):
        monkeypatch.setattr(aggregate, "_KEPT", kept)
        calls.clear()
        loss = torch.cat([block[0] for block in in_blocks(function, x, knn, weight)]).square().sum()
        gradients.append(torch.autograd.grad(loss, (x, weight)))
        assert calls == [1] * times
    torch.testing.assert_close(*gradients)
