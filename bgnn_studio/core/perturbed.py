"""One pass on a perturbed cloud, and which edges it still shares with the graphs of the cloud as it was."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bgnn_studio.core.graphs import Graph, shared_edges
from bgnn_studio.core.inference import Inference
from bgnn_studio.core.perturbation import Perturbation
from bgnn_studio.errors import BgnnError


@dataclass(frozen=True, eq=False)
class PerturbedPass:
    """What a network made of a perturbed cloud.

    Attributes
    ----------
    points : (M, 3) float32
    index : (M,) int64
        Which of the unperturbed points they are, ascending.
    inference, unperturbed : Inference
        On these points, and on the cloud as it was; both with their traces.
    kept : tuple of float
        For each layer the share of its edges that the graph of the unperturbed cloud has too, 0 to 1.
    """

    points: NDArray[np.float32]
    index: NDArray[np.int64]
    inference: Inference
    unperturbed: Inference
    kept: tuple[float, ...]


def perturbed_pass(
    perturbation: Perturbation,
    points: NDArray[np.float32],
    infer: Callable[[NDArray[np.float32]], Inference],
    unperturbed: Inference,
    k: int,
) -> PerturbedPass:
    """Perturb (N, 3) points and run a network with k neighbours on what is left; raises `BgnnError` where fewer than k points are."""
    moved, index = perturbation.apply(points)
    if len(moved) < k:
        raise BgnnError(f"Too few points are left ({len(moved)}): each is joined to its {k} nearest. Drop or occlude fewer.")
    inference = infer(moved)
    assert inference.trace is not None
    assert unperturbed.trace is not None
    pairs = zip(inference.trace.knn, unperturbed.trace.knn, strict=True)
    return PerturbedPass(moved, index, inference, unperturbed, tuple(kept_share(knn, before, index) for knn, before in pairs))


def kept_share(knn: Graph, before: Graph, index: NDArray[np.int64]) -> float:
    """Return the share of the edges of an (M, k) graph that the (N, any k) graph of the unperturbed cloud has too; `index` as above."""
    same = len(index) == len(before)
    return float(shared_edges(knn if same else index[knn], before if same else before[index]).mean())
