"""The local machine as a board: the commands that go over SSH elsewhere, in a shell of its own."""

import asyncio
import os
import signal
from asyncio.subprocess import PIPE
from contextlib import suppress

from bgnn_studio.boards.shell import CHUNK, Ending
from bgnn_studio.errors import RemoteError


class LocalProcess:
    """A command on this machine, in a process group of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._process, self._input, self._output, self._errors = process, process.stdin, process.stdout, process.stderr

    async def read(self) -> bytes:
        """Return some of its output, or nothing at its end."""
        return await self._output.read(CHUNK)

    async def read_errors(self) -> bytes:
        """Return some of its standard error, or nothing at its end."""
        return await self._errors.read(CHUNK)

    async def write(self, data: bytes) -> None:
        """Send to its standard input; raises `OSError` when it reads no more."""
        self._input.write(data)
        await self._input.drain()

    def end_input(self) -> None:
        """Close its standard input."""
        self._input.close()

    async def wait(self) -> Ending:
        """Return how it ended, once it has."""
        code = await self._process.wait()
        return Ending(status=code) if code >= 0 else Ending(signal=signal.Signals(-code).name.removeprefix("SIG"))

    def signal(self, name: str) -> None:
        """Send TERM or KILL to the whole group."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.Signals[f"SIG{name}"])

    def close(self) -> None:
        """Let go of it, whatever it does."""
        self._process._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001 (there is no public way to let go of the pipes)


class LocalShell:
    """Commands on this machine."""

    name = "local"

    async def start(self, command: str) -> LocalProcess:
        """Start a POSIX shell command; raises `RemoteError` where there is no shell."""
        try:
            process = await asyncio.create_subprocess_exec(
                "/bin/sh", "-c", command, stdin=PIPE, stdout=PIPE, stderr=PIPE, start_new_session=True
            )
        except OSError as error:
            raise RemoteError(f"local: no shell could be started ({error.strerror}). Use a board over SSH.") from error
        return LocalProcess(process)

    async def close(self) -> None:
        """Nothing to end: each command was stopped by whoever started it."""
