"""PLY and OFF, ASCII and binary: the vertices of a point cloud, or points sampled on the surface of a mesh."""

import io
import logging
import re
from typing import Any

import numpy as np

from bgnn_studio.errors import ReaderError
from bgnn_studio.io.readers.registry import Points, reader

SURFACE_POINTS = 2048  # as ModelNet40's published clouds
SURFACE_SEED = 0

# A handler of its own keeps trimesh's warnings off stderr; an application's handlers still get them.
logging.getLogger("trimesh").addHandler(logging.NullHandler())


@reader(".ply", kind="PLY", signature=rb"ply[ \t]*\r?\n")
def read_ply(data: bytes) -> Points:
    """Read a PLY point cloud, or 2048 seeded points on the surface of a PLY mesh."""
    from trimesh.exchange.ply import load_ply

    header, end, _ = data.partition(b"end_header")
    if not end:
        raise ReaderError("Expected a header that ends with 'end_header' (found none). The file is cut short.")
    counts = {name: int(count) for name, count in re.findall(rb"^\s*element\s+(\S+)\s+(\d+)", header, re.MULTILINE)}
    loaded = load_ply(io.BytesIO(data), skip_materials=True)
    return _points(loaded, counts.get(b"vertex", 0), counts.get(b"face", 0))


@reader(".off", kind="OFF", signature=rb"(\s|#[^\n]*\n)*(ST)?C?N?OFF")
def read_off(data: bytes) -> Points:
    """Read an OFF point cloud, or 2048 seeded points on the surface of an OFF mesh; ModelNet's ``OFF490 518 0`` too."""
    from trimesh.exchange.off import load_off

    counts = re.match(rb"(?:\s|#[^\n]*\n)*\w*?OFF(?:\s|#[^\n]*\n)*(\d+)\s+(\d+)", data)
    if counts is None:
        raise ReaderError("Expected the numbers of vertices and faces after 'OFF' (found none).")
    return _points(load_off(io.BytesIO(data)), int(counts[1]), int(counts[2]))


def _points(loaded: dict[str, Any], vertex_count: int, face_count: int) -> Points:
    """Return the vertices, or points on the faces where there are any; the counts are those that the file promised."""
    vertices = np.asarray(loaded.get("vertices", np.empty((0, 3))), dtype=np.float64)
    faces = loaded.get("faces")
    faces = np.empty((0, 3), dtype=np.int64) if faces is None or not len(faces) else np.asarray(faces)
    for what, count, promised in (("vertices", len(vertices), vertex_count), ("faces", len(faces), face_count)):
        if count < promised:
            raise ReaderError(f"Expected {promised} {what}, as the header says (found {count}). The file is cut short or damaged.")
    if not np.isfinite(vertices).all() or not len(faces):
        return vertices
    return _surface(vertices, faces)


def _surface(vertices: Points, faces: np.ndarray[Any, Any]) -> Points:
    """Return points on the faces (F, 3 or 4), each with a chance in proportion to its area."""
    from trimesh import Trimesh
    from trimesh.sample import sample_surface

    if faces.min() < 0 or faces.max() >= len(vertices):
        raise ReaderError(f"Expected faces of vertices 0 to {len(vertices) - 1} (got {faces.min()} to {faces.max()}).")
    mesh = Trimesh(vertices, faces, process=False)
    if not mesh.area > 0:
        raise ReaderError("Expected a mesh whose faces have an area (got 0). Save its vertices alone as a cloud.")
    points: Points = sample_surface(mesh, SURFACE_POINTS, seed=SURFACE_SEED)[0]
    return points
