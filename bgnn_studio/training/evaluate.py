"""Logits of a torch network over a labelled set, and the accuracy they give."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


@torch.no_grad()
def predict(network: nn.Module, points: Tensor, batch_size: int = 64) -> Tensor:
    """Return logits (n, classes) of clouds (n, N, 3), with running statistics; the network's mode is left as it was."""
    training = network.training
    network.eval()
    logits = torch.cat([network(batch) for batch in points.split(batch_size)])
    network.train(training)
    return logits


def accuracy(predicted: NDArray[np.integer], labels: NDArray[np.integer]) -> tuple[float, float]:
    """Return overall and class-mean accuracy, fractions; classes without a cloud do not count."""
    correct = np.asarray(predicted) == labels
    return float(correct.mean()), float(np.mean([correct[labels == label].mean() for label in np.unique(labels)]))
