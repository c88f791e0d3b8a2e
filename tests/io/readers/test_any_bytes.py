"""Any byte string is a cloud or a ReaderError: free bytes, and real files with bytes changed, cut, doubled or spliced (fuzz_readers)."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.io.fuzz_readers import SUFFIXES, mutants, outcome, samples
from tests.requirements import ROOT, needs

STARTS = (
    *(b"", b"ply\n", b"OFF\n", b"\x93NUMPY\x01\x00", b"PK\x03\x04", b"1 2 3\n", b"v 1 2 3\n", b"solid\n", b"glTF\x02\0\0\0", b"{"),
    *(b"VERSION .7\n", b"LASF", b"\x89HDF\r\n\x1a\n"),
)
ANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)


@ANY
@given(st.sampled_from(STARTS), st.one_of(st.binary(max_size=300), st.text(max_size=200).map(str.encode)), st.sampled_from(SUFFIXES))
def test_free_bytes(tmp_path: Path, start: bytes, rest: bytes, suffix: str) -> None:
    assert outcome(tmp_path / f"cloud{suffix}", start + rest) in ("cloud", "refused")


@pytest.mark.parametrize("kind", samples())
def test_damaged_files(kind: str, tmp_path: Path) -> None:
    """A short budget; `python -m tests.io.fuzz_readers` has a long one, with bounds on time and memory."""
    outcomes = {"cloud": 0, "refused": 0}
    for _, content, suffix in mutants(kind, range(150), seed=0):
        outcomes[outcome(tmp_path / f"cloud{suffix}", content)] += 1
    assert min(outcomes.values()) > 0


BROKEN = """
import ctypes, sys
from pathlib import Path
import numpy as np
from bgnn_studio.core.clouds import Cloud
from bgnn_studio.errors import ReaderError
from tests.io import fuzz_readers

def read_cloud(path):
    if path.name.startswith("warm"):
        return Cloud("warm", np.zeros((1, 3)), path)
    match path.read_bytes()[-1] % 7:
        case 0:
            try:
                np.ones(1 << 31)
            except MemoryError as error:
                raise ReaderError(f"{path}: damaged") from error
        case 1:
            ctypes.string_at(0)
        case 2:
            raise KeyError("header")
        case 3:
            while True:
                pass
    raise ReaderError(f"{path}: damaged")

fuzz_readers.read_cloud, fuzz_readers.CPU_SECONDS = read_cloud, 0.02
sys.exit(fuzz_readers.main(["--only", "STL", "--files", "50", "--keep", sys.argv[1]]))
"""


def test_the_fuzzer_finds_what_it_looks_for(tmp_path: Path) -> None:
    """Large allocations, crashes, other exceptions and loops, with the file of each finding kept."""
    needs("fork")
    done = subprocess.run([sys.executable, "-c", BROKEN, tmp_path], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    for words in ("asked for more than 256 MiB", "ended with -11", "KeyError: 'header'", "ended with -27"):
        assert words in done.stdout
    assert len(list(tmp_path.glob("finding-*"))) == done.stdout.count("FINDING")
