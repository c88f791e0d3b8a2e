"""What a board is to everything above it: a place where one POSIX shell command at a time is started, fed, read and stopped."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from bgnn_studio.errors import LinkLostError, RemoteError

CHUNK = 65536
MOST_OUTPUT = 65536  # of a command that is waited for; none has more than a few lines to say
PATIENCE_S = 1.0  # for each way of asking a process to end; the runner needs a few milliseconds
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Ending:
    """How a process ended: its exit status, or the name of the signal that killed it; neither where the link broke first."""

    status: int | None = None
    signal: str | None = None

    @property
    def known(self) -> bool:
        """Whether the process said how it ended."""
        return self.status is not None or self.signal is not None

    def __str__(self) -> str:
        return f"killed by SIG{self.signal}" if self.signal else f"status {self.status}"


class Process(Protocol):
    """A command that runs on a board."""

    async def read(self) -> bytes:
        """Return some of its output, or nothing at its end; raises `LinkLostError`."""

    async def read_errors(self) -> bytes:
        """Return some of its standard error, or nothing at its end; raises `LinkLostError`."""

    async def write(self, data: bytes) -> None:
        """Send to its standard input; raises `OSError` when it reads no more, or `LinkLostError`."""

    def end_input(self) -> None:
        """Close its standard input."""

    async def wait(self) -> Ending:
        """Return how it ended, once it has."""

    def signal(self, name: str) -> None:
        """Send TERM or KILL."""

    def close(self) -> None:
        """Let go of it, whatever it does."""


class Shell(Protocol):
    """Where commands run."""

    name: str

    async def start(self, command: str) -> Process:
        """Start a POSIX shell command; raises `LinkLostError`."""

    async def close(self) -> None:
        """End the connection, and what still runs over it."""


@dataclass(frozen=True)
class Done:
    """A command that has ended: how, its output, and what it said on standard error in one line."""

    ending: Ending
    output: str
    errors: str


async def call(
    shell: Shell, command: str, *, data: bytes = b"", progress: Progress | None = None, timeout_s: float = 30.0, check: bool = True
) -> Done:
    """Run a command to its end, with `data` as its input.

    Parameters
    ----------
    progress : callable, optional
        Gets the bytes sent and those to send.
    timeout_s : float
        In which some input is taken, or the command ends.
    check : bool
        Whether any other status than 0 is an error.

    Raises
    ------
    LinkLostError
        The link broke.
    RemoteError
        It did not end in time, or with another status than 0.
    """
    process = await shell.start(command)
    reading = asyncio.gather(collect(process.read), collect(process.read_errors))
    try:
        try:
            await _feed(process, data, progress, timeout_s)
            async with asyncio.timeout(timeout_s):
                output, errors = await reading
                ending = await process.wait()
        except TimeoutError as error:
            raise RemoteError(f"{shell.name}: a command did not end in {timeout_s:g} s. Check the board, and the launch prefix.") from error
        if not ending.known:
            raise LinkLostError(f"{shell.name}: the link broke. Check the board and the network.")
    finally:
        reading.cancel()
        await stop(process)
    done = Done(ending, output.decode(errors="replace"), " ".join(errors.decode(errors="replace").split()))
    if check and ending.status != 0:
        raise RemoteError(f"{shell.name}: a command failed ({done.errors or ending}).")
    return done


async def _feed(process: Process, data: bytes, progress: Progress | None, timeout_s: float) -> None:
    with suppress(OSError):  # it reads no more: its status and its words say why
        for start in range(0, len(data), CHUNK):
            async with asyncio.timeout(timeout_s):
                await process.write(data[start : start + CHUNK])
            if progress is not None:
                progress(min(start + CHUNK, len(data)), len(data))
        process.end_input()


async def collect(read: Callable[[], Awaitable[bytes]], most: int = MOST_OUTPUT) -> bytes:
    """Read to the end, or until the link breaks; keep the last `most` bytes."""
    kept = b""
    with suppress(LinkLostError):
        while chunk := await read():
            kept = (kept + chunk)[-most:]
    return kept


async def stop(process: Process) -> None:
    """End a process: close its input, then TERM, then KILL, with a pause after each; at most 3 s, at once when it has ended.

    Nobody may read its output any more. Cancelling it kills the process without a pause.
    """
    process.end_input()
    rest = asyncio.ensure_future(collect(process.read))  # over SSH the end comes after the output
    try:
        for name in ("TERM", "KILL", ""):
            with suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE_S):
                    await process.wait()
                break
            if name:
                process.signal(name)
    except asyncio.CancelledError:
        process.signal("KILL")
        raise
    finally:
        rest.cancel()
        process.close()
