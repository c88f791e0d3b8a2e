"""Meshes as clouds: points sampled on the surface, each with a chance in proportion to its area, through trimesh."""

import logging
from typing import Any

import numpy as np

from bgnn_studio.errors import ReaderError
from bgnn_studio.io.readers.registry import Points

SURFACE_POINTS = 2048  # as ModelNet40's published clouds
SURFACE_SEED = 0

# A handler of its own keeps trimesh's warnings off stderr; an application's handlers still get them.
logging.getLogger("trimesh").addHandler(logging.NullHandler())


def mesh_points(vertices: Points, faces: np.ndarray[Any, Any]) -> Points:
    """Return 2048 seeded points on the faces (F, 3 or 4) of vertices (V, 3); the vertices where there is no face.

    Vertices that are not finite are returned as they are, for `check_points` to name.

    Raises
    ------
    ReaderError
        A face of a vertex that there is not, or no face with an area.
    """
    from trimesh import Trimesh
    from trimesh.sample import sample_surface

    if not len(faces) or not np.isfinite(vertices).all():
        return vertices
    check_faces(faces, len(vertices))
    mesh = Trimesh(vertices, faces, process=False)
    if not mesh.area > 0:
        raise ReaderError("Expected a mesh whose faces have an area (got 0). Save its vertices alone as a cloud.")
    points: Points = sample_surface(mesh, SURFACE_POINTS, seed=SURFACE_SEED)[0]
    return points


def check_faces(faces: np.ndarray[Any, Any], count: int) -> None:
    """Raise `ReaderError` where one of the faces has a corner that is none of `count` vertices."""
    if len(faces) and (faces.min() < 0 or faces.max() >= count):
        raise ReaderError(f"Expected faces of vertices 0 to {count - 1} (got {faces.min()} to {faces.max()}).")
