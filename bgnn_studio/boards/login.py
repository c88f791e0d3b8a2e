"""Logging in over SSH: host keys trusted on first use, never when they change; secrets asked for, held in memory, never logged."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import asyncssh

from bgnn_studio.boards.host_keys import HostKey, HostKeys, Known
from bgnn_studio.boards.ssh import SshShell, close
from bgnn_studio.boards.target import Target, parse_target
from bgnn_studio.errors import LinkLostError, RemoteError

# ed25519 first: a dropbear with an ed25519 key only hangs up on clients that begin with rsa-sha2.
ALGORITHMS = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "rsa-sha2-512", "rsa-sha2-256")
CONNECT_S = 15  # login included
KEEPALIVE_S, KEEPALIVES = 2, 3  # a silent link is found after 2 * 3 s
TRIES = 3  # for a password that is asked for

Connections = list[asyncssh.SSHClientConnection]
Options = asyncssh.SSHClientConnectionOptions


class Questions(Protocol):
    """Who answers while a connection is made; called on the loop of the boards."""

    advice: str  # what to do where a host's key was not trusted

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


class Login:
    """Ways into boards; asks each question once, for it remembers what was right as long as it lives.

    Parameters
    ----------
    keys : HostKeys
    questions : Questions
    """

    def __init__(self, keys: HostKeys, questions: Questions) -> None:
        self._keys, self._questions = keys, questions
        self._passwords: dict[str, str] = {}
        self._private: dict[Path, Sequence[asyncssh.SSHKeyPair]] = {}

    async def connect(self, target: Target) -> SshShell:
        """Log in to a board, through its jump hosts.

        Raises
        ------
        LinkLostError
            It cannot be reached, or the connection broke.
        RemoteError
            Its key is not trusted, or is another than the one that is; the login is refused; the configuration is wrong.
        """
        opened: Connections = []
        try:
            await self._reach(target, opened, ())
        except BaseException:
            await close(opened)
            raise
        return SshShell(target.name, opened)

    async def _reach(self, target: Target, opened: Connections, passed: tuple[str, ...]) -> None:
        """Append to `opened` the connections to the jump hosts, then the one to the target."""
        if target.name in passed:
            raise RemoteError(f"{target.name}: the jump hosts lead in a circle ({', '.join(passed)}). Mend the SSH configuration.")
        resolved = await _resolved(target)
        tunnel = None
        if isinstance(resolved.tunnel, str):
            first, _, last = resolved.tunnel.rpartition(",")
            jump = replace(parse_target(last, config=target.config, jump=first or None), key=target.key)
            await self._reach(jump, opened, (*passed, target.name))
            tunnel = opened[-1]
        opened.append(await self._log_in(target, resolved, tunnel))

    async def _log_in(self, target: Target, resolved: Options, tunnel: asyncssh.SSHClientConnection | None) -> asyncssh.SSHClientConnection:
        """Attempt until every question is answered."""
        where = f"{resolved.username}@{resolved.host}:{resolved.port}"
        host = resolved.host_key_alias or resolved.host
        private = () if target.key is None else await self._load(target.key.expanduser())
        password = target.password if target.password is not None else self._passwords.get(where)
        asked = 0
        while True:
            known = self._keys.known(host, resolved.port)
            client = _Client()
            try:
                connection = await _attempt(target, client, tunnel, known, client_keys=private, password=password)
            except asyncssh.HostKeyNotVerifiable as error:
                if client.refused is None:
                    raise RemoteError(f"{where}: {error.reason}. Do not connect unless you know why.") from error
                await self._ask_trust(where, client.refused, known)
                self._keys.trust(host, resolved.port, client.refused)
            except asyncssh.PermissionDenied as error:
                if not client.wants_password or target.password is not None or asked == TRIES:
                    raise RemoteError(f"{where} refused the login ({error.reason}). Check user, key and password.") from error
                asked += 1
                password = await self._ask_secret(f"Password of {where}")
            except asyncssh.Error as error:
                raise LinkLostError(f"{where} ended the connection ({error.reason}). Check that it is an SSH server.") from error
            except (OSError, UnicodeError) as error:
                raise LinkLostError(f"Could not reach {where} ({_reason(error)}). Check the address, and that the board is on.") from error
            else:
                if password is not None:
                    self._passwords[where] = password
                return connection

    async def _load(self, path: Path) -> Sequence[asyncssh.SSHKeyPair]:
        """Read a private key once, with its passphrase where it has one: deriving the key from that may take seconds."""
        passphrase = None
        while path not in self._private:
            try:
                self._private[path] = await asyncio.to_thread(asyncssh.load_keypairs, str(path), passphrase)
            except OSError as error:
                raise RemoteError(f"{path}: the key cannot be read ({error.strerror}). Check the path.") from error
            except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
                if passphrase is not None or "assphrase" not in str(error):
                    raise RemoteError(f"{path}: the key cannot be used ({error}). Choose another key.") from error
                passphrase = await self._ask_secret(f"Passphrase of {path}")
        return self._private[path]

    async def _ask_trust(self, where: str, key: asyncssh.SSHKey, known: Known) -> None:
        """Return when the key of a host that was never seen is to be trusted; raises `RemoteError` otherwise."""
        shown = HostKey(where, key.get_algorithm(), key.get_fingerprint("sha256"))
        if known[0] or known[1]:
            raise RemoteError(
                f"{where} shows another key ({shown.fingerprint}) than the one that is trusted. Somebody may be listening in, or the board "
                f"was set up anew. Ask who runs it; only then remove its line from {self._keys.own} or from your known_hosts."
            )
        if not await self._questions.trust(shown):
            raise RemoteError(f"{where} is not trusted: its key is {shown.algorithm} {shown.fingerprint}. {self._questions.advice}")

    async def _ask_secret(self, prompt: str) -> str:
        secret = await self._questions.secret(prompt)
        if secret is None:
            raise RemoteError(f"{prompt}: it is asked for, and was not given. Give it, or use a key that needs none.")
        return secret


def _given(target: Target) -> dict[str, Any]:
    """Return what the user says of a connection; the configuration says the rest."""
    given = {"username": target.user, "port": target.port, "config": None if target.config is None else [str(target.config)]}
    return {"host": target.host, **{name: value for name, value in given.items() if value is not None}}


async def _resolved(target: Target) -> Options:
    """Return the options of a connection without its keys: its real address, and the jump hosts."""
    jump = {} if target.jump is None else {"tunnel": target.jump}
    try:
        return await Options.construct(**_given(target), **jump, client_keys=None, agent_path=None)
    except (OSError, ValueError) as error:
        raise RemoteError(f"{target.name}: the SSH configuration cannot be used ({error}). Mend it.") from error


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


def _reason(error: OSError | UnicodeError) -> str:
    if isinstance(error, TimeoutError):
        return f"timed out after {CONNECT_S} s"
    if isinstance(error, OSError) and (error.errno or 0) > 0:  # those of name look-ups are negative
        return os.strerror(error.errno or 0)
    return getattr(error, "strerror", None) or str(error)
