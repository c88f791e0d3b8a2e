"""The networks against the plain oracle, at every stage and with every option, in evaluation and in training."""

import pytest
import torch

from bgnn_studio.core.spec import NetworkSpec
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
