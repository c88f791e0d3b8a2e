"""OFF and STL, ASCII and binary, through trimesh: the vertices of a point cloud, or points sampled on the surface of a mesh."""

import io
import re
import struct

import numpy as np

from bgnn_studio.errors import ReaderError
from bgnn_studio.io.readers.columns import Array
from bgnn_studio.io.readers.registry import CloudFile, Found, reader
from bgnn_studio.io.readers.surface import loaded_mesh, mesh_points

STL_HEAD, STL_TRIANGLE = 84, 50  # bytes of a binary STL's head, which ends with the number of triangles, and of one of them


@reader(".off", kind="OFF", signature=rb"(\s|#[^\n]*\n)*(ST)?C?N?OFF")
def read_off(file: CloudFile) -> Found:
    """Read an OFF point cloud, or 2048 seeded points on the surface of an OFF mesh; ModelNet's ``OFF490 518 0`` too.

    Numbers after the three of a vertex are its normal where the header says ``N``, and its colour.
    """
    from trimesh.exchange.off import load_off

    counts = re.match(rb"(?:\s|#[^\n]*\n)*\w*?OFF(?:\s|#[^\n]*\n)*(\d+)\s+(\d+)", file.data)
    if counts is None:
        raise ReaderError("Expected the numbers of vertices and faces after 'OFF' (found none).")
    vertices, faces = loaded_mesh(load_off(io.BytesIO(file.data)), int(counts[1]), int(counts[2]))
    return mesh_points(vertices, faces, _off_columns(file.data[counts.end() :], len(vertices), normals=b"N" in counts[0].split(b"OFF")[0]))


def _off_columns(body: bytes, count: int, *, normals: bool) -> dict[str, Array]:
    """Return normals and colours of `count` vertices, where each has these numbers; `body` is what follows the numbers of faces."""
    rows: list[list[float]] = []
    text = body.partition(b"\n")[2].decode(errors="replace")
    for line in text.splitlines():
        words = line.split("#", 1)[0].split()
        if words:
            rows.append([float(word) for word in words[3:]])
        if len(rows) == count:
            break
    width = min(map(len, rows), default=0)
    values = np.array([row[:width] for row in rows]).reshape(len(rows), width)
    start = 3 if normals else 0
    found = {"normals": values[:, :3]} if normals and width >= 3 else {}
    return found | ({"rgb": values[:, start : start + 3]} if width >= start + 3 else {})


def _is_stl(data: bytes) -> bool:
    """Whether some bytes start as an ASCII STL, or have the length that a binary STL's head says (it has no other mark)."""
    return re.match(rb"\s*solid\b", data, re.IGNORECASE) is not None or len(data) == _stl_bytes(data) > STL_HEAD


def _stl_bytes(data: bytes) -> int:
    """Return how long a binary STL with this head is; 0 for one without a whole head."""
    return STL_HEAD + STL_TRIANGLE * int(struct.unpack_from("<I", data, 80)[0]) if len(data) >= STL_HEAD else 0


@reader(".stl", kind="STL", signature=_is_stl)
def read_stl(file: CloudFile) -> Found:
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
