"""One model's graph beside another's on the same points: whether the two can be compared, and how many edges they share."""

from dataclasses import dataclass

import numpy as np

from bgnn_studio.core.graphs import Graph, check_graph
from bgnn_studio.core.opened import OpenModel


@dataclass(frozen=True)
class Overlap:
    """What two graphs of the same points share.

    Attributes
    ----------
    kept, edges : int
        Edges of the first graph that the second has too, of all that it has.
    jaccard : float
        Mean over points of ``|A & B| / |A | B|``, with A and B a point's neighbours in the two graphs.
    """

    kept: int
    edges: int
    jaccard: float


def overlap(knn: Graph, reference: Graph) -> Overlap:
    """Count the edges of an (N, k) graph that the reference (N, any k) has; neighbours of a point are distinct in each.

    Raises
    ------
    BgnnError
        Not two graphs of the same points.
    """
    check_graph(knn)
    check_graph(reference, len(knn))
    row = np.arange(len(knn))[:, None] * len(knn)
    kept = np.isin(row + knn, row + reference).sum(axis=1)  # (N,)
    union = knn.shape[1] + reference.shape[1] - kept
    return Overlap(int(kept.sum()), knn.size, float((kept / union).mean()))


def why_incomparable(reference: OpenModel | None, model: OpenModel | None, points: int, layer: int = 1) -> str | None:
    """Say why a model's graph of a layer, on so many points, has no counterpart in the reference; None where it has one."""
    if model is None:
        return "No model yet: open one to see the graph that it builds."
    if reference is None:
        return "No reference: choose another model as the reference below the list of models."
    if reference is model:
        return f"{model.name} is the reference itself: choose another model, or another reference."
    if points < reference.spec.k:
        return f"{reference.name} joins each point to its {reference.spec.k} nearest: {points} points are too few for it."
    if layer > (layers := len(reference.spec.widths)):
        return f"{reference.name} has {layers} graph layers, and no layer {layer}: choose an earlier one."
    return None
