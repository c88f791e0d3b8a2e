"""The networks against the plain oracle, at every stage and with every option, in evaluation and in training."""

import pytest
import torch

from bgnn_studio.core.spec import NetworkSpec, at_stage
from bgnn_studio.errors import BgnnError
from bgnn_studio.training.layers import PReLU
from bgnn_studio.training.networks import build_network
from tests.training.plain import Plain
from tests.training.random_network import clouds, random_network, small_spec

torch.set_num_threads(1)

STAGES = ("tanh", "sign", "binary")
SPECS = [
    small_spec("dgcnn"),
    *(small_spec(v, stage) for v in ("rf", "bf1", "bf2", "bfr") for stage in STAGES),
    *(small_spec("bf2", stage, edge_op="cat") for stage in STAGES),
    *(small_spec("bf1", stage, edge_op="cat", first_layer="float") for stage in STAGES),
    small_spec("bf1", skip="real"),
    small_spec("bf2", skip="real", head_inputs="real"),
    small_spec("bfr", max_order="after_norm", first_layer="binary"),
    small_spec("rf", first_layer="float", head_inputs="real"),
    small_spec("rf", "tanh", head_inputs="real"),
]


def _id(spec: NetworkSpec) -> str:
    return "-".join([spec.variant, spec.stage, spec.first_layer, spec.edge_op, spec.max_order[:6], spec.skip, spec.head_inputs])


@pytest.mark.parametrize("spec", SPECS, ids=_id)
def test_forward_is_the_plain_one(spec: NetworkSpec) -> None:
    network = random_network(spec, seed=3).double()
    points = clouds(4, spec.points, seed=11).double()
    with torch.no_grad():
        logits, trace = network.forward_traced(points)
        expected, graphs, outputs = Plain(spec, network.state_dict(), training=False)(points)
    assert all(torch.equal(a, b) for a, b in zip(trace.knn, graphs, strict=True))
    for ours, plain in zip(trace.features, outputs[:-1], strict=True):
        torch.testing.assert_close(ours, plain, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(logits, expected, rtol=1e-9, atol=1e-9)
    assert torch.equal(network(points), network.forward_traced(points)[0])


@pytest.mark.parametrize("spec", SPECS, ids=_id)
def test_a_training_step_is_the_plain_one(spec: NetworkSpec) -> None:
    """Batch statistics, gradients of every parameter and of the points, and the running statistics."""
    network = random_network(spec, seed=5).double().train()
    points = clouds(4, spec.points, seed=12).double().requires_grad_()
    weights = torch.randn(4, len(spec.classes), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    before = {name: t.clone() for name, t in network.state_dict().items()}
    logits = network(points)
    parameters = dict(network.named_parameters())
    gradients = torch.autograd.grad((logits * weights).sum(), [*parameters.values(), points])
    plain = Plain(spec, {**before, **parameters}, training=True)
    expected = plain(points)[0]
    plain_gradients = torch.autograd.grad((expected * weights).sum(), [*parameters.values(), points])
    torch.testing.assert_close(logits, expected, rtol=1e-9, atol=1e-9)
    for name, ours, theirs in zip([*parameters, "points"], gradients, plain_gradients, strict=True):
        torch.testing.assert_close(
            ours, theirs, rtol=1e-6, atol=1e-8 * (1 + float(theirs.abs().max())), msg=lambda m, name=name: f"{name}: {m}"
        )
    after = network.state_dict()
    for name, (mean, variance) in plain.batch_statistics.items():
        torch.testing.assert_close(after[f"{name}.running_mean"], 0.9 * before[f"{name}.running_mean"] + 0.1 * mean)
        torch.testing.assert_close(after[f"{name}.running_var"], 0.9 * before[f"{name}.running_var"] + 0.1 * variance)


@pytest.mark.parametrize("variant", ["rf", "bf1", "bfr"])
def test_a_state_moves_from_stage_to_stage(variant: str) -> None:
    spec = small_spec(variant)
    states = [build_network(at_stage(spec, stage)).state_dict() for stage in STAGES]
    network = random_network(at_stage(spec, "tanh"), seed=1)
    for stage, state in zip(STAGES, states, strict=True):
        assert list(state) == list(network.state_dict())
        build_network(at_stage(spec, stage)).load_state_dict(network.state_dict())


@pytest.mark.parametrize(("variant", "k"), [("dgcnn", 6), ("rf", 6), ("bf1", 48), ("bf2", 48), ("bfr", 48)])
def test_permuted_points_give_permuted_results(variant: str, k: int) -> None:
    """Points in general position. Bits tie in Hamming space, where the order of points decides: there every point is a neighbour."""
    spec = small_spec(variant, k=k)
    network = random_network(spec, seed=9).double()
    points = clouds(1, spec.points, seed=3).double()
    order = torch.randperm(spec.points, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        logits, trace = network.forward_traced(points)
        moved_logits, moved = network.forward_traced(points[:, order])
    assert torch.equal(order.argsort()[trace.knn[0][0, order]], moved.knn[0][0])
    for still, permuted in zip(trace.features, moved.features, strict=True):
        torch.testing.assert_close(permuted, still[:, order])
    torch.testing.assert_close(moved_logits, logits)


def test_dropout_acts_in_training_only() -> None:
    network = random_network(small_spec("bfr"), seed=2)
    points = clouds(4, 48, seed=2)
    certain = network(points)
    network.dropout.p = 0.5
    assert torch.equal(network(points), certain)
    torch.manual_seed(0)
    first, second = network.train()(points), network(points)
    assert not torch.equal(first, second)
    assert build_network(small_spec("bfr"), dropout=0.25).dropout.p == 0.25


def test_clouds_of_another_shape_are_refused() -> None:
    network = build_network(small_spec("bf2"))
    with pytest.raises(BgnnError, match=r"\(B, N, 3\) \(got \(48, 3\)\)"):
        network(torch.zeros(48, 3))
    with pytest.raises(BgnnError, match="at least k = 6 points"):
        network(torch.zeros(1, 5, 3))


def test_prelu_has_the_gradients_of_torch() -> None:
    generator = torch.Generator().manual_seed(0)
    x, slope = torch.randn(50, 7, generator=generator).requires_grad_(), torch.linspace(-1, 1.5, 7).requires_grad_()
    with torch.no_grad():
        x[0] = 0
    layer, weight = PReLU(7), torch.randn(50, 7, generator=generator)
    layer.weight = torch.nn.Parameter(slope.detach())
    ours, theirs = layer(x), torch.nn.functional.prelu(x, slope)
    assert torch.equal(ours, theirs)
    ours = torch.autograd.grad((ours * weight).sum(), (x, layer.weight))
    torch.testing.assert_close(ours, torch.autograd.grad((theirs * weight).sum(), (x, slope)))
