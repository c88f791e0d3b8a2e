"""What each option gains: short cascades of equal length on ten classes of ModelNet40, compared on validation clouds.

``python -m tests.training.ablation --data modelnet40_ply_hdf5_2048 --seeds 1 2 3`` trains what the log in --out does not hold yet and
prints the table; the test split is never read. One seed is about 40 minutes of one core. Options that the product does not have
(another gradient of sign, other graphs) are patched in here, to see whether they would be worth having.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor, nn

from bgnn_studio.core.accuracy import accuracy
from bgnn_studio.core.clouds import resample
from bgnn_studio.io.datasets import read_labelled
from bgnn_studio.training import cascade, layers, networks, stage
from bgnn_studio.training.cascade import TrainingData, train_cascade, use_threads
from bgnn_studio.training.config import CascadeConfig, StageSettings
from bgnn_studio.training.evaluate import predict
from bgnn_studio.training.networks import Network
from bgnn_studio.training.stage import Clouds

CLASSES = ("bathtub", "bed", "chair", "desk", "dresser", "monitor", "night_stand", "sofa", "table", "toilet")
TRAINING, VALIDATION = 120, 80  # clouds of a class at most
EPOCHS = 12  # of all stages of a student together
SIZES: dict[str, Any] = {"points": 128, "k": 8, "widths": (32, 32, 64, 64), "embedding": 256, "head": (128, 64)}


def stages(tanh: int, sign: int, binary: int, lr: float = 6e-3) -> dict[str, StageSettings]:
    """Return the settings of a student's stages of so many epochs."""
    return {"tanh": StageSettings(tanh, 3e-3, 1e-5), "sign": StageSettings(sign, 3e-3, 1e-5), "binary": StageSettings(binary, lr)}


@dataclass(frozen=True)
class Row:
    """One line of the table: a cascade, and what is patched while it runs."""

    name: str
    variant: str
    changes: dict[str, Any] = field(default_factory=dict)
    patched: Callable[[], AbstractContextManager[Any]] = nullcontext

    def config(self, seed: int) -> CascadeConfig:
        """Return the cascade of a seed; without a teacher, after a short stage of tanh, where the row says nothing else."""
        base = CascadeConfig(self.variant, seed=seed, alpha=0.0, batch_size=16, teacher=StageSettings(EPOCHS, 3e-3, 1e-5), **SIZES)
        return replace(base, **stages(2, 0, EPOCHS - 2) | self.changes)


# ---- What is patched --------------------------------------------------------------------------------------------------


class ShiftedPReLU(layers.PReLU):
    """RPReLU (Liu et al., ReActNet, 2020): PReLU with a learned shift per channel before it; the norm after it has the other."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels)
        self.shift = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x - self.shift)


@contextmanager
def changed_layers(change: Callable[[Network], None]) -> Iterator[None]:
    """Change every student as it is built."""
    build = networks.build_network

    def built(*args: Any, **kwargs: Any) -> Network:
        network = build(*args, **kwargs)
        if network.spec.stage != "teacher":
            change(network)
        return network

    with patch.object(cascade, "build_network", built):
        yield


def with_shifts(network: Network) -> None:
    for layer in network.layers[1:]:
        layer.prelu = ShiftedPReLU(layer.prelu.num_parameters)


@contextmanager
def decaying_gradient() -> Iterator[None]:
    """EDE (Qin et al., IR-Net, 2020): the gradient of sign is that of k tanh(t x), t from 0.1 to 10 over the stage, k = max(1 / t, 1)."""
    sharpness = 0.1
    rate = stage.learning_rate

    def followed(config: CascadeConfig, which: Any, progress: float) -> float:
        nonlocal sharpness
        sharpness = 0.1 * 100**progress
        return rate(config, which, progress)

    class Sign(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            ctx.save_for_backward(x)
            return torch.where(x >= 0, 1.0, -1.0)

        @staticmethod
        def backward(ctx: Any, gradient: Tensor) -> Tensor:
            (x,) = ctx.saved_tensors
            return gradient * max(1 / sharpness, 1) * sharpness * (1 - torch.tanh(sharpness * x).square())

    with patch.object(stage, "learning_rate", followed), patch.object(layers, "sign", Sign.apply):
        yield


@contextmanager
def other_graphs(own: bool) -> Iterator[None]:
    """Layers 2 on see the graph of layer 1, or every point only itself."""
    first: list[Tensor] = []
    dynamic = Network._graph

    def graph(network: Network, x: Tensor, *, in_hamming: bool) -> Tensor:
        if x.shape[2] == 3:
            first[:] = [dynamic(network, x, in_hamming=False)]
            return first[0]
        return torch.arange(x.shape[1])[None, :, None].expand_as(first[0]).contiguous() if own else first[0]

    with patch.object(Network, "_graph", graph):
        yield


# ---- The table --------------------------------------------------------------------------------------------------------

FLOAT_FIRST = {"first_layer": "float"}
REAL_HEAD = FLOAT_FIRST | {"head_inputs": "real"}
REAL_SKIP = REAL_HEAD | {"skip": "real"}
CAT = REAL_SKIP | {"edge_op": "cat"}
WIDE = {"width_factor": 2}
KD = {"alpha": 0.1}
ROWS = (
    Row("dgcnn, the float teacher", "dgcnn"),
    Row("bf1, cascade 4 + 4 + 4, λ = 100", "bf1", KD | {"lsp_weight": 100.0} | stages(4, 4, 4)),
    Row("bf1, cascade 4 + 4 + 4, λ = 10", "bf1", KD | {"lsp_weight": 10.0} | stages(4, 4, 4)),
    Row("bf1, cascade 4 + 4 + 4, λ = 1", "bf1", KD | {"lsp_weight": 1.0} | stages(4, 4, 4)),
    Row("bf1, cascade 4 + 4 + 4, λ = 0", "bf1", KD | stages(4, 4, 4)),
    Row("bf1, cascade 4 + 4 + 4, labels alone", "bf1", stages(4, 4, 4)),
    Row("bf1, stage 3 alone, 12", "bf1", stages(0, 0, 12)),
    Row("bf1, tanh 2 + stage 3 10 (as all below)", "bf1"),
    Row("bf1 + float first layer", "bf1", FLOAT_FIRST),
    Row("... + real head inputs", "bf1", REAL_HEAD),
    Row("... + real skip", "bf1", REAL_SKIP),
    Row("... + cat edges", "bf1", CAT),
    Row("... + twice as wide = bfr", "bfr", WIDE),
    Row("bfr without its skip", "bfr", WIDE | {"skip": "none"}),
    Row("bfr with xor edges", "bfr", WIDE | {"edge_op": "xor"}),
    Row("bfr with a binary first layer", "bfr", WIDE | {"first_layer": "binary"}),
    Row("bfr with binary head inputs", "bfr", WIDE | {"head_inputs": "sign"}),
    Row("bfr, stage 3 alone, 12", "bfr", WIDE | stages(0, 0, 12)),
    Row("bfr, cascade 2 + 4 + 6", "bfr", WIDE | stages(2, 4, 6)),
    Row("bfr, distilled (alpha = 0.1)", "bfr", WIDE | KD),
    Row("bfr, distilled (alpha = 0.5)", "bfr", WIDE | {"alpha": 0.5}),
    Row("bfr, distilled by a teacher twice as wide (alpha = 0.5)", "bfr", {"alpha": 0.5, "widths": (64, 64, 128, 128)}),
    Row("bfr, λ = 1", "bfr", WIDE | KD | {"lsp_weight": 1.0}),
    Row("bfr, dropout 0.2", "bfr", WIDE | {"dropout": 0.2}),
    Row("bfr, RPReLU in layers 2-4", "bfr", WIDE, lambda: changed_layers(with_shifts)),
    Row("bfr, EDE in place of STE", "bfr", WIDE, decaying_gradient),
    Row("bfr, graph of layer 1 throughout", "bfr", WIDE, lambda: other_graphs(own=False)),
    Row("bfr, own features only from layer 2 on", "bfr", WIDE, lambda: other_graphs(own=True)),
    Row("bfr, twice as long (4 + 20)", "bfr", WIDE | stages(4, 0, 20)),
)


def subset(path: str, seed: int) -> TrainingData:
    """Return so many clouds of each of the ten classes, drawn from the split train by the seed."""
    whole, rng = read_labelled(path, "train"), np.random.default_rng(seed)
    parts: tuple[list[int], list[int]] = ([], [])
    for name in CLASSES:
        members = rng.permutation(np.flatnonzero(whole.labels == whole.classes.index(name)))
        count = min(TRAINING, len(members) * 6 // 10)
        parts[0].extend(members[:count])
        parts[1].extend(members[count : count + VALIDATION])

    def clouds(part: list[int]) -> Clouds:
        points = np.stack([resample(whole.load(i), SIZES["points"]) for i in part]).astype(np.float32)
        labels = [CLASSES.index(whole.classes[whole.labels[i]]) for i in part]
        return Clouds(torch.from_numpy(points), torch.tensor(labels))

    return TrainingData(clouds(parts[0]), clouds(parts[1]), CLASSES, "ten classes")


@torch.no_grad()
def estimated_again(network: Network, config: CascadeConfig, data: TrainingData) -> float:
    """Return validation accuracy with the norms' statistics taken anew, over the augmented training clouds with the final weights."""
    generator = torch.Generator().manual_seed(config.seed)
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm1d)]
    network.train()
    for number, batch in enumerate(stage.augment(data.train.points, config, generator).split(config.batch_size)):
        for norm in norms:
            norm.momentum = 1 / (number + 1)  # the plain mean over all batches
        if len(batch) == config.batch_size:
            network(batch)
    return measured(network.eval(), data)


def measured(network: Network, data: TrainingData) -> float:
    """Return validation accuracy."""
    predicted = predict(network, data.validation.points).argmax(1).numpy()
    return accuracy(predicted, data.validation.labels.numpy(), len(data.classes)).overall


def run(row: Row, seed: int, data: TrainingData, out: Path) -> dict[str, Any]:
    """Train a row with a seed; the teacher of a seed and width is trained once."""
    config = row.config(seed)
    teacher = out / f"teacher-{config.widths[0]}-{seed}"
    if config.distilled:
        train_cascade(replace(config, variant="dgcnn"), data, teacher)
    folder = teacher if row.variant == "dgcnn" else out / f"{ROWS.index(row):02}-{seed}"
    if config.distilled and folder != teacher:
        (folder / "dgcnn").mkdir(parents=True, exist_ok=True)
        (folder / "dgcnn" / "teacher.pt").write_bytes((teacher / "dgcnn" / "teacher.pt").read_bytes())
    started = time.process_time()
    with row.patched():
        network = train_cascade(config, data, folder)
        found = {"validation": measured(network, data), "again": estimated_again(network, config, data)}
    seconds = round(time.process_time() - started, 1)
    return {"row": row.name, "seed": seed, **found, "cpu_s": seconds, "widths": network.spec.widths}


def table(results: list[dict[str, Any]]) -> str:
    """Return the rows that were run, in Markdown: means over the seeds, and their standard deviation where there are several."""
    lines = ["| trained for 12 epochs in all | validation [%] | BN taken again | seeds | CPU s |", "|---|---|---|---|---|"]
    for row in ROWS:
        found = [result for result in results if result["row"] == row.name]
        if not found:
            continue
        values = [100 * result["validation"] for result in found]
        spread = f" ± {statistics.stdev(values):.1f}" if len(values) > 1 else ""
        gain = statistics.mean(100 * (result["again"] - result["validation"]) for result in found)
        seconds = statistics.mean(result["cpu_s"] for result in found)
        lines.append(f"| {row.name} | {statistics.mean(values):.1f}{spread} | {gain:+.1f} | {len(found)} | {seconds:.0f} |")
    return "\n".join(lines)


def main() -> None:
    """Train what the log lacks, then print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.training.ablation", description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="ModelNet40 in a published layout")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--only", nargs="+", help="rows whose names contain one of these")
    parser.add_argument("--out", type=Path, default=Path("runs/ablation"))
    options = parser.parse_args()
    use_threads(1)
    options.out.mkdir(parents=True, exist_ok=True)
    log = options.out / "ablation.jsonl"
    results = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    for seed in options.seeds:
        data = None
        for row in ROWS:
            done = any((result["row"], result["seed"]) == (row.name, seed) for result in results)
            if done or not any(part in row.name for part in options.only or [""]):
                continue
            data = data or subset(options.data, seed)
            results.append(run(row, seed, data, options.out))
            with log.open("a") as file:
                file.write(json.dumps(results[-1]) + "\n")
            print(results[-1], flush=True)
    print(table(results))


if __name__ == "__main__":
    main()
