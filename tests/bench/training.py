"""A training step (forward, backward, Adam) of each variant and stage, beside the usual formulation of the same network."""

from copy import deepcopy
from pathlib import Path

import torch
from torch.nn import functional as F  # noqa: N812

from bgnn_studio.core.spec import NetworkSpec, at_stage, network_spec
from bgnn_studio.training.cascade import use_threads
from bgnn_studio.training.config import STAGES
from bgnn_studio.training.networks import Network, build_network
from bgnn_studio.training.stage import clip_latent
from tests.bench.contest import Contender, Short, hold, table
from tests.bench.usual_training import UsualNetwork
from tests.training.random_network import clouds

SIZES = (
    ("half the published widths", {"points": 256, "k": 10, "widths": (32, 32, 64, 128), "embedding": 512, "head": (256, 128)}, 16, 8.0),
    ("the published sizes", {"points": 1024, "k": 20}, 4, 8.0),
)
STUDENTS = ("rf", "bf1", "bf2", "bfr")
CLASSES = tuple(map(str, range(40)))


def run(_folder: Path, _short: Short) -> None:
    """Print a table for each size."""
    use_threads(1)
    for title, sizes, batch, budget_s in SIZES:
        rows = [_row(spec, batch, budget_s) for spec in _specs(sizes)]
        size = f"N = {sizes['points']}, k = {sizes['k']}, batches of {batch}"
        head = ["network, stage", "clouds/s", "usual, clouds/s", "times as fast", "n", "usual, n", "difference of logits, float64"]
        table(f"One training step, {title}, {size}, 1 thread, CPU time, from labels alone", head, rows)


def _specs(sizes: dict[str, object]) -> list[NetworkSpec]:
    student = [at_stage(network_spec(variant, CLASSES, **sizes), stage) for variant in STUDENTS for stage in STAGES[1:]]
    return [network_spec("dgcnn", CLASSES, **sizes), *student]


def _row(spec: NetworkSpec, batch: int, budget_s: float) -> list[str]:
    torch.manual_seed(0)
    points, labels = clouds(batch, spec.points, 1), torch.arange(batch) % len(CLASSES)
    network = build_network(spec, engine_graphs=True)
    difference = largest_difference(network, points)
    twin = deepcopy(network)
    ours = Contender("ours", _step(network, network, points, labels))
    usual = Contender("usual", _step(twin, UsualNetwork(twin), points, labels))
    hold([ours, usual], budget_s=budget_s, turn_s=0.0)
    rates = [1e3 * batch / contender.p50_ms for contender in (ours, usual)]
    name = spec.variant if spec.stage == "teacher" else f"{spec.variant}, {spec.stage}"
    counts = [str(len(contender.samples_ns)) for contender in (ours, usual)]
    return [name, f"{rates[0]:.1f}", f"{rates[1]:.1f}", f"**{rates[0] / rates[1]:.1f}**", *counts, f"{difference:.0e}"]


def largest_difference(network: Network, points: torch.Tensor, dtype: torch.dtype = torch.float64) -> float:
    """Return the largest difference of logits from the usual formulation in float64 on the same graphs, relative to the largest.

    In float32, as it is timed, a few values next to zero get another sign, as they do between any two orders of summation: whole networks
    are then compared at the stage tanh alone, the native passes for themselves in `tests/training/test_extremes.py`.
    Norms get biases: fresh ones have none, and a channel whose maximum is the same whole number in all clouds is then the sign of the
    rounding of zero.
    """
    ours = deepcopy(network).to(dtype).train()
    ours.engine_graphs = False
    for norm in ours.modules():
        if isinstance(norm, torch.nn.BatchNorm1d):
            torch.nn.init.uniform_(norm.bias, -0.5, 0.5)
    usual = UsualNetwork(deepcopy(ours).double())
    with torch.no_grad():
        logits, seen = ours.forward_traced(points.to(dtype))
        usual.graphs = seen.knn
        expected = usual(points.double())[0]
    return float((logits - expected).abs().max() / expected.abs().max())


def _step(network: Network, forward, points: torch.Tensor, labels: torch.Tensor):
    optimizer = torch.optim.Adam(network.train().parameters(), lr=1e-3)

    def step() -> None:
        logits = forward(points)
        loss = F.cross_entropy(logits[0] if isinstance(logits, tuple) else logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        clip_latent(network)

    return step
