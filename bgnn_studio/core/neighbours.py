"""The neighbours of a point as rows of a table: those of the layer's graph, then those that only the reference has."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bgnn_studio.core.graphs import Features, Neighbourhood, distances_to

Change = Literal["kept", "new", "lost"]


@dataclass(frozen=True)
class NeighbourRow:
    """One neighbour.

    Attributes
    ----------
    rank : int or None
        From 1, self included; None for a neighbour that only the reference has.
    point : int
    feature_distance : float
        In the space of the graph: Hamming distance in bits, or squared L2.
    spatial_distance : float
        Euclidean; the cloud's radius is 1.
    change : str or None
        ``kept``, ``new`` (the reference does not have it) or ``lost`` (only the reference does); None without a reference.
    reference_rank : int or None
        From 1, in the reference's graph.
    """

    rank: int | None
    point: int
    feature_distance: float
    spatial_distance: float
    change: Change | None
    reference_rank: int | None


def neighbour_rows(
    found: Neighbourhood, features: Features, points: NDArray[np.floating], reference: NDArray[np.integer] | None = None
) -> tuple[NeighbourRow, ...]:
    """Return one row for each neighbour, the nearest first, and then for each lost one in the reference's order.

    Parameters
    ----------
    found : Neighbourhood
        Made with the same reference.
    features : (N, W) uint64 or (N, C) floats
        What the layer's graph was built on.
    points : (N, 3)
    reference : (k of the reference,) integers or None
        The point's neighbours in the reference's graph, for the rank of the lost ones.
    """
    ranks = [None] * len(found.index) if found.reference_rank is None else [int(r) + 1 or None for r in found.reference_rank]
    compared = found.reference_rank is not None
    rows = [
        NeighbourRow(place, int(j), float(d), float(s), ("new" if there is None else "kept") if compared else None, there)
        for place, (j, d, s, there) in enumerate(zip(found.index, found.feature_distance, found.spatial_distance, ranks, strict=True), 1)
    ]
    if reference is not None and len(found.lost):
        far = distances_to(features, found.point)
        apart = np.sqrt(distances_to(points.astype(np.float64), found.point))
        place = {int(j): rank for rank, j in enumerate(reference, 1)}
        rows += [NeighbourRow(None, int(j), float(far[j]), float(apart[j]), "lost", place[int(j)]) for j in found.lost]
    return tuple(rows)


def neighbours_csv(rows: Sequence[NeighbourRow], *, on_bits: bool) -> str:
    """Return the rows as CSV under a header with units; unrounded, and empty where there is nothing to say."""
    space = "Hamming distance (bits)" if on_bits else "squared L2 distance (feature units squared)"
    text = StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["rank", "point", space, "spatial distance (cloud radii)", "change", "reference rank"])
    for row in rows:
        distance = int(row.feature_distance) if on_bits else row.feature_distance
        table.writerow([row.rank, row.point, distance, row.spatial_distance, row.change, row.reference_rank])
    return text.getvalue()
