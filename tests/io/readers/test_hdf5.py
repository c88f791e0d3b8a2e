"""HDF5: which cloud, and data sets that hold too much, nothing, or what lies elsewhere."""

import io
from pathlib import Path

import h5py
import numpy as np
import pytest

from bgnn_studio.errors import ReaderError
from bgnn_studio.io.readers import read_cloud
from tests.make_clouds import CORNERS, FOLDER, hdf5_file

CLOUDS = np.random.default_rng(0).normal(size=(5, 100, 3)).astype(np.float32)


@pytest.mark.parametrize("how", [{}, {"compression": "gzip"}, {"chunks": (2, 7, 3), "compression": "lzf"}], ids=str)
def test_every_cloud_by_its_number(how: dict, tmp_path: Path) -> None:
    path = tmp_path / "clouds.h5"
    path.write_bytes(hdf5_file(CLOUDS, **how))
    for i, points in enumerate(CLOUDS):
        cloud = read_cloud(f"{path}#{i}")
        assert (cloud.name, cloud.path) == (f"clouds#{i}", Path(f"{path}#{i}"))
        assert np.array_equal(cloud.points, points)
    assert np.array_equal(read_cloud(path).points, CLOUDS[0])
    assert np.array_equal(read_cloud(read_cloud(path).path).points, CLOUDS[0])
    with pytest.raises(ReaderError, match=r"clouds.h5#5: .*from #0 to #4 \(got #5\)"):
        read_cloud(f"{path}#5")


def test_columns_after_the_third_are_no_coordinates() -> None:
    assert np.array_equal(read_cloud(FOLDER / "clouds_gzip.hdf5#2").points, CORNERS + 20)


def made(path: Path, **data: object) -> Path:
    with h5py.File(path, "w") as archive:
        if data:
            archive.create_dataset("data", **({} if "data" in data else {"dtype": "<f4"}) | data)
        else:
            archive["points"] = CLOUDS
    return path


BAD = {
    "another name": ({}, "found points"),
    "one cloud": ({"data": CLOUDS[0]}, r"\(got float32 \(100, 3\)\)"),
    "transposed": ({"data": np.zeros((2, 3, 99))}, r"got float64 \(2, 3, 99\)"),
    "no cloud": ({"shape": (0, 9, 3)}, r"\(0, 9, 3\)"),
    "text": ({"data": np.full((2, 9, 3), b"x")}, "of numbers"),
    "objects": ({"shape": (2, 9, 3), "dtype": h5py.string_dtype()}, "of numbers"),
    "never written": ({"shape": (2, 9, 3)}, "found none"),
    "never written, huge": ({"shape": (2, 10**12, 3)}, "found none"),
    "one huge cloud": ({"shape": (2, 10**12, 3), "chunks": (1, 9, 3)}, "promises 12000000000000 bytes"),
    "huge chunks": ({"shape": (2, 9, 3), "maxshape": (None, None, 3), "chunks": (1, 10**8, 3), "compression": "gzip"}, "promises"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_named(case: str, tmp_path: Path) -> None:
    how, message = BAD[case]
    path = made(tmp_path / "bad.h5", **how)
    if case in ("one huge cloud", "huge chunks"):
        with h5py.File(path, "a") as archive:
            archive["data"].id.write_direct_chunk((0, 0, 0), b"x" * 108)
    with pytest.raises(ReaderError, match=message):
        read_cloud(path)


def test_values_in_other_files_are_not_read(tmp_path: Path) -> None:
    np.zeros(54, np.float64).tofile(tmp_path / "raw")
    external = made(tmp_path / "a.h5", shape=(2, 9, 3), dtype="<f8", external=[(str(tmp_path / "raw"), 0, 432)])
    with h5py.File(tmp_path / "b.h5", "w") as archive:
        archive["data"] = h5py.ExternalLink("a.h5", "data")
    layout = h5py.VirtualLayout((2, 9, 3), dtype="<f8")
    layout[:] = h5py.VirtualSource(str(external), "data", (2, 9, 3))
    with h5py.File(tmp_path / "c.h5", "w") as archive:
        archive.create_virtual_dataset("data", layout)
    for name, message in (("a.h5", "only where else"), ("b.h5", "Expected ModelNet40's layout"), ("c.h5", "only where else")):
        with pytest.raises(ReaderError, match=message):
            read_cloud(tmp_path / name)


def test_names_of_several_lines_make_one(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with h5py.File(stream, "w") as archive:
        archive["da\nta"] = CLOUDS
    path = tmp_path / "bad.h5"
    path.write_bytes(stream.getvalue())
    with pytest.raises(ReaderError, match="found da ta") as caught:
        read_cloud(path)
    assert "\n" not in str(caught.value)
