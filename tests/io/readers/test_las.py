"""LAS and LAZ: every point format, map coordinates, chunks, and sizes that lie."""

import io
import struct
from pathlib import Path

import laspy
import numpy as np
import pytest

from bgnn_studio.errors import ReaderError
from bgnn_studio.io.readers import read_cloud
from tests.make_clouds import CORNERS, FOLDER

FORMATS = [(0, "1.2"), (1, "1.2"), (2, "1.2"), (3, "1.2"), (4, "1.3"), (6, "1.4"), (7, "1.4"), (8, "1.4"), (9, "1.4"), (10, "1.4")]


def saved(path: Path, whole: np.ndarray, *, kind: int, version: str, scale: float = 0.001, offset: float = 0, extra: bool = False) -> Path:
    """Write coordinates scale * whole + offset, packed where the name ends with .laz."""
    header = laspy.LasHeader(point_format=kind, version=version)
    header.scales, header.offsets = np.full(3, scale), np.full(3, offset)
    if extra:
        header.add_extra_dim(laspy.ExtraBytesParams("height", "float64"))
    scan = laspy.LasData(header)
    scan.X, scan.Y, scan.Z = whole.T
    stream = io.BytesIO()
    packed = path.suffix == ".laz"
    scan.write(stream, do_compress=packed, laz_backend=laspy.LazBackend.Lazrs if packed else None)
    path.write_bytes(stream.getvalue())
    return path


@pytest.mark.parametrize("suffix", [".las", ".laz"])
@pytest.mark.parametrize(("kind", "version"), FORMATS)
def test_every_point_format(kind: int, version: str, suffix: str, tmp_path: Path) -> None:
    whole = np.random.default_rng(kind).integers(-5000, 5000, size=(300, 3))
    path = saved(tmp_path / f"scan{suffix}", whole, kind=kind, version=version, extra=kind in (3, 7))
    assert np.array_equal(read_cloud(path).points, (whole * 0.001).astype(np.float32))


@pytest.mark.parametrize("kind", [3, 7])
def test_packed_in_several_chunks(kind: int, tmp_path: Path) -> None:
    whole = np.random.default_rng(0).integers(0, 10_000, size=(50_001, 3))  # 50 000 points fill a chunk
    path = saved(tmp_path / "scan.laz", whole, kind=kind, version="1.4", extra=True)
    assert np.array_equal(read_cloud(path).points, (whole * 0.001).astype(np.float32))


def test_map_coordinates_keep_their_resolution(tmp_path: Path) -> None:
    whole = np.random.default_rng(0).integers(0, 3000, size=(200, 3))  # 3 m, to the millimetre
    for offset in (-4_567_890, 4_567_890):
        points = read_cloud(saved(tmp_path / "scan.las", whole, kind=0, version="1.2", offset=offset)).points
        assert points == pytest.approx(whole * 0.001 - np.floor(whole.min(axis=0) * 0.001), abs=2e-6)
    assert len(np.unique(points, axis=0)) == len(np.unique(whole, axis=0))
    assert np.float32(4_567_890.001) == np.float32(4_567_890)  # as they are, float32 would not


LAS, LAZ3, LAZ6 = ((FOLDER / name).read_bytes() for name in ("format0.las", "format3.laz", "format6.laz"))


def patched(data: bytes, at: int, form: str, *values: int) -> bytes:
    changed = bytearray(data)
    struct.pack_into(form, changed, at, *values)
    return bytes(changed)


def start(data: bytes) -> int:
    return int(struct.unpack_from("<I", data, 96)[0])


BAD = {
    "head cut short": (LAS[:200], "header of 227 bytes"),
    "cut short": (LAS[:-1], "Expected 8 points of 160 bytes"),
    "too many points": (patched(LAS, 107, "<I", 2**32 - 1), "Expected 4294967295 points"),
    "too many records": (patched(LAS, 100, "<I", 2**32 - 1), "4294967295 records"),
    "points beyond the end": (patched(LAS, 96, "<I", 2**32 - 1), "points from byte 4294967295"),
    "no point": (patched(LAS, 107, "<I", 0), "at least one point"),
    "unknown point format": (patched(LAS, 104, "<B", 77), "damaged"),
    "too many packed points": (patched(LAZ3, 107, "<I", 2**32 - 1), "promises"),
    "packed, cut short": (LAZ3[:-20], "table of chunks"),
    "a table outside": (patched(LAZ3, start(LAZ3), "<q", 2**40), "its place is byte 1099511627776"),
    "too many chunks": (patched(LAZ3, struct.unpack_from("<q", LAZ3, start(LAZ3))[0] + 4, "<I", 2**31), "2147483648 chunks"),
    "a layer of too much": (patched(LAZ6, start(LAZ6) + 8 + 30 + 4, "<I", 2**32 - 1), "their layers end at byte 42949"),
    "unpacked, called packed": (patched(LAS, 104, "<B", 128), "how the points are packed"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_named(case: str, tmp_path: Path) -> None:
    content, message = BAD[case]
    path = tmp_path / "bad.laz"
    path.write_bytes(content)
    with pytest.raises(ReaderError, match=message):
        read_cloud(path)


def test_box_of_the_hand_written_file() -> None:
    assert np.array_equal(read_cloud(FOLDER / "format0.las").points, CORNERS)
