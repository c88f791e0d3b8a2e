"""What training does to edges in one go, values and gradients, against one torch operation after the other; with ties and parts."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from bgnn_studio.training import extremes
from bgnn_studio.training.aggregate import gather
from bgnn_studio.training.edges import sum_edges, xor_edges
from bgnn_studio.training.extremes import joint_moments, linear_extremes, prelu_extremes
from bgnn_studio.training.quantizers import sign

torch.set_num_threads(1)

SHAPES = [(1, 1, 1, 1), (7, 5, 3, 2), (64, 20, 65, 33)]  # groups, rows, channels, channels before the weight


@pytest.fixture(params=[1, 1 << 18], ids=["many parts", "one part"], autouse=True)
def values(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extremes, "_VALUES", request.param)


def integers(*shape: int, seed: int = 3) -> Tensor:
    """Return small integers, so that most extremes are attained several times."""
    return torch.randint(-2, 3, shape, generator=torch.Generator().manual_seed(seed)).double().requires_grad_()


def assert_same(ours: tuple[Tensor, ...], theirs: tuple[Tensor, ...], inputs: list[Tensor]) -> None:
    """Compare results, and the gradients of a random weighting of them."""
    torch.testing.assert_close(ours, theirs)
    generator = torch.Generator().manual_seed(5)
    weights = [torch.randn(out.shape, dtype=torch.float64, generator=generator) for out in ours]
    losses = [sum((out * weight).sum() for out, weight in zip(outs, weights, strict=True)) for outs in (ours, theirs)]
    torch.testing.assert_close(*(torch.autograd.grad(loss, inputs, retain_graph=True) for loss in losses))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_extremes_are_amax_and_amin_and_share_their_gradients(shape: tuple[int, ...], weighted: bool) -> None:
    groups, rows, channels, before = shape
    x = integers(groups, rows, before if weighted else channels)
    weight = integers(channels, before, seed=4) if weighted else None
    z = x if weight is None else x @ weight.T
    inputs = [x] if weight is None else [x, weight]
    assert_same(linear_extremes(x, weight, lowest=True), (z.amax(1), z.amin(1)), inputs)
    top, bottom = linear_extremes(x, weight, lowest=False)
    assert bottom is None
    assert_same((top,), (z.amax(1),), inputs)


@pytest.mark.parametrize("each", [False, True])
@pytest.mark.parametrize("has_own", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_extremes_and_moments_of_prelu(shape: tuple[int, ...], weighted: bool, has_own: bool, each: bool) -> None:
    groups, rows, channels, before = shape
    x = integers(groups, rows, before if weighted else channels)
    weight = integers(channels, before, seed=4) if weighted else None
    own = integers(groups, channels, seed=6) if has_own else None
    slope = torch.linspace(-0.5, 1.0, channels, dtype=torch.float64).requires_grad_()
    z = x if weight is None else x @ weight.T
    z = z if own is None else z + own[:, None]
    z = F.prelu(z.flatten(0, 1), slope).view_as(z)
    variance, mean = torch.var_mean(z, 1 if each else (0, 1), correction=0)
    kept = x.detach().clone()
    ours = prelu_extremes(x, weight, own, slope, lowest=True, each=each)
    assert_same(ours, (z.amax(1), z.amin(1), mean, variance), [t for t in (x, weight, own, slope) if t is not None])
    torch.testing.assert_close(x.detach(), kept, rtol=0, atol=0)  # nothing is written over


def test_moments_of_unequal_parts_join_to_those_of_all() -> None:
    x = integers(23, 4)
    parts = x.split(10)
    means, variances = (torch.stack(m) for m in zip(*((p.mean(0), p.var(0, correction=0)) for p in parts), strict=True))
    ours = joint_moments(means, variances, torch.tensor([10.0, 10.0, 3.0], dtype=torch.float64))
    torch.testing.assert_close(ours, (x.mean(0), x.var(0, correction=0)))


@pytest.mark.parametrize("size", [(1, 1, 1, 1), (2, 7, 3, 5), (3, 65, 64, 20)])
def test_features_of_edges_and_their_gradients(size: tuple[int, int, int, int]) -> None:
    b, n, c, k = size
    u, v = integers(b, n, c), integers(b * n, c, seed=4)
    knn = torch.randint(n, (b, n, k), generator=torch.Generator().manual_seed(1))  # a node may be a neighbour twice
    total = gather(u, knn) + v[:, None]
    assert_same((xor_edges(u, knn),), (gather(u, knn) * -u.flatten(0, 1)[:, None],), [u])
    assert_same((sum_edges(u, v, knn, "tanh"),), (total.tanh(),), [u, v])
    assert_same((sum_edges(u, v, knn, "sign"),), (sign(total),), [u, v])
