"""Keys of hosts that may be talked to: the project's own file, where trusted keys are added, and the user's, which is only read."""

import os
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from bgnn_studio.errors import RemoteError

USER_FILES = (Path("~/.ssh/known_hosts"), Path("/etc/ssh/ssh_known_hosts"))
SSH_PORT = 22
Known = tuple[list[asyncssh.SSHKey], list[asyncssh.SSHKey], list[asyncssh.SSHKey]]


def own_file() -> Path:
    """Return the project's own file of known hosts, in the user's configuration folder."""
    from platformdirs import user_config_path

    return user_config_path("bgnn-studio", appauthor=False) / "known_hosts"


@dataclass(frozen=True)
class HostKey:
    """A key that a host shows: where, its algorithm, and its SHA-256 fingerprint as OpenSSH writes it (``SHA256:...``)."""

    where: str
    algorithm: str
    fingerprint: str


class HostKeys:
    """Known hosts in OpenSSH's format.

    Parameters
    ----------
    own : Path
        Where `trust` adds; made when it is needed, readable by its user alone.
    others : paths
        Read too; absent ones are left out.
    """

    def __init__(self, own: Path | None = None, others: tuple[Path, ...] = USER_FILES) -> None:
        self.own = own or own_file()
        self._files = (self.own, *(path.expanduser() for path in others))

    def known(self, host: str, port: int) -> Known:
        """Return the trusted, the authorities' and the revoked keys of a host; raises `RemoteError` for a file that cannot be read."""
        trusted: list[asyncssh.SSHKey] = []
        authorities: list[asyncssh.SSHKey] = []
        revoked: list[asyncssh.SSHKey] = []
        for path in self._files:
            if not path.is_file():
                continue
            try:
                found = asyncssh.read_known_hosts(str(path)).match(_entry(host, port), "", None)
            except (OSError, ValueError) as error:
                raise RemoteError(f"{path}: the known hosts cannot be read ({error}). Mend or remove that line.") from error
            trusted += found[0]
            authorities += found[1]
            revoked += found[2]
        return trusted, authorities, revoked

    def trust(self, host: str, port: int, key: asyncssh.SSHKey) -> None:
        """Add a key of a host to the project's own file; raises `RemoteError` when it cannot be written."""
        line = f"{_entry(host, port)} {key.export_public_key('openssh').decode().strip()}\n"
        try:
            self.own.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with open(os.open(self.own, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as file:  # noqa: PTH123
                file.write(line)
        except OSError as error:
            raise RemoteError(
                f"{self.own}: the host's key cannot be stored ({error.strerror}). Free some space, or mend its rights."
            ) from error


def _entry(host: str, port: int) -> str:
    return host if port == SSH_PORT else f"[{host}]:{port}"
