"""Two processes under torchrun, with gloo: they share each batch and stay one network; the leading one writes what one process writes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bgnn_studio.native import Model

torch = pytest.importorskip("torch")

GRADIENTS = """
import torch
from bgnn_studio.training.parallel import joined

torch.manual_seed(0)
network, points = torch.nn.Linear(5, 3), torch.randn(8, 5)
with joined(torch.device("cpu")) as world:
    assert world.size == 2
    network(world.share(points)).square().mean().backward()
    world.average_gradients(network)
shared = [p.grad.clone() for p in network.parameters()]
network.zero_grad()
network(points).square().mean().backward()
for one, other in zip(shared, (p.grad for p in network.parameters())):
    torch.testing.assert_close(one, other)
"""


def torchrun(folder: Path, *command: str) -> str:
    """Run two processes under torchrun and return what they wrote."""
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", *command]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    ran = subprocess.run(launch, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_gradients_are_those_of_the_whole_batch(tmp_path: Path) -> None:
    (tmp_path / "gradients.py").write_text(GRADIENTS)
    torchrun(tmp_path, "gradients.py")


def test_one_network_comes_out(tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text(
        'variants = ["bf1"]\npoints = 24\nk = 4\nwidths = [8, 8]\nembedding = 8\nhead = [8, 8]\nalpha = 0.5\n'
        "batch_size = 4\nteacher_batch_size = 4\nteacher.epochs = 2\ntanh.epochs = 1\nsign.epochs = 0\nbinary.epochs = 1\n"
    )
    rng = torch.Generator().manual_seed(0)
    labels = torch.arange(24) % 2
    points = torch.randn(24, 24, 3, generator=rng) * torch.tensor([1.0, 1, 0.1]) ** labels[:, None, None]
    np.savez(tmp_path / "set.npz", points=points, labels=labels, classes=["ball", "disc"])
    options = ["--config", "recipe.toml", "--data", "set.npz", "--out", "run", "--json"]
    results = json.loads(torchrun(tmp_path, "-m", "bgnn_studio", "train", *options))
    assert [result["model"] for result in results] == ["run/bf1-tanh.gguf", "run/bf1.gguf"]
    with Model.open(tmp_path / "run" / "bf1.gguf") as model:
        assert model.accuracy is not None
        assert model.accuracy.split == "validation"
    events = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert [(e["stage"], e["epoch"]) for e in events if e["event"] == "epoch"] == [
        ("teacher", 1),
        ("teacher", 2),
        ("tanh", 1),
        ("binary", 1),
    ]
    assert events[0]["processes"] == 2
