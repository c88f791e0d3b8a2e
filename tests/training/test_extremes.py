"""What training does to edges in one go, values and gradients, against one torch operation after the other; with ties and parts."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from bgnn_studio import native
from bgnn_studio.training import aggregate
from bgnn_studio.training.aggregate import gather
from bgnn_studio.training.edges import sum_edges, xor_edges
from bgnn_studio.training.extremes import joint_moments, linear_extremes, prelu_extremes
from bgnn_studio.training.quantizers import sign

torch.set_num_threads(1)

# groups, rows, channels, channels before the weight
SHAPES = [(1, 1, 1, 1), (7, 5, 3, 2), (5, 63, 15, 16), (3, 64, 65, 17), (2, 65, 64, 33), (64, 20, 130, 32)]


@pytest.fixture(params=[1, 1 << 18], ids=["many parts", "one part"])
def values(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aggregate, "_VALUES", request.param)


@pytest.fixture(params=[(isa, 1) for isa in native.isas()] + [(native.isas()[-1], 3)], ids=str)
def kernels(request: pytest.FixtureRequest) -> Iterator[None]:
    """Choose an instruction set and a number of threads."""
    isa, threads = request.param
    native.set_isa(isa)
    torch.set_num_threads(threads)
    yield
    torch.set_num_threads(1)
    native.set_isa(None)


def integers(*shape: int, seed: int = 3) -> Tensor:
    """Return small integers, so that most extremes are attained several times, and products are exact."""
    return torch.randint(-2, 3, shape, generator=torch.Generator().manual_seed(seed)).float().requires_grad_()


def assert_same(ours: tuple[Tensor, ...], theirs: tuple[Tensor, ...], inputs: list[Tensor], doubles: list[Tensor]) -> None:
    """Compare results with those in float64, and the gradients of a random weighting of them."""
    tolerance = {"rtol": 2e-5, "atol": 2e-5, "check_dtype": False}
    torch.testing.assert_close(ours, theirs, **tolerance)
    generator = torch.Generator().manual_seed(5)
    weights = [torch.randn(out.shape, generator=generator) for out in ours]
    losses = [sum((out * weight).sum() for out, weight in zip(outs, weights, strict=True)) for outs in (ours, theirs)]
    gradients = [torch.autograd.grad(loss, to, retain_graph=True) for loss, to in zip(losses, (inputs, doubles), strict=True)]
    for got, expected in zip(*gradients, strict=True):
        scale = expected.abs().max().item() + 1
        torch.testing.assert_close(got / scale, expected / scale, **tolerance)


def in_double(*tensors: Tensor | None) -> list[Tensor | None]:
    return [None if t is None else t.detach().double().requires_grad_() for t in tensors]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.usefixtures("kernels")
def test_the_extremes_are_amax_and_amin_and_share_their_gradients(shape: tuple[int, ...]) -> None:
    groups, rows, channels, before = shape
    inputs = [integers(groups, rows, before), integers(channels, before, seed=4)]
    for lowest in (True, False):
        x, weight = doubles = in_double(*inputs)
        z = x @ weight.T
        ours = linear_extremes(*inputs, lowest=lowest)
        assert lowest == (ours[1] is not None)
        assert_same(ours if lowest else ours[:1], (z.amax(1), z.amin(1)) if lowest else (z.amax(1),), inputs, doubles)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_one_of_two_extremes_may_be_left_unused(dtype: torch.dtype) -> None:
    x, weight = integers(9, 5, 4), integers(3, 4, seed=4)
    x, weight = (t.detach().to(dtype).requires_grad_() for t in (x, weight))
    z = x @ weight.T
    for ours, theirs in zip(linear_extremes(x, weight, lowest=True), (z.amax(1), z.amin(1)), strict=True):
        got, expected = (torch.autograd.grad(end.sum(), [x, weight], retain_graph=True) for end in (ours, theirs))
        torch.testing.assert_close(got, expected)


@pytest.mark.parametrize("each", [False, True])
@pytest.mark.parametrize("has_own", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.usefixtures("kernels", "values")
def test_extremes_and_moments_of_prelu(shape: tuple[int, ...], weighted: bool, has_own: bool, each: bool) -> None:
    groups, rows, channels, before = shape
    x = integers(groups, rows, before if weighted else channels)
    weight = integers(channels, before, seed=4) if weighted else None
    own = integers(groups, channels, seed=6) if has_own else None
    slope = (torch.arange(channels) % 7 / 4 - 0.5).requires_grad_()
    kept = x.detach().clone()
    ours = prelu_extremes(x, weight, own, slope, lowest=True, each=each)
    x64, weight64, own64, slope64 = doubles = in_double(x, weight, own, slope)
    theirs = prelu_extremes(*doubles, lowest=True, each=each)  # in float64 one operation of torch after the other
    z = x64 if weight is None else x64 @ weight64.T
    z = z if own is None else z + own64[:, None]
    z = F.prelu(z.flatten(0, 1), slope64).view_as(z)
    variance, mean = torch.var_mean(z, 1 if each else (0, 1), correction=0)
    torch.testing.assert_close(theirs, (z.amax(1), z.amin(1), mean, variance))
    assert_same(ours, theirs, [t for t in (x, weight, own, slope) if t is not None], [t for t in doubles if t is not None])
    torch.testing.assert_close(x.detach(), kept, rtol=0, atol=0)  # nothing is written over


TASKS = """
import os, torch
from bgnn_studio.training.extremes import linear_extremes
torch.set_num_threads(1)
x, weight = torch.ones(400, 20, 64), torch.ones(64, 64)
linear_extremes(x, weight, lowest=False)
before = len(os.listdir("/proc/self/task"))
torch.set_num_threads(3)
linear_extremes(x, weight, lowest=False)
print(len(os.listdir("/proc/self/task")) - before)
"""


def test_training_computes_on_the_threads_of_torch() -> None:
    if not list((Path(torch.__file__).parent / "lib").glob("libgomp*.so*")):
        pytest.skip("this build of torch brings no OpenMP library of GCC")
    kept = subprocess.check_output([sys.executable, "-c", TASKS], text=True)
    assert int(kept) == 2  # a team of our own would be gone


def test_moments_of_unequal_parts_join_to_those_of_all() -> None:
    x = integers(23, 4).double()
    parts = x.split(10)
    means, variances = (torch.stack(m) for m in zip(*((p.mean(0), p.var(0, correction=0)) for p in parts), strict=True))
    ours = joint_moments(means, variances, torch.tensor([10.0, 10.0, 3.0], dtype=torch.float64))
    torch.testing.assert_close(ours, (x.mean(0), x.var(0, correction=0)))


@pytest.mark.usefixtures("values")
@pytest.mark.parametrize("size", [(1, 1, 1, 1), (2, 7, 3, 5), (3, 65, 64, 20)])
def test_features_of_edges_and_their_gradients(size: tuple[int, int, int, int]) -> None:
    b, n, c, k = size
    u, v = in_double(integers(b, n, c), integers(b * n, c, seed=4))
    knn = torch.randint(n, (b, n, k), generator=torch.Generator().manual_seed(1))  # a node may be a neighbour twice
    total = gather(u, knn) + v[:, None]
    assert_same((xor_edges(u, knn),), (gather(u, knn) * -u.flatten(0, 1)[:, None],), [u], [u])
    assert_same((sum_edges(u, v, knn, "tanh"),), (total.tanh(),), [u, v], [u, v])
    assert_same((sum_edges(u, v, knn, "sign"),), (sign(total),), [u, v], [u, v])
