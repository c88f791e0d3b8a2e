"""Connections over SSH: host keys trusted on first use, never when they change; secrets asked for, held in memory, never logged."""

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import asyncssh

from bgnn_studio.boards.host_keys import HostKey, HostKeys, Known
from bgnn_studio.boards.shell import CHUNK, Ending
from bgnn_studio.boards.target import Target, parse_target
from bgnn_studio.errors import LinkLostError, RemoteError

# ed25519 first: a dropbear with an ed25519 key only hangs up on clients that begin with rsa-sha2.
ALGORITHMS = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "rsa-sha2-512", "rsa-sha2-256")
CONNECT_S = 15  # login included
KEEPALIVE_S, KEEPALIVES = 2, 3  # a silent link is found after 2 * 3 s
CLOSE_S = 2.0
TRIES = 3  # for a password that is asked for


class Questions(Protocol):
    """Who answers while a connection is made; called on the loop of the boards."""

    async def trust(self, key: HostKey) -> bool:
        """Whether a host that was never seen is to be trusted from now on."""

    async def secret(self, prompt: str) -> str | None:
        """Return a password or passphrase, or None: give up."""


class _Client(asyncssh.SSHClient):
    """Refuses what it would have to ask about, and remembers it: questions are put between two attempts, which no time-out ends."""

    def __init__(self) -> None:
        self.refused: asyncssh.SSHKey | None = None
        self.wants_password = False

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:  # noqa: ARG002
        self.refused = key
        return False

    def password_auth_requested(self) -> None:
        self.wants_password = True

    def kbdint_auth_requested(self) -> Any:  # noqa: ANN401
        self.wants_password = True
        return NotImplemented  # asyncssh answers with the password, where there is one


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
        await _close(self._connections)


async def _close(connections: list[asyncssh.SSHClientConnection]) -> None:
    for connection in reversed(connections):
        connection.close()
        try:
            async with asyncio.timeout(CLOSE_S):
                await connection.wait_closed()
        except (TimeoutError, OSError, asyncssh.Error):
            connection.abort()


async def connect(target: Target, keys: HostKeys, questions: Questions) -> SshShell:
    """Log in to a board, through its jump hosts.

    Raises
    ------
    LinkLostError
        It cannot be reached, or the connection broke.
    RemoteError
        Its key is not trusted, or is another than the one that is; the login is refused; the configuration is wrong.
    """
    opened: list[asyncssh.SSHClientConnection] = []
    try:
        await _reach(target, keys, questions, opened)
    except BaseException:
        await _close(opened)
        raise
    return SshShell(target.name, opened)


async def _reach(
    target: Target, keys: HostKeys, questions: Questions, opened: list[asyncssh.SSHClientConnection], passed: tuple[str, ...] = ()
) -> None:
    """Append to `opened` the connections to the jump hosts, then the one to the target."""
    if target.name in passed:
        raise RemoteError(f"{target.name}: the jump hosts lead in a circle ({', '.join(passed)}). Mend the SSH configuration.")
    resolved = await _resolved(target)
    tunnel = None
    if isinstance(resolved.tunnel, str):
        first, _, last = resolved.tunnel.rpartition(",")
        jump = replace(parse_target(last, config=target.config, jump=first or None), key=target.key)
        await _reach(jump, keys, questions, opened, (*passed, target.name))
        tunnel = opened[-1]
    opened.append(await _log_in(target, resolved, tunnel, keys, questions))


def _given(target: Target) -> dict[str, Any]:
    """Return what the user says of a connection; the configuration says the rest."""
    given = {"username": target.user, "port": target.port, "config": None if target.config is None else [str(target.config)]}
    return {"host": target.host, **{name: value for name, value in given.items() if value is not None}}


async def _resolved(target: Target) -> asyncssh.SSHClientConnectionOptions:
    """Return the options of a connection without its keys: its real address, and the jump hosts."""
    jump = {} if target.jump is None else {"tunnel": target.jump}
    try:
        return await asyncssh.SSHClientConnectionOptions.construct(**_given(target), **jump, client_keys=None, agent_path=None)
    except (OSError, ValueError) as error:
        raise RemoteError(f"{target.name}: the SSH configuration cannot be used ({error}). Mend it.") from error


async def _log_in(
    target: Target,
    resolved: asyncssh.SSHClientConnectionOptions,
    tunnel: asyncssh.SSHClientConnection | None,
    keys: HostKeys,
    questions: Questions,
) -> asyncssh.SSHClientConnection:
    """Attempt until every question is answered."""
    where = f"{resolved.username}@{resolved.host}:{resolved.port}"
    host = resolved.host_key_alias or resolved.host
    client_keys = () if target.key is None else await _load_key(target.key.expanduser(), questions)
    password, asked = target.password, 0
    while True:
        known = keys.known(host, resolved.port)
        client = _Client()
        try:
            return await _attempt(target, client, tunnel, known, client_keys=client_keys, password=password)
        except asyncssh.HostKeyNotVerifiable as error:
            if client.refused is None:
                raise RemoteError(f"{where}: {error.reason}. Do not connect unless you know why.") from error
            await _ask_trust(where, client.refused, keys, questions, known)
            keys.trust(host, resolved.port, client.refused)
        except asyncssh.PermissionDenied as error:
            if not client.wants_password or target.password is not None or asked == TRIES:
                raise RemoteError(f"{where} refused the login ({error.reason}). Check user, key and password.") from error
            asked += 1
            password = await _ask_secret(f"Password of {where}", questions)
        except asyncssh.Error as error:
            raise LinkLostError(f"{where} ended the connection ({error.reason}). Check that it is an SSH server.") from error
        except (OSError, UnicodeError) as error:
            raise LinkLostError(f"Could not reach {where} ({_reason(error)}). Check the address, and that the board is on.") from error


async def _load_key(path: Path, questions: Questions) -> "Sequence[asyncssh.SSHKeyPair]":
    """Read a private key once, with its passphrase where it has one: deriving the key from that may take seconds."""
    passphrase = None
    while True:
        try:
            return await asyncio.to_thread(asyncssh.load_keypairs, str(path), passphrase)
        except OSError as error:
            raise RemoteError(f"{path}: the key cannot be read ({error.strerror}). Check the path.") from error
        except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
            if passphrase is not None or "assphrase" not in str(error):
                raise RemoteError(f"{path}: the key cannot be used ({error}). Choose another key.") from error
            passphrase = await _ask_secret(f"Passphrase of {path}", questions)


def _reason(error: OSError | UnicodeError) -> str:
    if isinstance(error, TimeoutError):
        return f"timed out after {CONNECT_S} s"
    if isinstance(error, OSError) and (error.errno or 0) > 0:  # those of name look-ups are negative
        return os.strerror(error.errno or 0)
    return getattr(error, "strerror", None) or str(error)


async def _attempt(
    target: Target,
    client: _Client,
    tunnel: asyncssh.SSHClientConnection | None,
    known: Known,
    **login: Any,  # noqa: ANN401
) -> asyncssh.SSHClientConnection:
    trusted, authorities, _ = known
    algorithms = [algorithm.decode() for key in trusted for algorithm in key.sig_algorithms]
    connection, _ = await asyncssh.create_connection(
        lambda: client,
        **_given(target),
        **login,
        tunnel=tunnel,
        known_hosts=known,
        # Certificates of hosts only where an authority is known; keys of a known kind first.
        server_host_key_algs=() if authorities else list(dict.fromkeys((*algorithms, *ALGORITHMS))),
        connect_timeout=CONNECT_S,
        keepalive_interval=KEEPALIVE_S,
        keepalive_count_max=KEEPALIVES,
    )
    return connection


async def _ask_trust(where: str, key: asyncssh.SSHKey, keys: HostKeys, questions: Questions, known: Known) -> None:
    """Return when the key of a host that was never seen is to be trusted; raises `RemoteError` otherwise."""
    shown = HostKey(where, key.get_algorithm(), key.get_fingerprint("sha256"))
    if known[0] or known[1]:
        raise RemoteError(
            f"{where} shows another key ({shown.fingerprint}) than the one that is trusted. Somebody may be listening in, or the board was "
            f"set up anew. Ask who runs it; only then remove its line from {keys.own} or from your known_hosts."
        )
    if not await questions.trust(shown):
        raise RemoteError(f"{where} is not trusted: its key is {shown.algorithm} {shown.fingerprint}. Compare it on the board.")


async def _ask_secret(prompt: str, questions: Questions) -> str:
    secret = await questions.secret(prompt)
    if secret is None:
        raise RemoteError(f"{prompt}: it is asked for, and was not given. Give it, or use a key that needs none.")
    return secret
