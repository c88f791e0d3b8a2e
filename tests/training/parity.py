"""What the parity contract compares: graphs, features and logits of two hosts, clause by clause."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from bgnn_studio.core.bits import unpack_signs
from bgnn_studio.training.networks import Network


@dataclass(frozen=True)
class Outcome:
    """Graphs (B, N, k) of all layers, inputs (B, N, C) of layers 2 on, logits (B, classes)."""

    knn: list[NDArray[np.int64]]
    features: list[NDArray[np.float32]]
    logits: NDArray[np.float32]


def of_torch(network: Network, points: NDArray[np.float32]) -> Outcome:
    with torch.no_grad():
        logits, trace = network.forward_traced(torch.from_numpy(points))
    return Outcome([g.numpy() for g in trace.knn], [f.numpy() for f in trace.features], logits.numpy())


def of_engine(path: Path, points: NDArray[np.float32]) -> Outcome:
    from bgnn_studio import native

    with native.Model.open(path) as model:
        runs = [model.infer(cloud, trace=True) for cloud in points]
        widths, on_bits = model.spec.widths, model.spec.on_bits
    features = [np.stack([r.trace.features[i] for r in runs]) for i in range(len(widths) - 1)]
    if on_bits:
        features = [unpack_signs(words, channels).astype(np.float32) for words, channels in zip(features, widths, strict=False)]
    knn = [np.stack([r.trace.knn[i] for r in runs]).astype(np.int64) for i in range(len(widths))]
    return Outcome(knn, features, np.stack([r.logits for r in runs]))


def of_file(path: Path) -> tuple[NDArray[np.float32], Outcome]:
    """Read points and outcome of a conformance file."""
    data = np.load(path)
    layers = sum(name.startswith("knn") for name in data)
    knn = [data[f"knn{i}"].astype(np.int64) for i in range(1, layers + 1)]
    features = [data[f"features{i}"].astype(np.float32) for i in range(2, layers + 1)]
    return data["points"], Outcome(knn, features, data["logits"])


def logit_errors(a: Outcome, b: Outcome) -> NDArray[np.float64]:
    """Largest difference over the largest logit, per cloud."""
    return np.abs(a.logits.astype(np.float64) - b.logits).max(1) / np.abs(b.logits).max(1)


def graph_agreement(a: Outcome, b: Outcome, first: int, clouds: NDArray[np.bool_] | slice = slice(None)) -> float:
    """Share of equal graph entries from layer `first` on, over some clouds."""
    return float(np.mean([np.mean(x[clouds] == y[clouds]) for x, y in zip(a.knn[first - 1 :], b.knn[first - 1 :], strict=True)]))


def bit_errors(a: Outcome, b: Outcome, layer: int) -> NDArray[np.int64]:
    """Bits of the input of a layer that differ, per cloud."""
    return (a.features[layer - 2] != b.features[layer - 2]).sum((1, 2))


def edge_bits(network: Network, outcome: Outcome) -> NDArray[np.bool_]:
    """Bits of layer 2's edges in an rf network, (B, N, k + 1, C): of each difference, neighbours in the order of index, and of x_i."""
    layer = network.layers[1]
    x, index = outcome.features[0], np.sort(outcome.knn[1], axis=2)
    near = np.stack([cloud[rows] for cloud, rows in zip(x, index, strict=True)])
    halves = [near - x[:, :, None], x[:, :, None]]
    with torch.no_grad():
        values = [layer.normed(i, torch.from_numpy(h).flatten(0, 2)).view(h.shape).numpy() for i, h in enumerate(halves)]
    return np.concatenate(values, axis=2) < 0


def close_clouds(a: Outcome, b: Outcome, layer: int) -> NDArray[np.bool_]:
    """Which clouds have an input of this layer that agrees to 1e-4 of its largest value, (B)."""
    x, y = a.features[layer - 2], b.features[layer - 2]
    return np.abs(x - y).max((1, 2)) <= 1e-4 * np.abs(y).max((1, 2))
