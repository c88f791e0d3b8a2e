"""Meshes as clouds: points sampled on the surface, each with a chance in proportion to its area, through trimesh."""

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np

from bgnn_studio.errors import ReaderError
from bgnn_studio.io.readers.columns import Array, interpolated, named
from bgnn_studio.io.readers.registry import Found, Points

SURFACE_POINTS = 2048  # as ModelNet40's published clouds
SURFACE_SEED = 0

# A handler of its own keeps trimesh's warnings off stderr; an application's handlers still get them.
logging.getLogger("trimesh").addHandler(logging.NullHandler())


def mesh_points(vertices: Points, faces: Array, columns: Mapping[str, Array] | None = None) -> Found:
    """Return 2048 seeded points on the faces (F, 3 or 4) of vertices (V, 3); the vertices where there is no face.

    Columns (V,) or (V, C) of the vertices become attributes, interpolated on faces; normals that the file does not give are those of
    the faces. Vertices that are not finite are returned as they are, for `check_points` to name.

    Raises
    ------
    ReaderError
        A face of a vertex that there is not, or no face with an area.
    """
    from trimesh import Trimesh
    from trimesh.sample import sample_surface

    columns = columns or {}
    if not len(faces) or not np.isfinite(vertices).all():
        return Found(vertices, named(columns))
    check_faces(faces, len(vertices))
    mesh = Trimesh(vertices, faces, process=False)
    if not mesh.area > 0:
        raise ReaderError("Expected a mesh whose faces have an area (got 0). Save its vertices alone as a cloud.")
    points, chosen, weights = sample_surface(mesh, SURFACE_POINTS, seed=SURFACE_SEED, return_barycentric=True)
    attributes = named(interpolated(columns, mesh.faces[chosen], weights))
    if all(found.kind != "normals" for found in attributes):
        a, b, c = (mesh.vertices[mesh.faces[chosen, corner]] for corner in range(3))
        across = np.cross(b - a, c - a)
        attributes += named({"normals": across / np.linalg.norm(across, axis=1, keepdims=True).clip(min=1e-300)})
    return Found(points, attributes)


def loaded_mesh(loaded: Mapping[str, Any], vertex_count: int, face_count: int) -> tuple[Points, Array]:
    """Return the vertices (V, 3) and faces (F, 3 or 4) that trimesh loaded; raises `ReaderError` for fewer than the file promised."""
    vertices = np.asarray(loaded.get("vertices", np.empty((0, 3))), dtype=np.float64)
    faces = loaded.get("faces")
    faces = np.empty((0, 3), dtype=np.int64) if faces is None or not len(faces) else np.asarray(faces)
    for what, count, promised in (("vertices", len(vertices), vertex_count), ("faces", len(faces), face_count)):
        if count < promised:
            raise ReaderError(f"Expected {promised} {what}, as the header says (found {count}). The file is cut short or damaged.")
    return vertices, faces


def check_faces(faces: Array, count: int) -> None:
    """Raise `ReaderError` where one of the faces has a corner that is none of `count` vertices."""
    if len(faces) and (faces.min() < 0 or faces.max() >= count):
        raise ReaderError(f"Expected faces of vertices 0 to {count - 1} (got {faces.min()} to {faces.max()}).")
