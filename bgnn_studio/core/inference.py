"""What one forward pass gave: logits, times, and (when asked for) the graphs and features of every layer."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Step:
    """One timed step of the forward pass.

    Attributes
    ----------
    layer : str
        ``layer1`` ... ``layerL``, ``embedding`` or ``head``.
    name : str
        What was done there: ``knn``, ``conv``, ``pool``, ...
    nanoseconds : int
        Wall time, monotonic clock.
    """

    layer: str
    name: str
    nanoseconds: int


@dataclass(frozen=True)
class Trace:
    """What the layers saw; L graph layers.

    Attributes
    ----------
    knn : tuple of L arrays (N, k) int32
        Neighbours of each point in the graph that layer l was computed on, ordered by (distance, index).
    distances : tuple of L arrays (N, k) float32
        Squared L2 distance (real features) or Hamming distance (bits) to each of those neighbours.
    features : tuple of L - 1 arrays
        Inputs of layers 2 ... L: packed words (N, W) uint64 for bits, (N, C) float32 for real features.
    winners : (embedding,) int32
        The point that gave the max pooling its value in each channel of the embedding: the lowest of several.
    """

    knn: tuple[NDArray[np.int32], ...]
    distances: tuple[NDArray[np.float32], ...]
    features: tuple[NDArray[np.uint64] | NDArray[np.float32], ...]
    winners: NDArray[np.int32]


@dataclass(frozen=True)
class Inference:
    """One forward pass on one cloud.

    Attributes
    ----------
    logits : (classes,) float32
    steps : tuple of Step
        In the order of execution.
    isa : str
        The instruction set that ran: ``scalar``, ``avx2``, ``avx512``, ``neon``.
    threads : int
    arena_bytes : int
        Scratch memory of the pass.
    trace : Trace or None
    """

    logits: NDArray[np.float32]
    steps: tuple[Step, ...]
    isa: str
    threads: int
    arena_bytes: int
    trace: Trace | None = None

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """Softmax of the logits, (classes,) float64."""
        shifted = np.exp(self.logits.astype(np.float64) - float(self.logits.max()))
        return shifted / shifted.sum()

    @property
    def latency_ns(self) -> int:
        """Sum of the steps, in nanoseconds."""
        return sum(step.nanoseconds for step in self.steps)
