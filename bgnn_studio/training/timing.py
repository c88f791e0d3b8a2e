"""Networks of random weights for timing, and passes of a torch network over one cloud."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from bgnn_studio.core.clouds import normalise
from bgnn_studio.core.spec import NetworkSpec, network_spec
from bgnn_studio.training.export import export_model
from bgnn_studio.training.networks import Network, build_network


@torch.no_grad()
def calibrated_network(spec: NetworkSpec, seed: int = 0, clouds: int = 2) -> Network:
    """Return a network of seeded random weights in evaluation mode, its norms set to the statistics of random clouds.

    Without them the features of untrained layers collapse, and graphs are built on codes that are nearly all equal.
    """
    generator = torch.random.get_rng_state()
    torch.manual_seed(seed)
    network = build_network(spec)
    torch.random.set_rng_state(generator)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d):
            module.momentum = 1.0  # running statistics of this one batch
    rng = np.random.default_rng(seed)
    points = np.stack([normalise(rng.normal(size=(max(spec.points, spec.k), 3))) for _ in range(clouds)])
    network.train()(torch.from_numpy(points))
    return network.eval()


def write_full_size(variant: str, folder: Path) -> tuple[Path, Network]:
    """Write a network of random weights at its published size, 40 classes; return the file and the network."""
    network = calibrated_network(network_spec(variant, tuple(f"class {i}" for i in range(40))))
    path = folder / f"{variant}.gguf"
    export_model(path, network)
    return path, network


@contextmanager
def torch_pass(network: Network, points: NDArray[np.float32], threads: int) -> Iterator[Callable[[], torch.Tensor]]:
    """Give a call that runs the network on one cloud (N, 3), with `threads` torch threads until the end of the block."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    cloud = torch.from_numpy(np.array(points))[None]
    try:
        with torch.inference_mode():
            yield lambda: network(cloud)
    finally:
        torch.set_num_threads(before)


def torch_isa() -> str:
    """Return the instruction set that torch says it uses, in lower case."""
    return torch.backends.cpu.get_cpu_capability().lower()
