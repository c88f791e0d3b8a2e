"""Any byte string is a cloud or a ReaderError: free bytes, and real files with bytes changed, cut, doubled or spliced."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bgnn_studio.core.clouds import Cloud
from bgnn_studio.errors import ReaderError
from bgnn_studio.io.readers import read_cloud, supported_extensions
from tests.requirements import ROOT

FILES = [p.read_bytes() for p in sorted((ROOT / "tests" / "data" / "clouds").iterdir())]
SUFFIXES = ("", *supported_extensions())
STARTS = (
    *(b"", b"ply\n", b"OFF\n", b"\x93NUMPY\x01\x00", b"PK\x03\x04", b"1 2 3\n", b"v 1 2 3\n", b"solid\n", b"glTF\x02\0\0\0", b"{"),
    *(b"VERSION .7\n", b"LASF", b"\x89HDF\r\n\x1a\n"),
)
ANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
WORDS = (
    b"-1",
    b"0",
    b"nan",
    b"1e999",
    b"999999999999",
    b"\0",
    b"\n",
    b" ",
    b"list",
    b"end_header",
    b"uchar",
    b"face",
    b"(3,)",
    b"\xff" * 4,
)


def is_cloud_or_error(path: Path, content: bytes) -> bool:
    """Whether reading gave a valid cloud, or a ReaderError of one line that names the file."""
    path.write_bytes(content)
    try:
        cloud = read_cloud(path)
    except ReaderError as error:
        return str(error).startswith(f"{path}: ") and "\n" not in str(error)
    return isinstance(cloud, Cloud) and bool(np.isfinite(cloud.points).all())


@ANY
@given(st.sampled_from(STARTS), st.one_of(st.binary(max_size=300), st.text(max_size=200).map(str.encode)), st.sampled_from(SUFFIXES))
def test_free_bytes(tmp_path: Path, start: bytes, rest: bytes, suffix: str) -> None:
    assert is_cloud_or_error(tmp_path / f"cloud{suffix}", start + rest)


def mutate(rng: np.random.Generator, content: bytes) -> bytes:
    at, to = sorted(int(i) for i in rng.integers(len(content) + 1, size=2))
    match int(rng.integers(6)):
        case 0:
            return content[:at] + bytes([int(rng.integers(256))]) + content[at + 1 :]
        case 1:
            return content[:at]
        case 2:
            return content[:at] + content[to:]
        case 3:
            return content[:to] + content[at:]
        case 4:
            return content[:at] + WORDS[int(rng.integers(len(WORDS)))] + content[at + int(rng.integers(3)) :]
        case _:
            return content[:at] + FILES[int(rng.integers(len(FILES)))][at:]


@pytest.mark.parametrize("seed", range(8))
def test_damaged_files(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(250):
        content = FILES[int(rng.integers(len(FILES)))]
        for _ in range(int(rng.integers(1, 4))):
            content = mutate(rng, content)
        assert is_cloud_or_error(tmp_path / f"cloud{SUFFIXES[int(rng.integers(len(SUFFIXES)))]}", content), content
