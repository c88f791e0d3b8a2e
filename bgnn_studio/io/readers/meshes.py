"""PLY, OFF and STL, ASCII and binary, through trimesh: the vertices of a point cloud, or points sampled on the surface of a mesh."""

import io
import re
import struct
from typing import Any

import numpy as np

from bgnn_studio.errors import ReaderError
from bgnn_studio.io.readers.registry import CloudFile, Points, reader
from bgnn_studio.io.readers.surface import mesh_points

STL_HEAD, STL_TRIANGLE = 84, 50  # bytes of a binary STL's head, which ends with the number of triangles, and of one of them


@reader(".ply", kind="PLY", signature=rb"ply[ \t]*\r?\n")
def read_ply(file: CloudFile) -> Points:
    """Read a PLY point cloud, or 2048 seeded points on the surface of a PLY mesh."""
    from trimesh.exchange.ply import load_ply

    header, end, _ = file.data.partition(b"end_header")
    if not end:
        raise ReaderError("Expected a header that ends with 'end_header' (found none). The file is cut short.")
    counts = {name: int(count) for name, count in re.findall(rb"^\s*element\s+(\S+)\s+(\d+)", header, re.MULTILINE)}
    loaded = load_ply(io.BytesIO(file.data), skip_materials=True)
    return _points(loaded, counts.get(b"vertex", 0), counts.get(b"face", 0))


@reader(".off", kind="OFF", signature=rb"(\s|#[^\n]*\n)*(ST)?C?N?OFF")
def read_off(file: CloudFile) -> Points:
    """Read an OFF point cloud, or 2048 seeded points on the surface of an OFF mesh; ModelNet's ``OFF490 518 0`` too."""
    from trimesh.exchange.off import load_off

    counts = re.match(rb"(?:\s|#[^\n]*\n)*\w*?OFF(?:\s|#[^\n]*\n)*(\d+)\s+(\d+)", file.data)
    if counts is None:
        raise ReaderError("Expected the numbers of vertices and faces after 'OFF' (found none).")
    return _points(load_off(io.BytesIO(file.data)), int(counts[1]), int(counts[2]))


def _is_stl(data: bytes) -> bool:
    """Whether some bytes start as an ASCII STL, or have the length that a binary STL's head says (it has no other mark)."""
    return re.match(rb"\s*solid\b", data, re.IGNORECASE) is not None or len(data) == _stl_bytes(data) > STL_HEAD


def _stl_bytes(data: bytes) -> int:
    """Return how long a binary STL with this head is; 0 for one without a whole head."""
    return STL_HEAD + STL_TRIANGLE * int(struct.unpack_from("<I", data, 80)[0]) if len(data) >= STL_HEAD else 0


@reader(".stl", kind="STL", signature=_is_stl)
def read_stl(file: CloudFile) -> Points:
    """Read 2048 seeded points on the surface of an STL mesh; all solids of an ASCII file, no matter what follows a binary one."""
    from trimesh.exchange.stl import load_stl_ascii, load_stl_binary

    data, size = file.data, _stl_bytes(file.data)
    if len(data) == size or b"\0" in data[:STL_HEAD]:
        if not STL_HEAD < size <= len(data):
            raise ReaderError(
                f"Expected triangles, {size} bytes with the head (the file has {len(data)}). The file is cut short or no STL."
            )
        loaded = load_stl_binary(io.BytesIO(data[:size]))
        return mesh_points(loaded["vertices"], loaded["faces"])
    promised = len(re.findall(rb"^\s*vertex\s", data, re.IGNORECASE | re.MULTILINE))
    loaded = load_stl_ascii(io.BytesIO(data))
    solids = list(loaded["geometry"].values()) if "geometry" in loaded else [loaded]
    vertices = np.concatenate([np.empty((0, 3)), *(solid["vertices"] for solid in solids)])
    if len(vertices) != promised or not promised:
        raise ReaderError(f"Expected solids of triangles, each closed by 'endsolid' (understood {len(vertices)} of {promised} vertices).")
    return mesh_points(vertices, np.arange(promised).reshape(-1, 3))


def _points(loaded: dict[str, Any], vertex_count: int, face_count: int) -> Points:
    """Return the vertices, or points on the faces where there are any; the counts are those that the file promised."""
    vertices = np.asarray(loaded.get("vertices", np.empty((0, 3))), dtype=np.float64)
    faces = loaded.get("faces")
    faces = np.empty((0, 3), dtype=np.int64) if faces is None or not len(faces) else np.asarray(faces)
    for what, count, promised in (("vertices", len(vertices), vertex_count), ("faces", len(faces), face_count)):
        if count < promised:
            raise ReaderError(f"Expected {promised} {what}, as the header says (found {count}). The file is cut short or damaged.")
    return mesh_points(vertices, faces)
