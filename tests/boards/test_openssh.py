"""Boards behind OpenSSH's own server: deploy, run, prove, stop, lose the link, and what a board may refuse."""

import asyncio
import os
import re
import signal
import time
from pathlib import Path

import pytest

from bgnn_studio.boards import board as board_module
from bgnn_studio.boards import login, shell
from bgnn_studio.boards.board import Board, Connecting, Finished, LinkLost, Run, Uploading
from bgnn_studio.boards.messages import Heartbeat, Noise
from bgnn_studio.boards.target import Target
from bgnn_studio.boards.task import Task
from bgnn_studio.errors import LinkLostError, RemoteError
from tests.boards.conftest import MODELS, Tasks
from tests.boards.servers import EMULATED, Answers, Events, Link, Server, dropbear, host_keys, openssh
from tests.requirements import needs


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "PATIENCE_S", 0.1)


async def profile(target: Target, folder: Path, tasks: list[Task], events: Events | None = None, *, clean: bool = False) -> list[Run]:
    async with Board(target, host_keys(folder), Answers(), Events() if events is None else events) as board:
        runs = await board.run(tasks)
        if clean:
            await board.clean()
    return runs


def gone(server: Server) -> bool:
    """Wait a little for the server's last processes to end."""
    for _ in range(100):
        if not server.processes():
            return True
        time.sleep(0.02)
    return False


def test_every_variant_on_an_emulated_board(server: Server, task: Tasks, tmp_path: Path):
    needs("qemu-aarch64")
    tasks = [task(name, prefix=EMULATED) for name in ("bfr", "bf1", "bf2", "dgcnn", "rf")]
    events = Events()
    runs = asyncio.run(profile(server.target(), tmp_path, tasks, events))
    assert [run.task for run in runs] == tasks
    for run in runs:
        assert run.is_equal
        assert (run.badge, run.identity.machine, run.identity.isa, run.place.architecture) == ("emulated", "aarch64", "neon", "aarch64")
        assert (run.result.n, len(run.result.samples_ns), run.init.points) == (1, 1, 64)
        assert [layer.layer for layer in run.result.layers] == ["layer1", "layer2", "layer3", "layer4", "embedding", "head"]
    assert [event.run for event in events.of(Finished)] == runs
    ends = [event for event in events.of(Uploading) if event.sent == event.total]
    assert [event.what for event in ends] == ["bgnn-runner", "bfr.gguf", "chair", "bf1.gguf", "bf2.gguf", "dgcnn.gguf", "rf.gguf"]
    again = Events()
    asyncio.run(profile(server.target(), tmp_path, tasks[:1], again, clean=True))
    assert again.of(Uploading) == []
    assert server.files() == []
    assert gone(server)


def test_a_damaged_file_is_brought_again(server: Server, task: Tasks, tmp_path: Path):
    (run,) = asyncio.run(profile(server.target(), tmp_path, [task()]))
    assert (run.badge, run.is_equal) == ("measured", True)
    model = server.home / ".cache" / "bgnn-studio" / run.task.model_sha256
    whole = model.read_bytes()
    model.write_bytes(b"\0" + whole[1:])
    asyncio.run(profile(server.target(), tmp_path, [task()]))
    assert model.read_bytes() == whole
    assert model.parent.stat().st_mode & 0o777 == 0o700


def test_a_lying_board_is_found_out(server: Server, task: Tasks, tmp_path: Path):
    lie = ("sh", "-c", '"$@" | sed s/checksum\\":\\"./checksum\\":\\"x/', "sh")
    (run,) = asyncio.run(profile(server.target(), tmp_path, [task(prefix=lie)]))
    assert not run.is_equal


@pytest.mark.parametrize("prefix", [EMULATED, ()])
def test_cancelling_leaves_no_process(prefix: tuple[str, ...], server: Server, task: Tasks, tmp_path: Path):
    needs("qemu-aarch64")
    events = Events()

    async def cancel() -> float:
        running = asyncio.ensure_future(profile(server.target(), tmp_path, [task(repeat=100_000, prefix=prefix)], events))
        await events.until(Heartbeat)
        assert server.processes()
        running.cancel()
        start = time.monotonic()
        with pytest.raises(asyncio.CancelledError):
            await running
        return time.monotonic() - start

    assert asyncio.run(cancel()) < 2
    assert gone(server)
    assert not [name for name in server.files() if name.endswith(".part")]


def test_cancelling_an_upload_leaves_no_part(server: Server, task: Tasks, tmp_path: Path):
    big = task("dgcnn")
    object.__setattr__(big, "model_data", os.urandom(64 << 20))
    events = Events()

    async def cancel() -> None:
        running = asyncio.ensure_future(profile(server.target(), tmp_path, [big], events))
        while not any(event.total == 64 << 20 for event in events.of(Uploading)):
            await events.until(Uploading, len(events.of(Uploading)) + 1)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(cancel())
    assert gone(server)
    assert not [name for name in server.files() if name.endswith(".part")]
    assert max(path.stat().st_size for path in server.home.rglob("*")) < 1 << 20


def test_a_link_that_is_cut_comes_back_and_the_queue_goes_on(server: Server, task: Tasks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(board_module, "PAUSES_S", (0.01, 0.02))
    events = Events()
    tasks = [task("bf2"), task("bf1", repeat=3000), task("bfr")]

    async def cut() -> list[Run]:
        async with Link(server.port) as link:
            running = asyncio.ensure_future(profile(server.target(link.port), tmp_path, tasks, events))
            await events.until(Heartbeat, 3)  # two of the first run
            link.cut()
            return await running

    runs = asyncio.run(cut())
    assert [(run.task.model, run.result.n, run.is_equal) for run in runs] == [("bf2", 1, True), ("bf1", 3000, True), ("bfr", 1, True)]
    (lost,) = events.of(LinkLost)
    assert "board: the link broke" in lost.reason
    assert [event.attempt for event in events.of(Connecting)] == [1, 2]
    assert gone(server)


def test_a_link_that_stays_away(server: Server, long_task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(board_module, "PAUSES_S", (0.01, 0.02))
    events = Events()

    async def cut() -> None:
        async with Link(server.port) as link:
            running = asyncio.ensure_future(profile(server.target(link.port), tmp_path, [long_task], events))
            await events.until(Heartbeat)
            await link.close()
            await running

    with pytest.raises(LinkLostError, match=r"Could not reach .* \(Connection refused\)"):
        asyncio.run(cut())
    assert [event.attempt for event in events.of(Connecting)] == [1, 2, 3]
    assert gone(server)


def test_a_link_that_falls_silent_is_found(server: Server, long_task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(board_module, "PAUSES_S", ())
    monkeypatch.setattr(login, "KEEPALIVE_S", 0.2)
    events = Events()

    async def stall() -> float:
        async with Link(server.port) as link:
            running = asyncio.ensure_future(profile(server.target(link.port), tmp_path, [long_task], events))
            await events.until(Heartbeat)
            link.silence()
            start = time.monotonic()
            with pytest.raises(LinkLostError, match="the link broke"):
                await running
            return time.monotonic() - start

    assert asyncio.run(stall()) < 5
    assert gone(server)


def test_a_killed_runner(server: Server, long_task: Task, tmp_path: Path):
    events = Events()

    async def kill() -> None:
        running = asyncio.ensure_future(profile(server.target(), tmp_path, [long_task], events))
        await events.until(Heartbeat)
        for process in server.processes():
            os.kill(process, signal.SIGKILL)
        await running

    with pytest.raises(RemoteError, match=r"board: the runner ended without a result, (killed by SIGKILL|status 137).*memory may be full"):
        asyncio.run(kill())


def test_words_of_others_on_standard_output(server: Server, task: Tasks, tmp_path: Path):
    talkative = ("sh", "-c", 'echo welcome; printf "{\\"type\\":\\"result\\"}\\n\\377\\n"; exec "$@"', "sh")
    events = Events()
    (run,) = asyncio.run(profile(server.target(), tmp_path, [task(prefix=talkative)], events))
    assert run.is_equal
    assert [noise.text for noise in events.of(Noise)] == ["welcome", '{"type":"result"}', "\N{REPLACEMENT CHARACTER}"]


@pytest.mark.parametrize(
    ("prefix", "message"),
    [
        (("no-such-emulator",), r"the launch prefix 'no-such-emulator' does not start \(.*not found"),
        (("false",), r"the runner does not start \(status 1\)"),
        (("qemu-aarch64", "-cpu", "nonesuch"), r"the runner does not start \(.*nonesuch"),
        (("sh", "-c", 'case "$*" in *help*) exec "$@";; *) yes;; esac', "sh"), "expected the lines of bgnn-runner"),
        (("sh", "-c", 'case "$*" in *help*) exec "$@";; *) echo sorry >&2; exit 5;; esac', "sh"), r"without a result, status 5 \(sorry\)"),
        (("sh", "-c", 'exec "$@" </dev/null', "sh"), "the runner was stopped"),
    ],
)
@pytest.mark.usefixtures("_impatient")
def test_prefixes_that_do_not_serve(prefix: tuple[str, ...], message: str, server: Server, task: Tasks, tmp_path: Path):
    needs("qemu-aarch64")
    with pytest.raises(RemoteError, match=message):
        asyncio.run(profile(server.target(), tmp_path, [task(prefix=prefix, repeat=1000)]))
    assert gone(server)


def test_what_the_runner_refuses(server: Server, task: Tasks, tmp_path: Path):
    with pytest.raises(RemoteError, match=r"board: --cpus: Invalid argument. Name CPUs"):
        asyncio.run(profile(server.target(), tmp_path, [task(cpus="1023")]))


NO_OTHER = (
    "mount --bind /tmp /tmp",
    "mount -o remount,ro,bind /tmp",
    "mount -t tmpfs -o ro none /var/tmp",
    "mount -t tmpfs -o ro none /dev/shm",
)


def test_a_home_that_may_run_nothing_gives_way_to_another_folder(task: Tasks, tmp_path: Path):
    needs("sshd", "mount namespaces")
    with openssh(tmp_path, f"mount -t tmpfs -o noexec none {tmp_path}/home", "mount -t tmpfs none /var/tmp", *NO_OTHER[:2]) as server:
        (run,) = asyncio.run(profile(server.target(), tmp_path, [task()]))
    assert run.place.folder == f"/var/tmp/bgnn-studio-{os.getuid()}"
    assert run.is_equal


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("noexec", r"the runner can be placed nowhere \(.*home/\.cache/bgnn-studio: no program may run there \(.*Permission denied\)\)"),
        ("size=100k", r"home/\.cache/bgnn-studio: bgnn-runner of [\d,]+ bytes could not be written \(.*No space left on device\)"),
        ("ro", r"the runner can be placed nowhere \(no folder may be written\)\. Free space in the home folder"),
    ],
)
def test_no_folder_serves(options: str, message: str, task: Tasks, tmp_path: Path):
    needs("sshd", "mount namespaces", "x86_64")
    with openssh(tmp_path, *NO_OTHER, f"mount -t tmpfs -o {options} none {tmp_path}/home") as server:
        with pytest.raises(RemoteError, match=message):
            asyncio.run(profile(server.target(), tmp_path, [task()]))
        assert gone(server)


def test_a_model_that_does_not_fit(task: Tasks, tmp_path: Path):
    needs("sshd", "mount namespaces")
    with openssh(tmp_path, *NO_OTHER, f"mount -t tmpfs -o size=700k none {tmp_path}/home") as server:
        cache, size = tmp_path / "home" / ".cache" / "bgnn-studio", MODELS["dgcnn"].stat().st_size
        message = (
            rf"board: .*{re.escape(str(cache))}: dgcnn\.gguf of {size:,} bytes could not be written \(.*space left.*\)\. Free some space"
        )
        with pytest.raises(RemoteError, match=message):
            asyncio.run(profile(server.target(), tmp_path, [task("dgcnn")]))
        (run,) = asyncio.run(profile(server.target(), tmp_path, [task("bf2")]))
        assert run.is_equal


def test_dropbear(task: Tasks, tmp_path: Path):
    needs("dropbear", "mount namespaces", "qemu-aarch64")
    with dropbear(tmp_path) as server:
        events = Events()
        runs = asyncio.run(profile(server.target(), tmp_path, [task("bf2", prefix=EMULATED), task("rf")], events, clean=True))
        assert [(run.badge, run.is_equal) for run in runs] == [("emulated", True), ("measured", True)]

        async def cancel() -> None:
            running = asyncio.ensure_future(profile(server.target(), tmp_path, [task(repeat=100_000)], events))
            await events.until(Heartbeat, len(events.of(Heartbeat)) + 1)
            running.cancel()
            await asyncio.wait([running])

        asyncio.run(cancel())
        assert gone(server)
