"""glTF 2.0 (.gltf with its buffers inside or beside it, .glb), through trimesh: the default scene, its nodes' transforms applied."""

import io
import json
import struct
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bgnn_studio.errors import ReaderError
from bgnn_studio.io.readers.columns import Array, named
from bgnn_studio.io.readers.registry import MAX_FILE_BYTES, CloudFile, Found, check_room, reader
from bgnn_studio.io.readers.surface import check_faces, mesh_points

FLOAT = 5126
COMPONENTS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
POINTS, TRIANGLES, STRIP, FAN = 0, 4, 5, 6
LOOKS = ("KHR_materials_", "KHR_texture_", "KHR_lights_", "EXT_texture_", "EXT_lights_")  # extensions that move no point
MAX_DEPTH = 256  # of nodes below nodes: trimesh takes 3 s for a thousand, and the third power of that for more
BINARY = "binary chunk"  # the name given to a GLB's own buffer

Tree = dict[str, Any]


@reader(".glb", ".gltf", kind="glTF", signature=rb"glTF|(?:\xef\xbb\xbf)?\s*\{")
def read_gltf(file: CloudFile) -> Found:
    """Read 2048 seeded points on all triangles of the default scene, or its points where it has no triangle.

    Colours of vertices are kept, and of triangles their normals and what else is named ``_...`` too, where all parts have them.
    """
    from trimesh import PointCloud, Trimesh, load_scene
    from trimesh.transformations import transform_points

    tree, chunk = _parts(file.data)
    _check_tree(tree)
    _drop_lines_and_cameras(tree)
    for primitive in _primitives(tree):
        _keep_looks(primitive)
    buffers = _buffers(tree, chunk, file.folder)
    there = len(file.data) + sum(len(b) for b in buffers.values())
    _check_sizes(tree, there)
    text = json.dumps(tree).encode()
    scene = load_scene(io.BytesIO(text), file_type="gltf", resolver=buffers, skip_materials=True)
    points, vertices, faces, count = [np.empty((0, 3))], [], [], 0
    looks: list[dict[str, Array]] = []
    dots: list[dict[str, Array]] = []
    for node in scene.graph.nodes_geometry:
        matrix, name = scene.graph[node]
        shape = scene.geometry[name]
        moved = transform_points(shape.vertices, matrix)
        if isinstance(shape, Trimesh):
            check_faces(shape.faces, len(moved))
            faces.append(shape.faces + count)
            vertices.append(moved)
            count += len(moved)
            looks.append(_looks({name: np.asarray(values) for name, values in shape.vertex_attributes.items()}, matrix, len(moved)))
        elif isinstance(shape, PointCloud):
            points.append(moved)
            dots.append({"rgb": shape.colors[:, :3]} if len(shape.colors) == len(moved) else {})
    if faces:
        return mesh_points(np.concatenate(vertices), np.concatenate(faces), _joined(looks))
    return Found(np.concatenate(points), named(_joined(dots)))


def _keep_looks(primitive: Tree) -> None:
    """Rename colours and normals of triangles, so that trimesh keeps them as they are."""
    attributes = primitive["attributes"]
    if primitive.get("mode", TRIANGLES) != POINTS:
        for name, kept in (("COLOR_0", "_RGB"), ("NORMAL", "_NORMALS")):
            if name in attributes:
                attributes[kept] = attributes.pop(name)


def _looks(attributes: Mapping[str, Array], matrix: Array, count: int) -> dict[str, Array]:
    """Return the attributes of `count` vertices, their normals turned by the inverse transpose of the (4, 4) matrix."""
    found = {name.strip("_").lower(): values for name, values in attributes.items() if len(values) == count}
    if "normals" in found and np.linalg.det(matrix[:3, :3]):
        found["normals"] = found["normals"].astype(np.float64) @ np.linalg.inv(matrix[:3, :3])
    return found


def _joined(parts: list[dict[str, Array]]) -> dict[str, Array]:
    """Return the columns that all parts have."""
    names = [name for name in (parts[0] if parts else ()) if len({part[name].shape[1:] for part in parts if name in part}) == 1]
    return {name: np.concatenate([part[name] for part in parts]) for name in names if all(name in part for part in parts)}


def _parts(data: bytes) -> tuple[Tree, bytes | None]:
    """Return the JSON of a file, and the binary chunk of a GLB."""
    if not data.startswith(b"glTF"):
        text, chunk = data, None
    else:
        version, total, size, kind = struct.unpack_from("<IIII", data, 4)
        if version != 2 or kind != 0x4E4F534A or total > len(data) or 20 + size > total:
            raise ReaderError(
                f"Expected a GLB of version 2, {total} bytes (got version {version}, {len(data)} bytes). It may be cut short."
            )
        text, rest = data[20 : 20 + size], data[20 + size : total]
        size, kind = struct.unpack_from("<II", rest) if len(rest) >= 8 else (0, 0)
        chunk = rest[8 : 8 + size] if kind == 0x004E4942 else None
    tree = json.loads(text.decode("utf-8-sig"))
    version = str(tree.get("asset", {}).get("version", "none"))
    if not version.startswith("2."):
        raise ReaderError(f"Expected 'asset' of version 2 (got {version[:20]}). Save it again as glTF 2.0.")
    return tree, chunk


def _check_tree(tree: Tree) -> None:
    """Raise `ReaderError` for what trimesh would pass over in silence or walk for ever."""
    if strange := [e for e in tree.get("extensionsRequired", ()) if not e.startswith(LOOKS)]:
        raise ReaderError(f"Expected plain meshes (this needs {', '.join(strange)[:80]}). Export without compression or quantization.")
    nodes, scenes = tree.get("nodes", []), tree.get("scenes", [])
    roots = scenes[tree.get("scene", 0)].get("nodes", []) if scenes else []
    parents = Counter([*roots, *(child for node in nodes for child in node.get("children", ()))])
    if any(count > 1 for count in parents.values()):
        raise ReaderError("Expected nodes with one parent each (a node has several, or is its own). The file is damaged.")
    level, depth = roots, 0
    while level and depth <= MAX_DEPTH:
        level, depth = [child for node in level for child in nodes[node].get("children", ())], depth + 1
    if level:
        raise ReaderError(f"Expected nodes in up to {MAX_DEPTH} levels (got more). Apply the transforms when exporting.")
    for primitive in _primitives(tree):
        if primitive.get("mode", TRIANGLES) == FAN:
            raise ReaderError("Expected triangles, strips or points (got triangle fans). Export triangles.")
        for index in (primitive["attributes"]["POSITION"], primitive.get("indices")):
            accessor = {} if index is None else tree["accessors"][index]
            if index is not None and ("bufferView" not in accessor or "sparse" in accessor):
                raise ReaderError(f"Expected meshes that lie in a buffer (accessor {index} is sparse or empty). Export without that.")
        if tree["accessors"][primitive["attributes"]["POSITION"]]["componentType"] != FLOAT:
            raise ReaderError("Expected float positions (got quantized ones). Export without quantization.")


def _drop_lines_and_cameras(tree: Tree) -> None:
    """Take out what has no surface: trimesh loses the transform of a node with a camera, or with nothing but lines."""
    meshes = tree.get("meshes", [])
    for mesh in meshes:
        mesh["primitives"] = [p for p in mesh["primitives"] if p.get("mode", TRIANGLES) in (POINTS, TRIANGLES, STRIP)]
    for node in tree.get("nodes", ()):
        node.pop("camera", None)
        if "mesh" in node and not meshes[node["mesh"]]["primitives"]:
            del node["mesh"]


def _check_sizes(tree: Tree, there: int) -> None:
    """Raise `ReaderError` where accessors, or the meshes of all nodes together, need more room than the files can fill."""
    accessors = tree.get("accessors", [])
    if any(a["count"] < 1 for a in accessors):
        raise ReaderError("Expected accessors of at least one element (got none, or a negative number). The file is damaged.")
    check_room(sum(a["count"] * COMPONENTS[a["type"]] * 4 for a in accessors), there)
    rows = [sum(_rows(primitive, accessors) for primitive in mesh["primitives"]) for mesh in tree.get("meshes", ())]
    check_room(sum(rows[node["mesh"]] for node in tree.get("nodes", ()) if "mesh" in node) * 24, there)


def _rows(primitive: Tree, accessors: list[Tree]) -> int:
    """Return how many vertices and corners of triangles a primitive has."""
    corners = accessors[primitive["indices"]]["count"] if "indices" in primitive else 0
    return int(accessors[primitive["attributes"]["POSITION"]]["count"] + corners)


def _primitives(tree: Tree) -> list[Tree]:
    return [primitive for mesh in tree.get("meshes", ()) for primitive in mesh["primitives"]]


def _buffers(tree: Tree, chunk: bytes | None, folder: Path) -> dict[str, bytes]:
    """Return the content of all buffers that are not written into the JSON, by name; reads no file outside the folder."""
    found: dict[str, bytes] = {}
    for number, buffer in enumerate(tree.get("buffers", ())):
        if "uri" not in buffer and number == 0 and chunk is not None:
            buffer["uri"] = BINARY
            found[BINARY] = chunk
        elif not (uri := buffer["uri"]).startswith("data:"):
            found[uri] = _beside(folder, uri, MAX_FILE_BYTES - sum(map(len, found.values())))
    return found


def _beside(folder: Path, uri: str, room: int) -> bytes:
    """Read a file that a glTF names, below its own folder."""
    from urllib.parse import unquote

    path = (folder / unquote(uri)).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise ReaderError(f"Expected the buffer '{uri[:80]}' beside the file (found none there). Keep the two together, or export a GLB.")
    if path.stat().st_size > room:
        raise ReaderError(f"Expected buffers of up to {MAX_FILE_BYTES >> 20} MiB in all ('{uri[:80]}' is larger). Reduce the mesh first.")
    return path.read_bytes()
