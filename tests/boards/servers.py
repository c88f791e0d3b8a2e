"""Boards for the tests, on 127.0.0.1: an SSH server in this process, OpenSSH and dropbear as they are, and a link that can be cut."""

import asyncio
import getpass
import os
import shlex
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

import asyncssh

from bgnn_studio.boards.board import Event
from bgnn_studio.boards.host_keys import HostKey, HostKeys
from bgnn_studio.boards.target import Target

EMULATED = ("qemu-aarch64", "-cpu", "cortex-a72")
T = TypeVar("T")
USER = getpass.getuser()
PASSWORD = "correct horse"


class Answers:
    """Questions answered by the test, and remembered."""

    advice = "Compare it."

    def __init__(self, *, trusts: bool = True, secrets: tuple[str, ...] = ()) -> None:
        self.trusts, self._secrets = trusts, list(secrets)
        self.keys: list[HostKey] = []
        self.prompts: list[str] = []

    async def trust(self, key: HostKey) -> bool:
        self.keys.append(key)
        return self.trusts

    async def secret(self, prompt: str) -> str | None:
        self.prompts.append(prompt)
        return self._secrets.pop(0) if self._secrets else None


class Events(list[Event]):
    """What a board told; called with each event."""

    def __init__(self) -> None:
        super().__init__()
        self._told = asyncio.Event()

    def __call__(self, event: Event) -> None:
        self.append(event)
        self._told.set()

    def of(self, kind: type[T]) -> list[T]:
        return [event for event in self if isinstance(event, kind)]

    async def until(self, kind: type[T], count: int = 1) -> T:
        """Wait for so many events of a kind; return the last of them."""
        async with asyncio.timeout(30):
            while len(self.of(kind)) < count:
                self._told.clear()
                await self._told.wait()
        return self.of(kind)[count - 1]


@dataclass
class Server:
    """A server, the folder that is home to its users, and the key that it accepts."""

    port: int
    home: Path
    key: Path
    log: Path
    user: str = USER

    def target(self, port: int | None = None) -> Target:
        (self.home / "config").touch()
        return Target("board", "127.0.0.1", self.user, port or self.port, self.key, config=self.home / "config")

    def processes(self) -> list[int]:
        """Return the processes that run anything under the server's home."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if str(self.home).encode() in (entry / "cmdline").read_bytes() and int(entry.name) != os.getpid():
                    found.append(int(entry.name))
        return found

    def files(self) -> list[str]:
        return sorted(str(path.relative_to(self.home)) for path in self.home.rglob("*") if path.is_file() and path.name != "config")


def host_keys(folder: Path) -> HostKeys:
    """Return known hosts of this test alone."""
    return HostKeys(folder / "config" / "known_hosts", ())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def new_key(path: Path) -> Path:
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(path)
    path.chmod(0o600)
    key.write_public_key(f"{path}.pub")
    return path


def hashed(password: str) -> str:
    """Return a password as /etc/shadow has it."""
    return subprocess.run(["openssl", "passwd", "-6", password], capture_output=True, text=True, check=True).stdout.strip()


@contextmanager
def openssh(folder: Path, *mounts: str, options: tuple[str, ...] = (), user: str = USER) -> Iterator[Server]:
    """Run OpenSSH's server, by default as the user that runs the tests.

    With mounts, in a mount namespace of its own where these commands were run; options come before those that are the same for all.
    """
    home = folder / "home"
    home.mkdir(exist_ok=True)
    new_key(folder / "host_key")
    key = new_key(folder / "id")
    (folder / "authorized").write_bytes((folder / "id.pub").read_bytes())
    port = free_port()
    every = [
        *options,
        f"ListenAddress 127.0.0.1:{port}",
        f"HostKey {folder}/host_key",
        f"AuthorizedKeysFile {folder}/authorized",
        *("PidFile none", "StrictModes no", "UsePAM no", "PasswordAuthentication no", "KbdInteractiveAuthentication no", "PrintMotd no"),
        "PermitRootLogin prohibit-password",
        "MaxStartups 100",
        f"SetEnv HOME={home}",
    ]
    (folder / "sshd_config").write_text("\n".join(every) + "\n")
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True, mode=0o755)  # where a server of root's shuts its other half in
    command = ["/usr/sbin/sshd", "-D", "-e", "-f", f"{folder}/sshd_config"]
    with _running(_within(mounts, command), folder / "sshd.log", port):
        yield Server(port, home, key, folder / "sshd.log", user)


@contextmanager
def dropbear(folder: Path, *mounts: str, user: str = USER) -> Iterator[Server]:
    """Run dropbear in a mount namespace where the user's home is the test's: it has no option for the file of accepted keys."""
    home = folder / "home"
    (home / ".ssh").mkdir(parents=True, mode=0o700)
    home.chmod(0o700)
    key = new_key(folder / "id")
    (home / ".ssh" / "authorized_keys").write_bytes((folder / "id.pub").read_bytes())
    (home / ".ssh" / "authorized_keys").chmod(0o600)
    host_key = folder / "host_key"
    subprocess.run(["dropbearkey", "-t", "ed25519", "-f", host_key], check=True, capture_output=True)
    port = free_port()
    command = ["/usr/sbin/dropbear", "-F", "-E", "-r", str(host_key), "-p", f"127.0.0.1:{port}", "-P", str(folder / "pid")]
    with _running(_within(mounts or (f"mount --bind {home} ~",), command), folder / "dropbear.log", port):
        yield Server(port, home, key, folder / "dropbear.log", user)


ORDINARY, ORDINARY_ID = "bgnn-ann", 64123


def with_ordinary_user(folder: Path) -> tuple[str, ...]:
    """Return mounts with which a server knows one user more, whose password is `PASSWORD`; the machine's own users stay as they are.

    The folder and those above it must be open to others; its `home` is the user's.
    """
    home = folder / "home"
    home.mkdir()
    os.chown(home, ORDINARY_ID, ORDINARY_ID)
    lines = {"passwd": f"{ORDINARY}:x:{ORDINARY_ID}:{ORDINARY_ID}::{home}:/bin/sh\n", "shadow": f"{ORDINARY}:{hashed(PASSWORD)}:1::::::\n"}
    for name, line in lines.items():
        (folder / name).write_text(Path("/etc", name).read_text() + line)
        (folder / name).chmod(0o644 if name == "passwd" else 0o600)
    return tuple(f"mount --bind {folder}/{name} /etc/{name}" for name in lines)


def _within(mounts: tuple[str, ...], command: list[str]) -> list[str]:
    return ["unshare", "-m", "sh", "-ec", "; ".join([*mounts, f"exec {shlex.join(command)}"])] if mounts else command


@contextmanager
def _running(command: list[str], log: Path, port: int) -> Iterator[None]:
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL) as process:
        try:
            for _ in range(500):
                assert process.poll() is None, log.read_text()
                with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.01)
            yield
        finally:
            process.terminate()


class Link:
    """A connection to a port, through another one: it can be cut, or fall silent."""

    def __init__(self, port: int) -> None:
        self._port, self.port = port, 0
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._open = asyncio.Event()
        self._open.set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()
        self._open.set()

    def silence(self) -> None:
        self._open.clear()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        onward_reader, onward_writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers += [writer, onward_writer]
        self._tasks += [asyncio.ensure_future(self._pump(*pair)) for pair in ((reader, onward_writer), (onward_reader, writer))]

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                await self._open.wait()
                writer.write(data)
                await writer.drain()
        if self._open.is_set():
            writer.close()


class InProcess(asyncssh.SSHServer):
    """A server in this process; its user may log in with a password, and it may be a jump host."""

    password = PASSWORD

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return password == self.password

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        return True


async def serve(folder: Path, name: str = "host_key", **options: object) -> asyncssh.SSHAcceptor:
    """Listen in this process, with a new host key; commands run in a shell whose home is the folder."""
    key = asyncssh.generate_private_key("ssh-ed25519")

    async def run(process: "asyncssh.SSHServerProcess[bytes]") -> None:
        child = await asyncio.create_subprocess_exec(
            *("/bin/sh", "-c", process.command or ""),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env={**os.environ, "HOME": str(folder)},
        )
        process.stdout.write((await child.communicate())[0])
        process.exit(child.returncode or 0)

    return await asyncssh.listen(
        "127.0.0.1", 0, server_factory=InProcess, server_host_keys=[key], process_factory=run, encoding=None, **options
    )
