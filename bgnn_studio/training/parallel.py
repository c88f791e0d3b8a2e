"""Data-parallel training under torchrun: every process takes its share of each batch, and gradients are averaged."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn


@dataclass(frozen=True)
class World:
    """The processes of a run: this one's rank among `size`; a single process needs no torchrun."""

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process writes files and speaks."""
        return self.rank == 0

    def share(self, batch: Tensor) -> Tensor:
        """Return this process's clouds of a batch."""
        return batch[self.rank :: self.size]

    def mean(self, value: Tensor) -> Tensor:
        """Return the mean of a tensor over all processes."""
        if self.size == 1:
            return value
        total = value.detach().clone()
        distributed.all_reduce(total)
        return total / self.size

    def average_gradients(self, network: nn.Module) -> None:
        """Replace each gradient by its mean over all processes, in one exchange."""
        gradients = [p.grad for p in network.parameters() if p.grad is not None]
        if self.size == 1 or not gradients:
            return
        mean = self.mean(torch.cat([g.flatten() for g in gradients]))
        for gradient, part in zip(gradients, mean.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))

    def agree_on_statistics(self, network: nn.Module) -> None:
        """Give every process the running statistics of the leading one."""
        if self.size > 1:
            for buffer in network.buffers():
                distributed.broadcast(buffer, 0)

    def wait(self) -> None:
        """Wait until every process is here."""
        if self.size > 1:
            distributed.barrier()


@contextmanager
def joined(device: torch.device) -> Iterator[World]:
    """Join the processes that torchrun started, and leave them at the end; without torchrun, be alone."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield World()
        return
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield World(distributed.get_rank(), distributed.get_world_size())
    finally:
        distributed.destroy_process_group()


def own_device(device: torch.device) -> torch.device:
    """Return this process's device: under torchrun, GPUs are dealt out by local rank."""
    local = os.environ.get("LOCAL_RANK")
    return torch.device("cuda", int(local)) if local and device.type == "cuda" and device.index is None else device
