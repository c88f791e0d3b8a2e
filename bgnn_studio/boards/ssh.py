"""Commands on a board over an SSH connection."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import asyncssh

from bgnn_studio.boards.shell import CHUNK, Ending
from bgnn_studio.errors import LinkLostError

CLOSE_S = 2.0


@contextmanager
def _link(name: str) -> Iterator[None]:
    try:
        yield
    except asyncssh.Error as error:
        raise LinkLostError(f"{name}: the link broke ({error.reason}). Check the board and the network.") from error


class SshProcess:
    """A command on a board."""

    def __init__(self, name: str, process: "asyncssh.SSHClientProcess[bytes]") -> None:
        self._name, self._process = name, process

    async def read(self) -> bytes:
        """Return some of its output, or nothing at its end; raises `LinkLostError`."""
        with _link(self._name):
            return await self._process.stdout.read(CHUNK)

    async def read_errors(self) -> bytes:
        """Return some of its standard error, or nothing at its end; raises `LinkLostError`."""
        with _link(self._name):
            return await self._process.stderr.read(CHUNK)

    async def write(self, data: bytes) -> None:
        """Send to its standard input; raises `OSError` when it reads no more, or `LinkLostError`."""
        with _link(self._name):
            self._process.stdin.write(data)
            await self._process.stdin.drain()

    def end_input(self) -> None:
        """Close its standard input."""
        with suppress(OSError):
            self._process.stdin.write_eof()

    async def wait(self) -> Ending:
        """Return how it ended, once it has."""
        await self._process.wait_closed()
        signal = self._process.exit_signal
        return Ending(self._process.exit_status, signal[0] if signal else None)

    def signal(self, name: str) -> None:
        """Send TERM or KILL, which old servers do not pass on."""
        with suppress(OSError):
            self._process.send_signal(name)

    def close(self) -> None:
        """Let go of it, whatever it does."""
        self._process.close()


class SshShell:
    """Commands on a board over one connection."""

    def __init__(self, name: str, connections: list[asyncssh.SSHClientConnection]) -> None:
        self.name = name
        self._connections = connections  # through which it goes, the board's own last

    async def start(self, command: str) -> SshProcess:
        """Start a POSIX shell command, whatever the user's login shell is; raises `LinkLostError`."""
        quoted = command.replace("'", "'\\''")
        try:
            return SshProcess(self.name, await self._connections[-1].create_process(f"sh -c '{quoted}'", encoding=None))
        except (OSError, asyncssh.Error) as error:
            raise LinkLostError(f"{self.name}: no command can be started ({error}). Check the board and the network.") from error

    async def close(self) -> None:
        """End the connection, and what still runs over it."""
        await close(self._connections)


async def close(connections: list[asyncssh.SSHClientConnection]) -> None:
    """End connections, those that go through others first."""
    for connection in reversed(connections):
        connection.close()
        try:
            async with asyncio.timeout(CLOSE_S):
                await connection.wait_closed()
        except (TimeoutError, OSError, asyncssh.Error):
            connection.abort()
