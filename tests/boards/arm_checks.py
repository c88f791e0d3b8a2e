"""`python -m tests.boards.arm_checks` (make test-board): everything that a board must do and may refuse, on the emulated arm64 machine."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncssh
import pytest

from bgnn_studio.boards import board as board_module
from bgnn_studio.boards.board import Board, LinkLost, Run, Uploading
from bgnn_studio.boards.host_keys import HostKeys
from bgnn_studio.boards.login import Login
from bgnn_studio.boards.messages import Heartbeat, Noise
from bgnn_studio.boards.shell import Shell, call
from bgnn_studio.boards.target import Target
from bgnn_studio.boards.task import Settings, Task, prepare
from bgnn_studio.core.clouds import preprocess
from bgnn_studio.core.resources import bundled_clouds, bundled_models
from bgnn_studio.core.units import size_text
from bgnn_studio.errors import BgnnError
from bgnn_studio.io.readers import read_cloud
from tests.boards.arm_board import FOLDER, USER, booted
from tests.boards.servers import PASSWORD, Answers, Events, Link, host_keys

MODELS = {path.stem: path for path in bundled_models()}
ORDER = ("dgcnn", "rf", "bf1", "bf2", "bfr")
BAR = 40
NO_OTHER = "for d in /tmp /var/tmp /dev/shm; do mount -t tmpfs -o ro none $d; done; rm -rf ~/.cache"
RUNNERS = "ps | grep -c '[m]odel /' || true"


def task(model: str, count: int = 128, **settings: object) -> Task:
    """Return a bundled model on the first cloud, for three passes unless told otherwise."""
    points = preprocess(read_cloud(bundled_clouds()[0]).points, count)
    return prepare(MODELS[model], "chair", points, Settings(**{"repeat": 3, **settings}))


class Checks:
    """The checks, in their order; each prints a line.

    Parameters
    ----------
    target : Target
        The machine, by its key, as root.
    folder : Path
        For known hosts.
    """

    def __init__(self, target: Target, folder: Path) -> None:
        self.target, self.keys, self.events = target, host_keys(folder), Events()
        self.folder = folder

    async def profile(self, *tasks: Task, target: Target | None = None, answers: Answers | None = None, clean: bool = False) -> list[Run]:
        async with Board(target or self.target, self.keys, answers or Answers(), self.events) as board:
            runs = await board.run(tasks)
            if clean:
                await board.clean()
        return runs

    async def up(self) -> Shell:
        """Connect, once the machine is up, and print the seconds; return a shell there."""
        start = time.monotonic()
        for _ in range(100):
            with suppress(BgnnError):
                shell = await Login(self.keys, Answers()).connect(self.target)
                print(f"connected {time.monotonic() - start:.0f} s after power-on", flush=True)
                return shell
            await asyncio.sleep(1)
        raise SystemExit(f"The board did not come up:\n{(FOLDER / 'serial.log').read_text()}")

    async def refused(self, what: str, said: str, *tasks: Task, target: Target | None = None, answers: Answers | None = None) -> None:
        """Expect a run to fail with a message, and print it."""
        with pytest.raises(BgnnError, match=said) as refusal:
            await self.profile(*(tasks or (task("bf2"),)), target=target, answers=answers)
        print(f"{what}: {refusal.value}", flush=True)

    async def run(self) -> None:
        """Check everything but the instructions."""
        shell = await self.up()
        for check in (self.hosts, self.models, self.password, self.cancel, self.cut, self.stall, self.killed, self.words, self.folders):
            await check(shell)
        async with Board(self.target, self.keys, Answers(), self.events) as board:
            await board.clean()
        files = (await call(shell, "find / -xdev -name 'bgnn*' 2>/dev/null; true")).output.split()
        assert files == [], files
        print("cleaned: no file is left on the board")
        await shell.close()

    async def hosts(self, _: Shell) -> None:
        unknown, changed = Checks(self.target, self.folder / "unknown"), Checks(self.target, self.folder / "changed")
        await unknown.refused("unknown key", "is not trusted: its key is ssh-ed25519", answers=Answers(trusts=False))
        other = asyncssh.generate_private_key("ssh-ed25519").convert_to_public()
        assert self.target.port is not None
        HostKeys(changed.keys.own, ()).trust(self.target.host, self.target.port, other)
        await changed.refused("changed key", "shows another key")

    async def models(self, _: Shell) -> None:
        for run in await self.profile(*(task(name, threads=2) for name in ORDER)):
            result = run.result
            assert run.is_equal
            assert (run.badge, run.throttling.state, run.identity.machine, run.identity.isa) == ("emulated", "unknown", "aarch64", "neon")
            assert run.identity.cpus is not None
            assert run.identity.cpus[0].part == "0xd08"
            assert all(beat.frequencies is beat.temperatures is beat.throttled is None for beat in run.heartbeats)
            assert result.peak_rss_bytes is not None
            assert (result.instructions, result.instructions_absent) == (None, "the processor offers no counter")
            print(
                f"{run.task.model:6} {run.badge}, {run.identity.isa}: outputs equal ({result.checksum}), peak "
                f"{size_text(result.peak_rss_bytes)}, arena {size_text(result.arena_bytes)}; sensors and counters absent",
                flush=True,
            )

    async def password(self, _: Shell) -> None:
        ann = replace(self.target, user=USER, key=None)
        wrong = Answers(secrets=("wrong",) * 9)
        await self.refused("wrong password", "refused the login", target=ann, answers=wrong)
        right = Answers(secrets=("wrong", PASSWORD))
        (run,) = await self.profile(task("bf2"), target=ann, answers=right, clean=True)
        assert run.is_equal
        assert len(right.prompts) == 2
        assert run.place.folder == f"/home/{USER}/.cache/bgnn-studio"
        print(f"password: asked for twice, right the second time; ran as {USER} in {run.place.folder}", flush=True)

    async def begun(self, running: "asyncio.Future[object]") -> None:
        await self.events.until(Heartbeat, len(self.events.of(Heartbeat)) + 1)
        assert not running.done()

    async def cancel(self, shell: Shell) -> None:
        running = asyncio.ensure_future(self.profile(task("bf2", repeat=100_000)))
        await self.begun(running)
        assert int((await call(shell, RUNNERS)).output) > 0
        running.cancel()
        await asyncio.wait([running])
        assert int((await call(shell, RUNNERS)).output) == 0
        print("cancelled: no process is left on the board", flush=True)

    async def through_link(self, do: Callable[[Link], object], *tasks: Task) -> "asyncio.Future[list[Run]]":
        """Run through a link, and do something to it once a run has begun; return the ended run."""
        async with Link(self.target.port or 22) as link:
            running = asyncio.ensure_future(self.profile(*tasks, target=replace(self.target, port=link.port)))
            await self.begun(running)
            do(link)
            await asyncio.wait([running])
        return running

    async def cut(self, shell: Shell) -> None:
        before = len(self.events.of(Uploading))
        ended = await self.through_link(Link.cut, task("bf1", repeat=2000), task("bf2"))
        assert [(run.task.model, run.is_equal) for run in ended.result()] == [("bf1", True), ("bf2", True)]
        assert [lost for lost in self.events.of(LinkLost) if "the link broke" in lost.reason]
        assert len(self.events.of(Uploading)) == before
        assert int((await call(shell, RUNNERS)).output) == 0
        print("link cut in the middle: taken up again, the queue went on, nothing was brought twice", flush=True)

    async def stall(self, shell: Shell) -> None:
        lost, start = len(self.events.of(LinkLost)), time.monotonic()

        async def mend(link: Link) -> None:
            await self.events.until(LinkLost, lost + 1)
            print(f"silent stall: found after {time.monotonic() - start:.0f} s ({self.events.of(LinkLost)[lost].reason})", flush=True)
            link.cut()  # what comes after goes through

        mending: list[asyncio.Future[None]] = []

        def silence(link: Link) -> None:
            link.silence()
            mending.append(asyncio.ensure_future(mend(link)))

        ended = await self.through_link(silence, task("bf1", repeat=2000))
        assert ended.result()[0].is_equal
        assert int((await call(shell, RUNNERS)).output) == 0
        print("silent stall: taken up again, no process is left on the board", flush=True)

    async def killed(self, shell: Shell) -> None:
        running = asyncio.ensure_future(self.refused("runner killed", "ended without a result", task("bf2", repeat=100_000)))
        await self.begun(running)
        await call(shell, "kill -9 $(ps | grep '[m]odel /' | awk '{print $1}')")
        await running

    async def words(self, _: Shell) -> None:
        (run,) = await self.profile(task("bf2", prefix=("sh", "-c", 'echo welcome; printf "{}\\n\\377\\n"; exec "$@"', "sh")))
        assert run.is_equal
        print(f"garbage on standard output: {[noise.text for noise in self.events.of(Noise)]} passed over, outputs equal", flush=True)

    async def folders(self, shell: Shell) -> None:
        for options, said in (("size=100k", "No space left"), ("noexec", "no program may run there"), ("ro", "no folder may be written")):
            await call(shell, f"{NO_OTHER}; mkdir -p ~/.cache; mount -t tmpfs -o {options} none ~/.cache")
            await self.refused({"size=100k": "full disk", "noexec": "no exec permission", "ro": "read only"}[options], said)
            await call(shell, "for d in ~/.cache /tmp /var/tmp /dev/shm; do umount $d; done")

    async def count(self) -> None:
        """Count instructions, twice; print them relative to the float network."""
        await (await self.up()).close()
        found: dict[str, list[int]] = {}
        for run in await self.profile(*(task(name, 256) for name in ORDER), *(task(name, 256, threads=2) for name in ORDER)):
            assert run.is_equal
            assert run.badge == "emulated"
            assert run.result.instructions is not None, run.result.instructions_absent
            found.setdefault(run.task.model, []).append(run.result.instructions)
        print("\ninstructions of one pass, emulated (qemu -icount, cortex-a72), N = 256; float = 1")
        for name, (first, second) in found.items():
            assert abs(first - second) < 1e-2 * first, (name, first, second)  # whatever the number of threads
            ratio = first / found["dgcnn"][0]
            print(f"{name:6} {chr(0x2588) * max(round(BAR * ratio), 1):{BAR}} {ratio:.3f}  {first:,}", flush=True)
        assert all(found[name][0] < found["dgcnn"][0] for name in ("bf1", "bf2", "bfr"))


def main() -> None:
    """Boot twice: with time as it passes, and with a clock of instructions."""
    board_module.PAUSES_S = (0.5, 1.0, 2.0, 4.0)
    with TemporaryDirectory() as folder:
        for counts in (False, True):
            with booted(counts=counts) as target:
                checks = Checks(target, Path(folder) / str(counts))
                asyncio.run(asyncio.wait_for(checks.count() if counts else checks.run(), 900))


if __name__ == "__main__":
    main()
