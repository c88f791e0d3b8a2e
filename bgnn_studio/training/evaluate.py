"""Logits of a torch network over many clouds."""

import torch
from torch import Tensor, nn


@torch.no_grad()
def predict(network: nn.Module, points: Tensor, batch_size: int = 16) -> Tensor:
    """Return logits (n, classes) on the CPU of clouds (n, N, 3), with running statistics; the network's mode is left as it was."""
    training, device = network.training, next(network.parameters()).device
    network.eval()
    logits = torch.cat([network(batch.to(device)).cpu() for batch in points.split(batch_size)])
    network.train(training)
    return logits
