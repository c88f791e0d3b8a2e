"""This machine as a board, and the thread that boards live on: what ends, what leaks, what a silent runner is."""

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path

import pytest

from bgnn_studio.boards import deploy, shell
from bgnn_studio.boards.board import Board, Finished, Run
from bgnn_studio.boards.execution import execute
from bgnn_studio.boards.local import LocalShell
from bgnn_studio.boards.messages import Heartbeat
from bgnn_studio.boards.shell import call
from bgnn_studio.boards.target import parse_target
from bgnn_studio.boards.task import Task
from bgnn_studio.boards.thread import BoardThread
from bgnn_studio.errors import RemoteError
from tests.boards.conftest import Tasks
from tests.boards.servers import Answers, Events, Server, host_keys


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Return this machine's home for the test, as if a server's; no process may be left at the end."""
    monkeypatch.setenv("HOME", str(tmp_path))
    server = Server(0, tmp_path, tmp_path, tmp_path)
    yield server
    assert server.processes() == []


async def profile(tasks: list[Task], events: Events, folder: Path, *, clean: bool = False) -> list[Run]:
    async with Board(parse_target("local"), host_keys(folder), Answers(), events) as board:
        runs = await board.run(tasks)
        if clean:
            await board.clean()
    return runs


@pytest.mark.parametrize("model", ["bfr", "bf1", "bf2", "dgcnn", "rf"])
def test_the_host_gives_the_same_outputs(model: str, home: Server, task: Tasks):
    events = Events()
    (run,) = asyncio.run(profile([task(model, repeat=8, threads=2, k=7)], events, home.home))
    assert (run.is_equal, run.badge, run.place.machine) == (True, "measured", os.uname().machine)
    assert (run.init.threads, run.init.k, run.result.n) == (2, 7, 8)
    assert events[-1].run is run


def test_cleaning_leaves_nothing(home: Server, task: Tasks):
    asyncio.run(profile([task()], Events(), home.home, clean=True))
    assert home.files() == []


def test_the_thread_ends_everything(home: Server, long_task: Task):
    """Closing in the middle of runs: no process, no thread; the futures are cancelled."""
    threads = set(threading.enumerate())
    events = Events()
    thread = BoardThread()
    running = [thread.start(profile([long_task], events, home.home)) for _ in range(3)]
    thread.start(events.until(Heartbeat, 3)).result(30)
    running[0].cancel()
    start = time.monotonic()
    thread.close()
    thread.close()
    assert time.monotonic() - start < 2
    assert all(future.cancelled() for future in running)
    with pytest.raises(CancelledError):
        running[1].result()
    end = time.monotonic() + 5
    while set(threading.enumerate()) != threads and time.monotonic() < end:  # a killed process is waited for by a thread (Python 3.11)
        time.sleep(0.01)
    assert set(threading.enumerate()) == threads


@pytest.mark.parametrize("steps", range(6))
def test_the_thread_ends_while_a_process_is_being_made(steps: int):
    """Whichever of its steps the loop has done, closing does not wait for pipes that are never connected."""
    thread = BoardThread()

    async def sleep() -> None:
        await shell.stop(await LocalShell().start("exec sleep 1"))

    async def begin() -> None:
        thread.start(sleep())
        for _ in range(steps):
            await asyncio.sleep(0)

    thread.start(begin()).result(5)
    closing = threading.Thread(target=thread.close, daemon=True)
    closing.start()
    closing.join(5)
    assert not closing.is_alive()


def test_results_and_errors_come_back(home: Server, task: Tasks):
    with BoardThread() as thread:
        events = Events()
        (run,) = thread.start(profile([task()], events, home.home)).result(30)
        assert events.of(Finished)[0].run is run
        with pytest.raises(RemoteError, match="local: the launch prefix 'none' does not start"):
            thread.start(profile([task(prefix=("none",))], events, home.home)).result(30)


def test_a_runner_that_falls_silent(home: Server, long_task: Task, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shell, "PATIENCE_S", 0.1)

    async def silent() -> None:
        here = LocalShell()
        place = await deploy.settle(here, (), lambda *_: None)
        await deploy.bring(here, place, [("model", long_task.model_data), ("cloud", long_task.cloud_data)], lambda *_: None)
        events = Events()
        running = asyncio.ensure_future(execute(here, place, long_task, events, silence_s=1.2))
        await events.until(Heartbeat)
        await call(here, f"kill -STOP {' '.join(map(str, home.processes()))}")
        await running

    with pytest.raises(RemoteError, match=r"local: the runner said nothing for 1\.2 s"):
        asyncio.run(silent())


def test_a_command_that_does_not_end(home: Server, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shell, "PATIENCE_S", 0.1)

    async def endless() -> None:
        await call(LocalShell(), f"trap '' TERM; while sleep 0.05; do : {home.home}; done", timeout_s=0.2)

    with pytest.raises(RemoteError, match=r"local: a command did not end in 0\.2 s"):
        asyncio.run(endless())


def test_an_input_that_is_not_read(home: Server):
    done = asyncio.run(call(LocalShell(), "exec <&-; echo done", data=bytes(1 << 20)))
    assert (done.output, done.ending.status) == ("done\n", 0)


def test_what_others_put_in_the_way_is_not_taken(home: Server, monkeypatch: pytest.MonkeyPatch, task: Tasks):
    """A link in place of the first folder, and a file in place of the second: the third is taken, and the fourth is not made."""
    (home.home / "elsewhere").mkdir()
    (home.home / "one").symlink_to(home.home / "elsewhere")
    (home.home / "two").touch()
    monkeypatch.setattr(deploy, "FOLDERS", [f'"$HOME/{name}"' for name in ("one", "two", "three", "four")])
    (run,) = asyncio.run(profile([task()], Events(), home.home))
    assert run.place.folder == f"{home.home}/three"
    assert sorted(path.name for path in home.home.iterdir()) == ["elsewhere", "one", "three", "two"]
    assert not list((home.home / "elsewhere").iterdir())
