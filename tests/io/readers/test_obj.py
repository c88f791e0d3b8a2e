"""OBJ: references to vertices, and what is wrong in which line."""

from pathlib import Path

import numpy as np
import pytest

from bgnn_studio.errors import ReaderError
from bgnn_studio.io.readers import read_cloud
from tests.make_clouds import CORNERS, QUADS, numbers

VERTICES = "".join(f"v {numbers(p)}\n" for p in CORNERS)


def saved(folder: Path, text: str) -> Path:
    path = folder / "box.obj"
    path.write_text(text)
    return path


def test_every_way_to_name_a_corner_gives_the_same_points(tmp_path: Path) -> None:
    def read(form: str, first: int) -> np.ndarray:
        faces = "".join("f " + " ".join(form.format(i + first) for i in quad) + "\n" for quad in QUADS)
        return read_cloud(saved(tmp_path, f"{VERTICES}vt 0 0\nvn 0 0 1\n{faces}")).points

    expected = read("{}", 1)
    assert expected.shape == (2048, 3)
    for form in ("{}/1", "{}/1/1", "{}//1"):
        assert np.array_equal(read(form, 1), expected)
    assert np.array_equal(read("{}", -8), expected)


def test_polygons_of_all_sizes_in_one_file(tmp_path: Path) -> None:
    angles = np.arange(6) * np.pi / 3
    ring = "".join(f"v {np.cos(a)} {np.sin(a)} 0\n" for a in angles)
    points = read_cloud(saved(tmp_path, f"{ring}f 1 2 3 4 5 6\n")).points
    sectors = np.histogram(np.arctan2(points[:, 1], points[:, 0]), bins=6, range=(-np.pi, np.pi))[0]
    assert sectors / 2048 == pytest.approx(np.full(6, 1 / 6), abs=0.05)
    cut = read_cloud(saved(tmp_path, f"{ring}f 1 2 3\nf 1 3 4 5\nf 1 5 6\n")).points
    assert np.abs(cut).max(axis=0) == pytest.approx([1, 0.75**0.5, 0], abs=0.05)


BAD = {
    "two numbers": ("v 1 2 3\nv 4 5\n", r"three numbers after 'v' \(got 'v 4 5' in line 2\)"),
    "a word": ("v 1 2 3\n# x\nv 4 5 six\n", "line 3"),
    "two corners": (f"{VERTICES}f 1 2\n", r"three or more vertices after 'f'.*line 9"),
    "corner 0": (f"{VERTICES}f 0 1 2\n", "line 9"),
    "corner before the first": (f"{VERTICES}f -9 1 2\n", "line 9"),
    "a corner too many": (f"{VERTICES}f 1 2 9\n", r"vertices 0 to 7 \(got 0 to 8\)"),
    "a corner beyond 64 bits": (f"{VERTICES}f 1 2 {10**30}\n", "line 9"),
    "no vertex": ("vn 0 0 1\n", "at least one point"),
    "not finite": ("v 1 2 3\nv nan 0 0\n", "at point 1"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_named(case: str, tmp_path: Path) -> None:
    text, message = BAD[case]
    with pytest.raises(ReaderError, match=f"read as OBJ: .*{message}"):
        read_cloud(saved(tmp_path, text))


def test_a_table_with_names_above_is_no_obj(tmp_path: Path) -> None:
    assert np.array_equal(read_cloud(saved(tmp_path, "s x y z\n9 1 2 3\n")).points, [[1, 2, 3]])
