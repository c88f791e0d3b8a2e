"""What files say of their points beside their places, in every format and dialect: against the numbers that were written."""

from pathlib import Path

import numpy as np
import pytest

from bgnn_studio.core.views import COLOUR_MODES
from bgnn_studio.io.readers import read_cloud
from bgnn_studio.io.readers.columns import MAX_ATTRIBUTES, named, unnamed
from bgnn_studio.io.readers.rows import BLOCK_BYTES
from tests.make_clouds import CORNERS, FOLDER, INTENSITY, LABEL, NORMALS, RGB

TRUE = {"rgb": RGB, "normals": NORMALS, "intensity": INTENSITY, "label": LABEL}
EVERY = ("rgb", "normals", "intensity", "label")
FILES = {
    **dict.fromkeys(("ascii.ply", "little_endian.ply", "big_endian.ply", "binary.pcd", "compressed.pcd"), EVERY),
    "ascii.pcd": ("rgb", "normals", "label"),
    "columns.npy": ("rgb", "normals", "label"),
    "normals.off": ("normals",),
    "tabs.txt": ("normals",),
    "semicolons.csv": ("rgb", "intensity", "label"),
}
OWN_NAMES = {
    "attributes.las": {"rgb": "rgb", "intensity": "intensity", "label": "classification"},
    "attributes.laz": {"rgb": "rgb", "intensity": "intensity", "label": "classification"},
    "attributes_named.csv": {"rgb": "rgb", "intensity": "intensity", "label": "class"},
    "attributes_columns.pts": {"rgb": "rgb", "intensity": "column 4"},
    "attributes.npz": {"rgb": "rgb", "normals": "normals", "intensity": "intensity", "label": "labels"},
    "attributes.h5": {"normals": "normals", "label": "pid"},
    "attributes.obj": {"rgb": "rgb", "normals": "normals"},
    "attributes.glb": {"rgb": "rgb"},
} | {f"attributes_{name}": {what: what for what in whats} for name, whats in FILES.items()}
MESHES = ("mesh_attributes.obj", "mesh_attributes.glb", "mesh_attributes.off")


@pytest.mark.parametrize("name", OWN_NAMES)
def test_attributes_are_those_that_were_written(name: str) -> None:
    cloud = read_cloud(FOLDER / name)
    np.testing.assert_array_equal(cloud.points, CORNERS)
    for what, called in OWN_NAMES[name].items():
        found = cloud.attribute(called)
        assert found is not None, (name, called)
        np.testing.assert_allclose(found.values, TRUE[what], atol=1e-6)
        assert found.kind == {"rgb": "colour", "normals": "normals", "intensity": "scalar", "label": "labels"}[what]
    extra = {"roughness"} if name.endswith((".las", ".laz")) else set()
    assert {found.name for found in cloud.attributes} == {*OWN_NAMES[name].values(), *extra}


def test_every_attribute_file_is_looked_at() -> None:
    assert {path.name for path in FOLDER.glob("*attributes*")} == {*OWN_NAMES, *MESHES}


@pytest.mark.parametrize("name", MESHES)
def test_points_on_faces_have_the_colour_between_their_corners(name: str) -> None:
    """`RGB` is linear in the number of the corner, which is 4 x + 2 y/2 + z/3, and so it is on every face."""
    cloud = read_cloud(FOLDER / name)
    number = cloud.points.astype(np.float64) @ [4, 1, 1 / 3]
    np.testing.assert_allclose(cloud.attribute("rgb").values, np.stack([36 * number, 255 - 30 * number, 7 * number], axis=1), atol=0.51)


@pytest.mark.parametrize(
    "name", ["mesh_binary.stl", "mesh.off", "mesh_relative.obj", "mesh_mixed_ascii.ply", "mesh_scene.glb", "mesh_attributes.obj"]
)
def test_points_on_faces_have_their_normals(name: str) -> None:
    cloud = read_cloud(FOLDER / name)
    at_side = np.isclose(cloud.points, 0, atol=1e-5) | np.isclose(cloud.points, [1, 2, 3], atol=1e-5)  # (N, 3): faces lie across these axes
    inside = at_side.sum(axis=1) == 1
    assert inside.mean() > 0.99
    np.testing.assert_allclose(np.abs(cloud.attribute("normals").values[inside]), at_side[inside], atol=1e-5)


def test_labels_of_a_scan_have_the_names_of_their_standard() -> None:
    names = read_cloud(FOLDER / "attributes.las").attribute("classification").names
    assert [names[n] for n in (2, 5, 6)] == ["Ground", "High vegetation", "Building"]


def test_names_decide_and_equal_rows_say_nothing() -> None:
    rng = np.random.default_rng(0)
    value, whole = rng.random(20), rng.integers(3, size=20)
    found = named(
        {
            "Height": value,
            "height of the file": whole,
            "Rgb": value,
            "empty": np.zeros(20),
            "nan": np.full(20, np.nan),
            "text": np.full(20, "a"),
        }
    )
    assert [(a.name, a.kind) for a in found] == [("height of the file", "scalar"), ("height of the file 2", "scalar"), ("rgb", "scalar")]
    assert not {a.name for a in found} & {*COLOUR_MODES}
    many = named({"descriptor": rng.random((20, 40)), "label": whole})
    assert len(many) == MAX_ATTRIBUTES


@pytest.mark.parametrize(
    ("three", "kind"),
    [
        (RGB.astype(np.float64), "colour"),
        (NORMALS.astype(np.float64), "normals"),
        (RGB + 0.5, None),
        (RGB / 255.0, None),  # fractions without a name may be anything
        (RGB.astype(np.float64) * 2, None),
    ],
)
def test_values_decide_where_there_are_no_names(three: np.ndarray, kind: str | None) -> None:
    kinds = [found.kind for found in unnamed(three, range(3, 6))]
    assert kinds == ([kind] if kind else ["scalar"] * 3)


@pytest.mark.parametrize("scale", [1, 1 / 255, 257])
def test_colours_of_any_depth_become_bytes(scale: float) -> None:
    values = (RGB.astype(np.float64) * scale).astype(np.uint16 if scale == 257 else np.float32)
    np.testing.assert_array_equal(named({"colors": values})[0].values, RGB)


def test_a_table_of_many_blocks_is_read_as_one(tmp_path: Path) -> None:
    """Comments, empty lines and a remark that stops being a number lie beyond the first block."""
    rng = np.random.default_rng(1)
    values = np.round(rng.random((20_000, 5)), 4)
    lines = [" ".join(f"{v:g}" for v in row) for row in values]
    lines[9_000] += "\n\n# a remark\n   "
    lines[15_000] = lines[15_000].rsplit(" ", 1)[0] + " none"
    path = tmp_path / "long.xyz"
    path.write_text("\r\n".join(lines))
    assert path.stat().st_size > 4 * BLOCK_BYTES
    told: list[tuple[int, int]] = []
    cloud = read_cloud(path, lambda done, total: told.append((done, total)))
    np.testing.assert_array_equal(cloud.points, values[:, :3].astype(np.float32))
    assert [found.name for found in cloud.attributes] == ["column 4"]
    np.testing.assert_array_equal(cloud.attribute("column 4").values, values[:, 3])
    assert told[-1] == (path.stat().st_size,) * 2
    assert len(told) > 5


def test_coordinates_far_from_the_origin_keep_their_digits(tmp_path: Path) -> None:
    path = tmp_path / "map.csv"
    path.write_text("x,y,z\n4500000.25,5400000.5,100.125\n4500001.5,5400000.75,101.5\n")
    np.testing.assert_array_equal(read_cloud(path).points, [[0.25, 0.5, 0.125], [1.5, 0.75, 1.5]])
