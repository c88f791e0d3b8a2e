"""PLY: the vertices of a cloud with all their properties, or, through trimesh, points on the faces of a mesh."""

import io
import re
from collections.abc import Sequence

import numpy as np

from bgnn_studio.errors import ReaderError
from bgnn_studio.io.readers.columns import Array, named
from bgnn_studio.io.readers.registry import CloudFile, Found, reader
from bgnn_studio.io.readers.rows import Rows, lines
from bgnn_studio.io.readers.surface import loaded_mesh, mesh_points

_SIZED = (("int", "i", (1, 2, 4, 8)), ("uint", "u", (1, 2, 4, 8)), ("float", "f", (2, 4, 8)))
_TYPES = {"char": "i1", "uchar": "u1", "short": "i2", "ushort": "u2", "int": "i4", "uint": "u4", "float": "f4", "double": "f8"}
_TYPES |= {f"{word}{8 * size}": f"{letter}{size}" for word, letter, sizes in _SIZED for size in sizes}
_ELEMENT = re.compile(rb"^\s*element\s+(\S+)\s+(\d+)", re.MULTILINE)


@reader(".ply", kind="PLY", signature=rb"ply[ \t]*\r?\n")
def read_ply(file: CloudFile) -> Found:
    """Read a PLY point cloud, or 2048 seeded points on the surface of a PLY mesh."""
    from trimesh.exchange.ply import load_ply

    end = re.search(rb"end_header[ \t]*\r?\n?", file.data)
    if end is None:
        raise ReaderError("Expected a header that ends with 'end_header' (found none). The file is cut short.")
    header = file.data[: end.start()]
    counts = {name: int(count) for name, count in _ELEMENT.findall(header)}
    vertices, faces = counts.get(b"vertex", 0), counts.get(b"face", 0)
    encoding = re.search(rb"^\s*format\s+(ascii|binary_(?:little|big)_endian)\b", header, re.MULTILINE)
    if encoding is not None and not faces and (properties := _properties(header)):
        if encoding[1] == b"ascii":
            return _text_cloud(file, end.end(), vertices, list(properties))
        return _binary_cloud(file, end.end(), vertices, properties, "<" if b"little" in encoding[1] else ">")
    loaded = load_ply(io.BytesIO(file.data), skip_materials=True)
    found, corners = loaded_mesh(loaded, vertices, faces)
    raw = loaded["metadata"]["_ply_raw"].get("vertex", {}).get("data")
    return mesh_points(found, corners, _columns(raw, len(found)))


def _properties(header: bytes) -> dict[str, str]:
    """Return the numbers of a vertex in their order, with their types in numpy, where vertices come first and have no lists."""
    elements = re.split(rb"^\s*element\s+", header, flags=re.MULTILINE)
    if len(elements) < 2 or not elements[1].startswith(b"vertex") or re.search(rb"^\s*property\s+list", elements[1], re.MULTILINE):
        return {}
    lines = re.findall(rb"^\s*property\s+(\S+)\s+(\S+)", elements[1], re.MULTILINE)
    found = {name.decode(errors="replace"): _TYPES.get(kind.decode(errors="replace"), "") for kind, name in lines}
    return found if {"x", "y", "z"} <= set(found) and len(found) == len(lines) and "" not in found.values() else {}


def _binary_cloud(file: CloudFile, start: int, count: int, properties: dict[str, str], order: str) -> Found:
    """Read `count` packed records; what follows them are elements that are no points."""
    record = np.dtype([(name, order + kind) for name, kind in properties.items()])
    if not count or start + count * record.itemsize > len(file.data):
        raise ReaderError(
            f"Expected {count} vertices of {record.itemsize} bytes (only {len(file.data) - start} bytes are there). "
            "The file is cut short, or has no points."
        )
    rows = np.frombuffer(file.data, record, count, start)
    points = np.stack([rows[axis] for axis in "xyz"], axis=1)
    file.tell(count, count)
    return Found(points, named({name: _native(rows[name]) for name in properties if name not in ("x", "y", "z")}))


def _text_cloud(file: CloudFile, start: int, count: int, properties: Sequence[str]) -> Found:
    """Read `count` rows of text; what follows them are elements that are no points."""
    needed = [properties.index(axis) for axis in "xyz"]
    rows = Rows(None, needed, [c for c in range(len(properties)) if c not in needed])
    for _, block in lines(file.data, start):
        left = count - rows.count
        rows.add(block if len(block) <= left else [line for line in block if line.strip()][:left])
        file.tell(rows.count, count)
        if rows.count >= count:
            break
    if rows.count < count or not count:
        raise ReaderError(f"Expected {count} vertices (found {rows.count}). The file is cut short, or has no points.")
    values = rows.values()
    return Found(values[:, :3], named({properties[c]: values[:, 3 + i] for i, c in enumerate(rows.extra)}))


def _columns(raw: object, count: int) -> dict[str, Array]:
    """Return the properties of vertices other than their places, as trimesh keeps them: a structured array, or columns by name."""
    names = (raw.dtype.names or ()) if isinstance(raw, np.ndarray) else tuple(raw) if isinstance(raw, dict) else ()
    found = {name: np.asarray(raw[name]) for name in names if name not in ("x", "y", "z")}  # type: ignore[index]
    return {name: _native(values) for name, values in found.items() if len(values) == count and values.dtype.names is None}


def _native(values: Array) -> Array:
    return values.astype(values.dtype.newbyteorder("="), copy=False)
