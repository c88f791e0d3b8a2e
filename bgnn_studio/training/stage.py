"""Train one stage of the cascade: epochs with a checkpoint after each, so that a stop loses nothing."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from bgnn_studio.core.accuracy import accuracy
from bgnn_studio.core.spec import Stage
from bgnn_studio.errors import BgnnError
from bgnn_studio.training.config import CascadeConfig
from bgnn_studio.training.evaluate import predict
from bgnn_studio.training.layers import LatentWeight
from bgnn_studio.training.losses import GraphFeatures, distillation_loss, mean_lsp
from bgnn_studio.training.networks import Network, NetworkTrace

WARM_UP = 0.05


@dataclass(frozen=True)
class Clouds:
    """Labelled clouds as tensors: points (n, N, 3) float32, labels (n,) int64."""

    points: Tensor
    labels: Tensor


@dataclass(frozen=True)
class EpochReport:
    """What one epoch gave: mean loss over its batches, validation accuracy (fraction), wall time in seconds."""

    stage: Stage
    epoch: int
    epochs: int
    loss: float
    validation: float
    seconds: float


Report = Callable[[EpochReport], None]


def learning_rate(config: CascadeConfig, stage: Stage, progress: float) -> float:
    """Return the learning rate after a fraction `progress` of the stage's epochs."""
    settings = config.settings(stage)
    if config.schedule == "step":
        return settings.lr * 0.5 ** int(progress * settings.epochs / config.step_epochs)
    if progress < WARM_UP:
        return settings.lr * (progress + 0.01) / (WARM_UP + 0.01)
    return settings.lr * (1 + math.cos(math.pi * (progress - WARM_UP) / (1 - WARM_UP))) / 2


def augment(points: Tensor, config: CascadeConfig, generator: torch.Generator) -> Tensor:
    """Scale and shift each cloud of (B, N, 3) at random, per axis."""
    size = (len(points), 1, 3)
    scale = torch.empty(size).uniform_(1 / config.scale, config.scale, generator=generator)
    return points * scale + torch.empty(size).uniform_(-config.shift, config.shift, generator=generator)


def save(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint, whole or not at all."""
    temporary = path.with_suffix(".part")
    torch.save(state, temporary)
    temporary.replace(path)


def train_stage(
    network: Network, config: CascadeConfig, train: Clouds, validation: Clouds, checkpoint: Path, *, teacher: Network | None, report: Report
) -> None:
    """Train `network` in place and leave it with the weights of its best validation epoch.

    Goes on from `checkpoint` when it exists, and does nothing where that stage is finished.

    Raises
    ------
    BgnnError
        Fewer training clouds than one batch, a checkpoint made with other settings, or a loss that is not finite.
    """
    stage = network.spec.stage
    settings = config.settings(stage)
    if len(train.labels) < config.batch_size:
        raise BgnnError(f"Expected at least one batch of {config.batch_size} training clouds (got {len(train.labels)}). Lower batch_size.")
    optimizer = torch.optim.Adam(network.parameters(), lr=settings.lr, weight_decay=settings.weight_decay)
    generator = torch.Generator().manual_seed(config.seed)
    state: dict[str, Any] = {"recipe": config.recipe(stage), "epoch": 0, "best": -1.0}
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        if state["recipe"] != config.recipe(stage):
            raise BgnnError(f"{checkpoint}: was made with other settings. Choose another folder, or delete this one to start again.")
        network.load_state_dict(state["weights"])
        optimizer.load_state_dict(state["optimizer"])
        generator.set_state(state["generator"])
    for epoch in range(state["epoch"], settings.epochs):
        started = time.monotonic()
        loss = _epoch(network, config, train, optimizer, generator, epoch=epoch, teacher=teacher)
        predicted = predict(network, validation.points).argmax(1).numpy()
        correct = accuracy(predicted, validation.labels.numpy(), len(network.spec.classes)).overall
        state |= {"epoch": epoch + 1, "weights": network.state_dict()}
        state |= {"optimizer": optimizer.state_dict(), "generator": generator.get_state()}
        if correct >= state["best"]:
            state |= {"best": correct, "best_weights": {name: value.clone() for name, value in network.state_dict().items()}}
        save(checkpoint, state)
        report(EpochReport(stage, epoch + 1, settings.epochs, loss, correct, time.monotonic() - started))
    network.load_state_dict(state["best_weights"])


def _epoch(
    network: Network,
    config: CascadeConfig,
    train: Clouds,
    optimizer: torch.optim.Optimizer,
    generator: torch.Generator,
    *,
    epoch: int,
    teacher: Network | None,
) -> float:
    """Go once through the training clouds and return the mean loss; a last batch that is not full is left out."""
    network.train()
    stage = network.spec.stage
    batches = [b for b in torch.randperm(len(train.labels), generator=generator).split(config.batch_size) if len(b) == config.batch_size]
    total = 0.0
    for number, batch in enumerate(batches):
        rate = learning_rate(config, stage, (epoch + number / len(batches)) / config.settings(stage).epochs)
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = _loss(network, config, augment(train.points[batch], config, generator), train.labels[batch], teacher)
        if not torch.isfinite(loss):
            raise BgnnError(f"The loss of stage '{stage}' is not finite in epoch {epoch + 1}. Lower its learning rate.")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        clip_latent(network)
        total += loss.item()
    return total / len(batches)


def _loss(network: Network, config: CascadeConfig, points: Tensor, labels: Tensor, teacher: Network | None) -> Tensor:
    """Return the loss of one batch: smoothed cross-entropy for the teacher, distillation and LSP for a student."""
    logits, seen = network.forward_traced(points)
    if teacher is None:
        return F.cross_entropy(logits, labels, label_smoothing=config.label_smoothing)
    if not config.alpha and not config.lsp_weight:
        return F.cross_entropy(logits, labels)
    with torch.no_grad():
        teacher_logits, teacher_seen = teacher.forward_traced(points)
    loss = distillation_loss(logits, teacher_logits, labels, alpha=config.alpha, temperature=config.temperature)
    if config.lsp_weight:
        loss = loss + config.lsp_weight * mean_lsp(_graphs(network, seen), _graphs(teacher, teacher_seen))
    return loss


def _graphs(network: Network, seen: NetworkTrace) -> list[GraphFeatures]:
    """Return the graphs of layers 2 on, with the features that they were built on."""
    on_bits = network.spec.on_bits and network.spec.stage != "tanh"
    return [GraphFeatures(z, knn, on_bits) for z, knn in zip(seen.features, seen.knn[1:], strict=True)]


@torch.no_grad()
def clip_latent(network: nn.Module) -> None:
    """Clip the latent weights that are binarized to [-1, 1], outside of which the straight-through gradient is zero."""
    for module in network.modules():
        if isinstance(module, LatentWeight) and module.binary:
            module.latent_weight.clamp_(-1, 1)
