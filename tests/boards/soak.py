"""`python -m tests.boards.soak [CYCLES]`: connect, run, cancel, many times over, and count what is left."""

import asyncio
import os
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from bgnn_studio.boards.board import Board
from bgnn_studio.boards.messages import Init
from bgnn_studio.boards.task import Settings, Task, prepare
from bgnn_studio.boards.thread import BoardThread
from bgnn_studio.core.resources import bundled_models
from tests.boards.servers import Answers, Events, Server, host_keys, openssh
from tests.random_model import random_cloud

WARM = 3  # cycles after which everything that is kept on purpose is there


@dataclass(frozen=True)
class Left:
    """What there is now: open files and threads of this process, processes and files of the board."""

    descriptors: int
    threads: int
    processes: int
    files: int


def left(server: Server) -> Left:
    """Count, once what has been told to end has had a moment to."""
    for _ in range(100):
        if not server.processes():
            break
        time.sleep(0.02)
    return Left(len(os.listdir("/proc/self/fd")), threading.active_count(), len(server.processes()), len(server.files()))  # noqa: PTH208


async def cycle(server: Server, folder: Path, task: Task) -> None:
    """Connect, start a long run, cancel it in the middle."""
    events = Events()

    async def run() -> None:
        async with Board(server.target(), host_keys(folder), Answers(), events) as board:
            await board.run([task])

    running = asyncio.ensure_future(run())
    await events.until(Init)
    running.cancel()
    await asyncio.wait([running])
    assert running.cancelled()


def soak(server: Server, folder: Path, cycles: int) -> tuple[Left, Left]:
    """Return what there is after the first cycles, and after all; each time once the boards' thread has ended."""
    task = prepare(bundled_models()[0], "random", random_cloud(64), Settings(repeat=100_000))
    found = []
    for count in (WARM, cycles - WARM):
        with BoardThread() as thread:
            for _ in range(count):
                thread.start(cycle(server, folder, task)).result(60)
        found.append(left(server))
    return found[0], found[1]


def main() -> int:
    """Run as many cycles as asked, 1,000 by default; return 1 when something is left."""
    cycles = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as folder, openssh(Path(folder)) as server:
        start = time.monotonic()
        before, after = soak(server, Path(folder), cycles)
        print(f"{cycles} cycles in {time.monotonic() - start:.0f} s\nafter {WARM}: {before}\nafter all: {after}")
    return int(before != after)


if __name__ == "__main__":
    sys.exit(main())
