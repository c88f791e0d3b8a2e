"""The reductions over edges against torch's own, values and gradients, with ties, one edge and one node."""

import pytest
import torch
from torch import Tensor

from bgnn_studio.training.aggregate import edge_moments, max_over_edges

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
