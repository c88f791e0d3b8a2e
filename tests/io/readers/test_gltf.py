"""glTF: scenes with their transforms, buffers beside the file, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest

from bgnn_studio.errors import ReaderError
from bgnn_studio.io.readers import read_cloud
from tests.make_clouds import CORNERS, glb, gltf_tree

POINTS, TRIANGLES, FAN = 0, 4, 6


def saved(path: Path, tree: dict) -> Path:
    path.write_text(json.dumps(tree))
    return path


def moved(path: Path, **nodes: object) -> np.ndarray:
    """Read the corners as points below the given nodes."""
    tree, chunk = gltf_tree(POINTS, None)
    path.write_bytes(glb(tree | nodes, chunk))
    return read_cloud(path).points


def test_transforms_of_nodes_multiply(tmp_path: Path) -> None:
    nodes = [
        {"translation": [1, 2, 3], "children": [1], "camera": 0},
        {"rotation": [0, 0, 0.5**0.5, 0.5**0.5], "scale": [2, 3, 4], "children": [2]},
        {"mesh": 0},
    ]
    quarter = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]])
    expected = (CORNERS * [2, 3, 4]) @ quarter.T + [1, 2, 3]
    assert moved(tmp_path / "a.glb", nodes=nodes) == pytest.approx(expected, abs=1e-5)


def test_a_mesh_in_two_nodes_comes_twice(tmp_path: Path) -> None:
    nodes = [{"mesh": 0}, {"mesh": 0, "translation": [9, 0, 0]}]
    points = moved(tmp_path / "a.glb", nodes=nodes, scenes=[{"nodes": [0, 1]}])
    expected = np.concatenate([CORNERS, CORNERS + np.float32([9, 0, 0])])
    assert np.array_equal(np.unique(points, axis=0), np.unique(expected, axis=0))
    assert len(points) == len(expected)


def test_only_the_default_scene_is_read(tmp_path: Path) -> None:
    nodes = [{"mesh": 0}, {"mesh": 0, "translation": [9, 0, 0]}]
    points = moved(tmp_path / "a.glb", nodes=nodes, scenes=[{"nodes": [0]}, {"nodes": [1]}], scene=1)
    assert np.array_equal(points, CORNERS + np.float32([9, 0, 0]))


def test_the_transform_of_a_node_of_lines_reaches_its_children(tmp_path: Path) -> None:
    tree, _ = gltf_tree(POINTS, None)
    meshes = [*tree["meshes"], {"primitives": [{"attributes": {"POSITION": 1}, "mode": 1}]}]
    nodes = [{"mesh": 1, "translation": [9, 0, 0], "children": [1]}, {"mesh": 0}]
    assert np.array_equal(moved(tmp_path / "a.glb", nodes=nodes, meshes=meshes), CORNERS + np.float32([9, 0, 0]))


def test_buffer_beside_the_file(tmp_path: Path) -> None:
    tree, chunk = gltf_tree(TRIANGLES, "the%20buffers/box.bin")
    path = saved(tmp_path / "box.gltf", tree)
    with pytest.raises(ReaderError, match=r"Expected the buffer 'the%20buffers/box\.bin' beside the file"):
        read_cloud(path)
    (tmp_path / "the buffers").mkdir()
    (tmp_path / "the buffers" / "box.bin").write_bytes(chunk)
    (tmp_path / "inside.glb").write_bytes(glb(*gltf_tree(TRIANGLES, None)))
    assert np.array_equal(read_cloud(path).points, read_cloud(tmp_path / "inside.glb").points)


@pytest.mark.parametrize("uri", ["../box.bin", "/dev/zero", "http://localhost/box.bin", ".", "sub/../../box.bin"])
def test_no_file_outside_the_folder_is_read(uri: str, tmp_path: Path) -> None:
    tree, chunk = gltf_tree(TRIANGLES, uri)
    (tmp_path / "box.bin").write_bytes(chunk)
    (tmp_path / "folder" / "sub").mkdir(parents=True)
    with pytest.raises(ReaderError, match="beside the file"):
        read_cloud(saved(tmp_path / "folder" / "box.gltf", tree))


def test_buffers_that_are_too_large_are_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "box.bin").open("wb") as file:
        file.truncate(1 << 40)  # sparse
    with pytest.raises(ReaderError, match="up to 512 MiB"):
        read_cloud(saved(tmp_path / "box.gltf", gltf_tree(TRIANGLES, "box.bin")[0]))


def changed(*keys: object, value: object) -> dict:
    """Return the JSON of the box with one value changed."""
    tree, _ = gltf_tree(TRIANGLES, None)
    at = tree
    for key in keys[:-1]:
        at = at[key]
    at[keys[-1]] = value
    return tree


HUGE = 10**12
BAD = {
    "version 1": (changed("asset", "version", value="1.0"), "version 2"),
    "compressed": (changed("extensionsRequired", value=["KHR_draco_mesh_compression"]), "KHR_draco_mesh_compression"),
    "its own child": (changed("nodes", 0, "children", value=[0]), "one parent"),
    "a chain of nodes": (changed("nodes", value=[{"mesh": 0, "children": [i + 1]} for i in range(5000)] + [{}]), "256 levels"),
    "its own child, by another number": (changed("nodes", 0, "children", value=[-1]), "256 levels"),
    "fan": (gltf_tree(FAN, None)[0], "fans"),
    "sparse": (changed("accessors", 1, "sparse", value={}), "accessor 1 is sparse"),
    "quantized": (changed("accessors", 1, "componentType", value=5122), "quantized"),
    "huge accessor": (changed("accessors", 1, "count", value=HUGE), "promises"),
    "huge accessor of no buffer": (
        changed("accessors", 0, value={"count": HUGE, "type": "MAT4", "componentType": 5126}),
        "sparse or empty",
    ),
    "counts that cancel": (changed("accessors", 0, "count", value=-HUGE), "negative"),
    "a mesh too often": (changed("nodes", value=[{"mesh": 0}] * 520_000), "promises"),
    "a corner of no vertex": (changed("accessors", 1, "count", value=5), "vertices 0 to 4"),
    "no scene": (changed("scenes", value=[{"nodes": []}]), "at least one point"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_named(case: str, tmp_path: Path) -> None:
    tree, message = BAD[case]
    path = tmp_path / "bad.glb"
    path.write_bytes(glb(tree, gltf_tree(TRIANGLES, None)[1]))
    with pytest.raises(ReaderError, match=message):
        read_cloud(path)


def test_a_corner_of_the_next_mesh_is_refused(tmp_path: Path) -> None:
    tree = changed("accessors", 1, "count", value=5)
    tree["nodes"], tree["scenes"] = [{"mesh": 0}, {"mesh": 0}], [{"nodes": [0, 1]}]
    path = tmp_path / "bad.glb"
    path.write_bytes(glb(tree, gltf_tree(TRIANGLES, None)[1]))
    with pytest.raises(ReaderError, match="vertices 0 to 4"):
        read_cloud(path)


def test_glb_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "bad.glb"
    path.write_bytes(glb(*gltf_tree(TRIANGLES, None))[:-1])
    with pytest.raises(ReaderError, match="cut short"):
        read_cloud(path)
