"""Wavefront OBJ: the vertices of a point cloud, or points sampled on the surface of all its objects.

Read here rather than by trimesh, which counts relative references (``f -3 -2 -1``) from the end of the file instead of from their line.
"""

from typing import TYPE_CHECKING

import numpy as np

from bgnn_studio.errors import ReaderError
from bgnn_studio.io.readers.registry import CloudFile, Found, reader
from bgnn_studio.io.readers.surface import mesh_points

if TYPE_CHECKING:
    from bgnn_studio.io.readers.columns import Array

LINES = 4096  # between two tellings

# Comments, names and materials may come before the first vertex; a table of numbers starts with none of these words.
SIGNATURE = rb"(?:\s|#[^\n]*\n|(?:mtllib|usemtl|[ogs])[ \t][^\n]*\n)*+v[nt]?[ \t]+[-+.\d]"


@reader(".obj", kind="OBJ", signature=SIGNATURE)
def read_obj(file: CloudFile) -> Found:
    """Read the vertices, or 2048 seeded points on the faces; polygons are cut into fans, lines, curves and materials ignored.

    Three numbers after those of a vertex are its colour; of a cloud as many normals as vertices are theirs.
    """
    from trimesh.geometry import triangulate_quads

    text = file.data.decode(errors="replace").replace("\r\n", "\n").replace("\\\n", " ")
    vertices: list[list[float]] = []
    normals: list[list[float]] = []
    faces: list[list[int]] = []
    for number, line in enumerate(text.split("\n"), 1):
        words = line.split("#", 1)[0].split()
        if words and words[0] in ("v", "vn", "f"):
            try:
                if words[0] == "v":
                    vertices.append(_numbers(words))
                elif words[0] == "vn":
                    normals.append(_numbers(words)[:3])
                else:
                    faces.append(_face(words[1:], len(vertices)))
            except ValueError as error:
                raise ReaderError(f"Expected {error} (got '{line.strip()[:60]}' in line {number}).") from error
        if number % LINES == 0:
            file.tell(number, number)
    width = 6 if vertices and all(len(vertex) >= 6 for vertex in vertices) else 3
    values = np.array([vertex[:width] for vertex in vertices], dtype=np.float64).reshape(-1, width)
    columns: dict[str, Array] = {"rgb": values[:, 3:]} if width > 3 else {}
    if not faces and len(normals) == len(vertices):
        columns["normals"] = np.array(normals).reshape(-1, 3)
    return mesh_points(values[:, :3], triangulate_quads(faces), columns)


def _numbers(words: list[str]) -> list[float]:
    try:
        x, y, z, *more = (float(word) for word in words[1:7])
    except ValueError:
        raise ValueError(f"three numbers after '{words[0]}'") from None
    return [x, y, z, *more]


def _face(words: list[str], count: int) -> list[int]:
    """Return the corners of a face, from 0; a negative reference counts back from the vertices so far."""
    try:
        references = [int(word.partition("/")[0]) for word in words]
    except ValueError:
        references = []
    corners = [r - 1 if r > 0 else count + r for r in references]
    if len(corners) < 3 or 0 in references or min(corners) < 0 or max(corners) > np.iinfo(np.int64).max:
        raise ValueError("three or more vertices after 'f', counted from 1 or back from -1")
    return corners
