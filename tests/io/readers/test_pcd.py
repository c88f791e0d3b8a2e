"""PCD: headers that promise too much or too little."""

import struct
from pathlib import Path

import numpy as np
import pytest

from bgnn_studio.errors import ReaderError
from bgnn_studio.io.readers import read_cloud

HEAD = "VERSION 0.7\nFIELDS x y z\nSIZE 4 4 4\nTYPE F F F\nCOUNT 1 1 1\nWIDTH 2\nHEIGHT 1\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS 2\nDATA {}\n"
ASCII = HEAD.format("ascii") + "1 2 3\n4 5 6\n"
BINARY = HEAD.format("binary").encode() + np.arange(1, 7, dtype="<f4").tobytes()


def saved(folder: Path, content: bytes | str) -> Path:
    path = folder / "cloud.pcd"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("kind", ["f4", "f8", "i1", "u1", "i2", "u2", "i4", "u4"])
def test_every_type_of_number(kind: str, tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 100, size=(50, 3)).astype(f"<{kind}")
    size, letter = values.itemsize, kind[0].upper()
    head = HEAD.replace("4 4 4", f"{size} {size} {size}").replace("F F F", f"{letter} {letter} {letter}").replace("POINTS 2", "POINTS 50")
    assert np.array_equal(read_cloud(saved(tmp_path, head.format("binary").encode() + values.tobytes())).points, values)


def test_only_points_with_no_coordinate_at_all_are_left_out(tmp_path: Path) -> None:
    assert np.array_equal(read_cloud(saved(tmp_path, ASCII.replace("4 5 6", "nan nan nan"))).points, [[1, 2, 3]])
    with pytest.raises(ReaderError, match=r"\(4, nan, 6\) at point 1"):
        read_cloud(saved(tmp_path, ASCII.replace("4 5 6", "4 nan 6")))


def test_one_point(tmp_path: Path) -> None:
    assert np.array_equal(read_cloud(saved(tmp_path, ASCII.replace("POINTS 2", "POINTS 1").replace("4 5 6\n", ""))).points, [[1, 2, 3]])


BAD = {
    "no end": (ASCII.replace("DATA", "DATUM"), "ends with 'DATA"),
    "no count": (ASCII.replace("COUNT 1 1 1\n", ""), "Expected each of COUNT.*got VERSION"),
    "twice": (ASCII.replace("WIDTH 2\n", "WIDTH 2\nWIDTH 2\n"), "once in a header"),
    "no z": (ASCII.replace("x y z", "x y w"), "fields x, y, z"),
    "sizes missing": (ASCII.replace("4 4 4", "4 4"), "3 fields, 2 sizes"),
    "strange type": (ASCII.replace("F F F", "F F Q"), "damaged"),
    "no point": (ASCII.replace("POINTS 2", "POINTS 0"), "got 0 points"),
    "ASCII cut short": (ASCII.replace("4 5 6\n", ""), "2 points in 11 bytes or more"),
    "ASCII row lost": (ASCII.replace("4 5 6\n", "").replace("1 2 3", "1.000 2.000 3.000"), "Expected 2 points.*found 1"),
    "ASCII value lost": (ASCII.replace("4 5 6", "4.00 5"), "damaged"),
    "binary cut short": (BINARY[:-1], r"in 24 bytes or more \(only 23"),
    "binary of too much": (BINARY.replace(b"POINTS 2", b"POINTS 999999999999"), "cut short"),
    "points of too much": (BINARY.replace(b"COUNT 1 1 1", b"COUNT 1 1 999999999"), "up to 4096 values"),
    "negative size": (BINARY.replace(b"SIZE 4 4 4", b"SIZE 4 4 -4"), "up to 4096 values"),
    "packed, another size": (HEAD.format("binary_compressed").encode() + struct.pack("<II", 8, 4 << 20) + bytes(8), "24 bytes of points"),
    "packed, of too much": (
        HEAD.replace("POINTS 2", "POINTS 300000000").format("binary_compressed").encode() + struct.pack("<II", 8, 3_600_000_000) + bytes(8),
        "promises 3600000000 bytes",
    ),
    "packed, cut short": (HEAD.format("binary_compressed").encode() + struct.pack("<II", 20, 24) + bytes(8), "only 16 are there"),
    "packed, damaged": (HEAD.format("binary_compressed").encode() + struct.pack("<II", 8, 24) + b"\xff" * 8, "damaged"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_named(case: str, tmp_path: Path) -> None:
    content, message = BAD[case]
    with pytest.raises(ReaderError, match=message):
        read_cloud(saved(tmp_path, content))
