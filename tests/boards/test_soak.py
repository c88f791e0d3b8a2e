"""Fifty times connected, run and cancelled: nothing is left behind."""

import gc
from pathlib import Path

from tests.boards.servers import Server
from tests.boards.soak import soak


def test_nothing_is_left(server: Server, tmp_path: Path):
    gc.collect()  # what other tests have dropped may not close its files in the middle
    before, after = soak(server, tmp_path, 50)
    assert after == before
    assert after.processes == 0
