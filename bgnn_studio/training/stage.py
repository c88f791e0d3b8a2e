"""Train one stage of the cascade: epochs with a snapshot after each, so that a stop loses nothing."""

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
from bgnn_studio.training import snapshots
from bgnn_studio.training.config import CascadeConfig
from bgnn_studio.training.evaluate import predict
from bgnn_studio.training.layers import LatentWeight
from bgnn_studio.training.losses import GraphFeatures, distillation_loss, mean_lsp
from bgnn_studio.training.networks import Network, NetworkTrace
from bgnn_studio.training.parallel import World
from bgnn_studio.training.reports import EpochReport, StepReport

WARM_UP = 0.05


@dataclass(frozen=True)
class Clouds:
    """Labelled clouds as tensors: points (n, N, 3) float32, labels (n,) int64."""

    points: Tensor
    labels: Tensor


def _nothing(_: object) -> None:
    pass


@dataclass(frozen=True)
class Watch:
    """Who follows a run: told of each epoch and each step, and asked after each step whether to stop."""

    epoch: Callable[[EpochReport], None] = _nothing
    step: Callable[[StepReport], None] = _nothing
    stop: Callable[[], bool] = bool


class Stopped(Exception):  # noqa: N818
    """The run was stopped as `Watch.stop` asked, its snapshot written: the same call goes on from there."""


def learning_rate(config: CascadeConfig, stage: Stage, progress: float) -> float:
    """Return the learning rate after a fraction `progress` of the stage's epochs."""
    settings = config.settings(stage)
    if settings.schedule == "step":
        return settings.lr * 0.5 ** int(progress * settings.epochs / settings.step_epochs)
    if progress < WARM_UP:
        return settings.lr * (progress + 0.01) / (WARM_UP + 0.01)
    return settings.lr * (1 + math.cos(math.pi * (progress - WARM_UP) / (1 - WARM_UP))) / 2


def augment(points: Tensor, config: CascadeConfig, generator: torch.Generator) -> Tensor:
    """Scale and shift each cloud of (B, N, 3) at random, per axis."""
    size = (len(points), 1, 3)
    scale = torch.empty(size).uniform_(1 / config.scale, config.scale, generator=generator)
    return points * scale + torch.empty(size).uniform_(-config.shift, config.shift, generator=generator)


def train_stage(
    network: Network,
    config: CascadeConfig,
    train: Clouds,
    validation: Clouds,
    snapshot: Path,
    *,
    teacher: Network | None,
    watch: Watch,
    world: World = World(),  # noqa: B008
) -> None:
    """Train `network` in place, on its device, and leave it with the weights of its best validation epoch.

    Goes on from `snapshot` when it exists, on a CPU to the very bits of an unbroken run; a finished stage is not trained again.

    Raises
    ------
    BgnnError
        Fewer training clouds than one batch, a snapshot made with other settings or not written, or a loss that is not finite.
    Stopped
        `watch.stop()` said so, in any process.
    """
    size = config.batch(network.spec.stage)
    if len(train.labels) < size:
        raise BgnnError(f"Expected at least one batch of {size} training clouds (got {len(train.labels)}). Lower batch_size.")
    if size % world.size or size < 2 * world.size:
        raise BgnnError(f"Expected batches that {world.size} processes can share, at least 2 clouds each (got batch_size = {size}).")
    run = _StageRun(network, config, train, snapshot, teacher=teacher, watch=watch, world=world)
    while run.state["epoch"] < config.settings(network.spec.stage).epochs:
        run.finish_epoch()
        world.agree_on_statistics(network)
        predicted = predict(network, validation.points).argmax(1).numpy()
        run.keep(accuracy(predicted, validation.labels.numpy(), len(network.spec.classes)).overall)
    network.load_state_dict(run.state["best_weights"])


class _StageRun:
    """A stage under way; `state` is its snapshot: where it is, weights, optimizer and generators, and the best weights so far."""

    def __init__(
        self, network: Network, config: CascadeConfig, train: Clouds, snapshot: Path, *, teacher: Network | None, watch: Watch, world: World
    ) -> None:
        self.network, self.config, self.train, self.snapshot = network, config, train, snapshot
        self.teacher, self.watch, self.world = teacher, watch, world
        self.stage = network.spec.stage
        self.settings = config.settings(self.stage)
        self.device = next(network.parameters()).device
        self.optimizer = torch.optim.Adam(network.parameters(), lr=self.settings.lr, weight_decay=self.settings.weight_decay)
        self.generator = torch.Generator().manual_seed(config.seed)
        self.state: dict[str, Any] = {"recipe": config.recipe(self.stage), "epoch": 0, "best": -1.0} | _FRESH
        found = snapshots.load(snapshot, self.state["recipe"])
        if found is not None:
            self.state = found
            network.load_state_dict(found["weights"])
            self.optimizer.load_state_dict(found["optimizer"])
            self.generator.set_state(found["generator"])
            torch.set_rng_state(found["dropout"])

    def finish_epoch(self) -> None:
        """Go through the batches of the epoch that are left; a last batch that is not full is left out."""
        started = time.monotonic()
        self.network.train()
        size, state = self.config.batch(self.stage), self.state
        if state["order"] is None:
            state["order"] = torch.randperm(len(self.train.labels), generator=self.generator)
        batches = state["order"].split(size)[: len(state["order"]) // size]
        for number in range(state["batch"], len(batches)):
            loss = self._step(batches[number], (state["epoch"] + number / len(batches)) / self.settings.epochs)
            state |= {"batch": number + 1, "loss": state["loss"] + loss / len(batches)}
            done = state["epoch"] * len(batches) + number + 1
            self.watch.step(StepReport(self.network.spec.variant, self.stage, done, self.settings.epochs * len(batches), loss))
            if self.world.mean(torch.tensor(float(self.watch.stop()), device=self.device)).item():
                state["seconds"] += time.monotonic() - started
                self._save()
                raise Stopped
        state["seconds"] += time.monotonic() - started

    def keep(self, validation: float) -> None:
        """End the epoch: take its weights if they are the best so far, write the snapshot, report."""
        state, loss, seconds = self.state, self.state["loss"], self.state["seconds"]
        if validation >= state["best"]:
            state |= {"best": validation, "best_weights": {name: value.clone() for name, value in self.network.state_dict().items()}}
        state |= {"epoch": state["epoch"] + 1} | _FRESH
        self._save()
        self.watch.epoch(
            EpochReport(self.network.spec.variant, self.stage, state["epoch"], self.settings.epochs, loss, validation, seconds)
        )

    def _step(self, batch: Tensor, progress: float) -> float:
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.config, self.stage, progress)
        points = self.world.share(augment(self.train.points[batch], self.config, self.generator)).to(self.device)
        labels = self.world.share(self.train.labels[batch]).to(self.device)
        loss = batch_loss(self.network, self.config, points, labels, self.teacher)
        mean = self.world.mean(loss).item()
        if not math.isfinite(mean):
            kept = f"The snapshot of epoch {self.state['epoch']} is kept in {self.snapshot}. " if self.state["epoch"] else ""
            raise BgnnError(
                f"The loss of {self.network.spec.variant}, stage '{self.stage}', is not finite in epoch {self.state['epoch'] + 1}. "
                f"{kept}Lower the learning rate (--set {self.stage}.lr={self.settings.lr / 3:.1g}) and train in another folder."
            )
        self.optimizer.zero_grad()
        loss.backward()
        self.world.average_gradients(self.network)
        self.optimizer.step()
        clip_latent(self.network)
        return mean

    def _save(self) -> None:
        self.state |= {"weights": self.network.state_dict(), "optimizer": self.optimizer.state_dict()}
        self.state |= {"generator": self.generator.get_state(), "dropout": torch.get_rng_state()}
        if self.world.leads:
            snapshots.save(self.snapshot, self.state)


_FRESH: dict[str, Any] = {"batch": 0, "loss": 0.0, "seconds": 0.0, "order": None}  # an epoch that has not begun


def batch_loss(network: Network, config: CascadeConfig, points: Tensor, labels: Tensor, teacher: Network | None) -> Tensor:
    """Return the loss of one batch: smoothed cross-entropy for the teacher, distillation and LSP for a student."""
    logits, seen = network.forward_traced(points)
    if network.spec.stage == "teacher":
        return F.cross_entropy(logits, labels, label_smoothing=config.label_smoothing)
    if teacher is None or not config.distilled:
        return F.cross_entropy(logits, labels)
    with torch.no_grad():
        teacher_logits, teacher_seen = teacher.forward_traced(points)
    loss = distillation_loss(logits, teacher_logits, labels, alpha=config.alpha, temperature=config.temperature)
    if config.lsp_weight:
        loss = loss + config.lsp_weight * mean_lsp(_graphs(network, seen), _graphs(teacher, teacher_seen))
    return loss


def _graphs(network: Network, seen: NetworkTrace) -> list[GraphFeatures]:
    """Return the graphs of layers 2 on, with the features that they were built on."""
    return [GraphFeatures(z, knn, network.spec.on_bits) for z, knn in zip(seen.features, seen.knn[1:], strict=True)]


@torch.no_grad()
def clip_latent(network: nn.Module) -> None:
    """Clip the latent weights that are binarized to [-1, 1], outside of which the straight-through gradient is zero."""
    for module in network.modules():
        if isinstance(module, LatentWeight) and module.binary:
            module.latent_weight.clamp_(-1, 1)
