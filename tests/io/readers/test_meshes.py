"""STL: told by its length, all solids, and what is wrong. PLY and OFF are in test_readers.py."""

from pathlib import Path

import numpy as np
import pytest

from bgnn_studio.errors import ReaderError
from bgnn_studio.io.readers import read_cloud
from tests.make_clouds import FOLDER

ASCII, BINARY = (FOLDER / "mesh_ascii.stl").read_bytes(), (FOLDER / "mesh_binary.stl").read_bytes()


def saved(folder: Path, content: bytes) -> Path:
    path = folder / "box.STL"
    path.write_bytes(content)
    return path


def test_every_dialect_gives_the_same_points(tmp_path: Path) -> None:
    expected = read_cloud(saved(tmp_path, ASCII)).points
    for name in ("mesh_ascii_two_solids.stl", "mesh_binary.stl", "mesh_binary_named_solid.stl"):
        assert np.array_equal(read_cloud(FOLDER / name).points, expected)
    assert np.array_equal(read_cloud(saved(tmp_path, BINARY + b"a program's own notes")).points, expected)


BAD = {
    "binary cut short": (BINARY[:-1], r"684 bytes with the head \(the file has 683\)"),
    "binary of nothing": (BINARY[:80] + bytes(4), "Expected triangles"),
    "binary of too much": (BINARY[:80] + b"\xff" * 4 + BINARY[84:], "cut short"),
    "ASCII cut short": (ASCII[:-30], "closed by 'endsolid'"),
    "ASCII of nothing": (b"solid\nendsolid\n", "understood 0 of 0"),
    "a word": (ASCII.replace(b"vertex 1", b"vertex one", 1), "damaged"),
    "two corners": (ASCII.replace(b"  vertex 0 0 0\n", b"", 1), "damaged"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_named(case: str, tmp_path: Path) -> None:
    content, message = BAD[case]
    with pytest.raises(ReaderError, match=message):
        read_cloud(saved(tmp_path, content))
