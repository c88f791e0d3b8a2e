"""A board as the user names it: ``user@host:port``, a name of ``~/.ssh/config``, or ``local``."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from bgnn_studio.errors import RemoteError

LOCAL = "local"
_FORM = re.compile(r"(?:(?P<user>\S+)@)?(?:\[(?P<six>[0-9A-Fa-f:.%\w]+)\]|(?P<host>[^@:\[\]\s-][^@:\[\]\s]*))(?::(?P<port>\d{1,5}))?")


@dataclass(frozen=True)
class Target:
    """Where a board is and how to log in; what is None is taken from the SSH configuration, else from its defaults.

    Attributes
    ----------
    name : str
        As the user wrote it.
    host : str
        Empty for this machine.
    user, port
    key : Path or None
        Private key; None: those of the agent, the configuration, and the default ones.
    jump : str or None
        Jump hosts as `name`, separated by commas, the first one to be reached first.
    password : str or None
        Held in memory only.
    config : Path or None
        SSH configuration; None: ``~/.ssh/config``.
    """

    name: str
    host: str = ""
    user: str | None = None
    port: int | None = None
    key: Path | None = None
    jump: str | None = None
    password: str | None = field(default=None, repr=False)
    config: Path | None = None

    @property
    def is_local(self) -> bool:
        """Whether it is this machine, without SSH."""
        return not self.host


def parse_target(
    text: str, *, key: Path | None = None, jump: str | None = None, password: str | None = None, config: Path | None = None
) -> Target:
    """Return the board that a text names; raises `RemoteError` for a text that names none."""
    if text == LOCAL:
        return Target(LOCAL)
    match = _FORM.fullmatch(text)
    port = int(match["port"]) if match and match["port"] else None
    if match is None or (port is not None and not 1 <= port <= 65535):
        raise RemoteError(f"Expected a board as user@host, user@host:port, [address]:port or local (got {text!r}).")
    return Target(text, match["host"] or match["six"], match["user"], port, key, jump, password, config)
