"""Readers: every file of tests/data/clouds holds the same box, 1 x 2 x 3, as its corners or as a mesh."""

import io
import itertools
import os
import stat
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from bgnn_studio.core.clouds import Cloud
from bgnn_studio.errors import ReaderError
from bgnn_studio.io.readers import is_model_file, read_cloud, split_index, supported_extensions
from tests import make_clouds
from tests.make_clouds import glb, gltf_tree, las_by_hand
from tests.requirements import ROOT

FILES = sorted((ROOT / "tests" / "data" / "clouds").iterdir())
MESHES = [p for p in FILES if p.name.startswith("mesh")]
CORNERS = np.array(list(itertools.product((0, 1), (0, 2), (0, 3))), dtype=np.float32)


def written(folder: Path, content: bytes | str, name: str = "cloud.xyz") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("path", [p for p in FILES if p not in MESHES], ids=lambda p: p.name)
def test_every_dialect_gives_the_corners(path: Path) -> None:
    cloud = read_cloud(path)
    number = "#0" if path.suffix in (".h5", ".hdf5") else ""
    assert (cloud.name, cloud.path) == (path.stem + number, path.with_name(path.name + number))
    assert cloud.points.dtype == np.float32
    assert np.array_equal(cloud.points, CORNERS)


@pytest.mark.parametrize("path", MESHES, ids=lambda p: p.name)
def test_meshes_give_points_on_the_surface_in_proportion_to_area(path: Path) -> None:
    points = read_cloud(path).points
    assert points.shape == (2048, 3)
    assert np.array_equal(points, read_cloud(path).points)  # seeded
    sides = CORNERS[-1]
    on = [(np.isclose(points[:, a], 0, atol=1e-5) | np.isclose(points[:, a], sides[a], atol=1e-5)) for a in range(3)]
    assert np.logical_or.reduce(on).all()
    assert (points > -1e-5).all()
    assert (points < sides + 1e-5).all()
    share = np.array([side.mean() for side in on])
    assert share == pytest.approx(np.array([6, 3, 2]) / 11, abs=0.05)  # areas of the x, y and z sides; 2048 draws: sigma 0.011


def test_polygons_are_sampled_whole(tmp_path: Path) -> None:
    angles = np.arange(6) * np.pi / 3
    corners = "\n".join(f"{np.cos(a)} {np.sin(a)} 0" for a in angles)
    points = read_cloud(written(tmp_path, f"OFF\n6 1 0\n{corners}\n6 0 1 2 3 4 5\n", "hexagon.off")).points
    sectors = np.histogram(np.arctan2(points[:, 1], points[:, 0]), bins=6, range=(-np.pi, np.pi))[0]
    assert sectors / 2048 == pytest.approx(np.full(6, 1 / 6), abs=0.05)


def test_the_content_decides_not_the_extension(tmp_path: Path) -> None:
    for path in FILES:
        for extension in (".ply", ".csv", ".npy", ".anything"):
            liar = written(tmp_path, path.read_bytes(), f"cloud{extension}")
            assert np.array_equal(read_cloud(liar).points, read_cloud(path).points)


def test_the_sample_files_cover_the_usual_extensions() -> None:
    assert {p.suffix for p in FILES} | {".asc"} == set(supported_extensions())


def npy(array: np.ndarray, **header: object) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f4", "fortran_order": False, "shape": array.shape, **header})
    return stream.getvalue() + array.tobytes()


def npz(**arrays: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


FLOAT_XYZ = "property float x\nproperty float y\nproperty float z\n"
TRIANGLES = "element face 1\nproperty list uchar int vertex_indices\n"
BAD = {
    "empty": ("", "empty"),
    "only comments": ("# nothing\n\n", "found no line"),
    "only a header": ("x y z\n", "found only 'x y z'"),
    "a word": ("1 2 3\n4 five 6\n", r"'4 five 6' in line 2"),
    "two columns": ("# c\n\n1 2 3\n4 5\n", r"'4 5' in line 4"),
    "an empty field": ("1,2,3\n4,,6\n", r"'4,,6' in line 2"),
    "another separator": ("1,2,3\n4;5;6\n", r"'4;5;6' in line 2"),
    "NaN": ("1 2 3\n4 nan 6\n7 8 inf\n", r"\(4, nan, 6\) at point 1.*2 such of 3"),
    "too large": ("1 2 3\n1e300 5 6\n", "at point 1"),
    "binary": (bytes(range(256)), "binary data of no known kind"),
    "a model": (b"GGUF\x03\0\0\0", "model file"),
    "a photo": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "no known kind"),
    "3-D array": (npz(points=np.zeros((6, 8, 3))), r"'points' of shape \(N, 3\) \(got \(6, 8, 3\)\)"),
    "transposed array": (npy(np.zeros((3, 99), np.float32)), r"got \(3, 99\)"),
    "empty array": (npy(np.zeros((0, 3), np.float32)), "at least one point"),
    "complex array": (npz(points=np.zeros((9, 3), complex)), "real numbers"),
    "pickled objects": (npy(np.zeros((2, 3)), descr="|O"), "Python objects"),
    "no cloud in the archive": (npz(label=np.zeros(3), ids=np.zeros(5)), "found ids, label"),
    "a zip of something else": (b"PK\x03\x04" + bytes(40), "damaged"),
    "short array": (npy(np.zeros((9, 3), np.float32))[:-4], "promises 108 bytes, 104 are there"),
    "PLY without an end": ("ply\nformat ascii 1.0\nelement vertex 1\n", "cut short"),
    "PLY cut short": (f"ply\nformat ascii 1.0\nelement vertex 3\n{FLOAT_XYZ}end_header\n1 2 3\n4 5 6\n", "Expected 3 vertices.*found 2"),
    "PLY without z": ("ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nproperty float y\nend_header\n1 2\n", "damaged"),
    "binary PLY cut short": (f"ply\nformat binary_little_endian 1.0\nelement vertex 3\n{FLOAT_XYZ}end_header\n1234", "only 4 bytes"),
    "PLY with NaN": (f"ply\nformat ascii 1.0\nelement vertex 2\n{FLOAT_XYZ}end_header\n1 2 3\nnan 5 6\n", "at point 1"),
    "OFF cut short": ("OFF\n4 2 0\n0 0 0\n1 0 0\n0 1 0\n1 1 0\n3 0 1 2\n", "Expected 2 faces.*found 1"),
    "OFF with a face of nothing": ("OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 7\n", "range"),
    "OFF with no area": ("OFF\n3 1 0\n0 0 0\n1 0 0\n2 0 0\n3 0 1 2\n", "area"),
    "OFF without numbers": ("OFF\nabc\n", "numbers of vertices"),
    "PLY with a negative index": (
        f"ply\nformat ascii 1.0\nelement vertex 3\n{FLOAT_XYZ}{TRIANGLES}end_header\n0 0 0\n1 0 0\n0 1 0\n3 0 1 -1\n",
        "vertices 0 to 2",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_named_with_the_file(case: str, tmp_path: Path) -> None:
    content, message = BAD[case]
    path = written(tmp_path, content)
    with pytest.raises(ReaderError, match=f"(?s)^{path}: .*{message}") as caught:
        read_cloud(path)
    assert "\n" not in str(caught.value)


HUGE = 10**12
HOSTILE = {
    "npy": npy(np.zeros((2, 3), np.float32), shape=(HUGE, 3)),
    "npy overflow": npy(np.zeros((2, 3), np.float32), shape=(2**62, 3, 2**62)),
    "npz": npz(points=np.zeros((2, 3))).replace(b"(2, 3), }", b"(9999999999999, 3),}"),
    "npy header length": b"\x93NUMPY\x02\x00\xff\xff\xff\x7f{",
    "ply": f"ply\nformat binary_little_endian 1.0\nelement vertex {HUGE}\n{FLOAT_XYZ}end_header\n".encode() + bytes(60),
    "ascii ply": f"ply\nformat ascii 1.0\nelement vertex {HUGE}\n{FLOAT_XYZ}end_header\n1 2 3\n".encode(),
    "ply list": f"ply\nformat binary_little_endian 1.0\nelement vertex 1\n{FLOAT_XYZ}element face 3\n"
    "property list uint int vertex_indices\nend_header\n".encode()
    + bytes(12)
    + b"\xff\xff\xff\x7f",
    "off": f"OFF\n{HUGE} {HUGE} 0\n0 0 0\n".encode(),
    "stl": b"\0" * 80 + b"\xff" * 4 + bytes(100),
    "gltf": glb(gltf_tree(0, None)[0] | {"accessors": [{"count": HUGE, "type": "MAT4", "componentType": 5126}] * 2}, bytes(168)),
    "gltf buffer": glb(gltf_tree(0, None)[0] | {"buffers": [{"byteLength": HUGE}]}, bytes(4)),
    "pcd": b"VERSION .7\nFIELDS x y z\nSIZE 4 4 4\nTYPE F F F\nCOUNT 1 1 99999999\nWIDTH 1\nPOINTS 1\nDATA binary\n" + bytes(60),
    "las records": las_by_hand()[:100] + b"\xff" * 4 + las_by_hand()[104:],
    "las points": las_by_hand()[:107] + b"\xff" * 4 + las_by_hand()[111:],
    "off digits": b"OFF\n" + b"9" * 5000 + b" 1 0\n0 0 0\n",
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_header_that_promises_too_much_allocates_little(case: str, tmp_path: Path) -> None:
    path = written(tmp_path, HOSTILE[case])
    with pytest.raises(ReaderError):  # the first call also imports what it needs
        read_cloud(path)
    tracemalloc.start()  # sees what Python and numpy allocate
    with pytest.raises(ReaderError):
        read_cloud(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20


def test_archive_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bgnn_studio.io.readers.arrays.MAX_ARRAY_BYTES", 1 << 20)
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, points=np.zeros((200_000, 3)))
    assert path.stat().st_size < 20_000
    with pytest.raises(ReaderError, match="up to 1 MiB"):
        read_cloud(path)


def test_files_that_are_too_large_are_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.xyz"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # sparse
    with pytest.raises(ReaderError, match="up to 512 MiB"):
        read_cloud(path)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for name, message in (("absent.ply", "No such file"), (".", "folder or device"), ("fifo", "folder or device"), ("a\0b", "file name")):
        with pytest.raises(ReaderError, match=message):
            read_cloud(tmp_path / name)


def test_unreadable_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, "1 2 3\n")

    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    assert path.stat().st_mode & stat.S_IRUSR
    with pytest.raises(ReaderError, match="Permission denied"):
        read_cloud(path)


def test_models_are_told_from_clouds(tmp_path: Path) -> None:
    assert is_model_file(written(tmp_path, b"GGUF\x03\0\0\0", "m.txt"))
    assert not is_model_file(FILES[0])
    assert not is_model_file(tmp_path / "absent.gguf")


def test_modelnet_text_of_the_published_layout(tmp_path: Path) -> None:
    points = np.random.default_rng(0).normal(size=(500, 6)).astype(np.float32)
    path = tmp_path / "chair_0001.txt"
    np.savetxt(path, points, delimiter=",", fmt="%.9g")
    cloud = read_cloud(path)
    assert isinstance(cloud, Cloud)
    assert np.array_equal(cloud.points, points[:, :3])


def test_a_number_after_the_name_picks_a_cloud(tmp_path: Path) -> None:
    assert split_index("a/clouds.h5#12") == (Path("a/clouds.h5"), 12)
    assert split_index("a#1/clouds.h5") == (Path("a#1/clouds.h5"), None)
    assert split_index("clouds.h5#-1") == (Path("clouds.h5#-1"), None)
    path = written(tmp_path, "1 2 3\n")
    with pytest.raises(ReaderError, match=r"cloud.xyz#1: .*holds one cloud\). Leave out '#1'"):
        read_cloud(f"{path}#1")
    with pytest.raises(ReaderError, match=r"absent\.h5: .*No such file"):
        read_cloud(tmp_path / "absent.h5#1")
    named = written(tmp_path, "1 2 3\n", "scan.xyz#7")
    assert (read_cloud(named).name, read_cloud(named).path) == ("scan", named)


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ReaderError, match=r"needs a library that is missing.*h5py"):
        read_cloud(ROOT / "tests" / "data" / "clouds" / "clouds.h5")


def test_the_sample_files_are_those_that_their_script_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.make_clouds.FOLDER", tmp_path)
    make_clouds.main()
    written_now = {p.name: read_cloud(p).points for p in tmp_path.iterdir()}
    assert len(written_now) == 45
    for name, points in written_now.items():
        assert np.array_equal(points, read_cloud(ROOT / "tests" / "data" / "clouds" / name).points), name
