"""Questions of a connection, put on the terminal by the main thread while the boards' thread waits for the answer."""

import asyncio
import getpass
import os
import sys
from collections.abc import Collection
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

from bgnn_studio.boards.host_keys import HostKey

PASSWORD_VARIABLE = "BGNN_SSH_PASSWORD"  # noqa: S105 (its name)

POLL_S = 0.1


class TerminalQuestions:
    """Asks where standard input is a terminal; elsewhere trusts only the fingerprints that were given, and has no secret.

    Parameters
    ----------
    trusted : collection of str
        Fingerprints as OpenSSH writes them, ``SHA256:...``.
    """

    advice = "Compare it with 'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub' on the board, then give it with --trust."

    def __init__(self, trusted: Collection[str]) -> None:
        self._trusted = trusted
        self._open: SimpleQueue[tuple[str, bool, Future[str]]] = SimpleQueue()

    async def trust(self, key: HostKey) -> bool:
        """Whether a host that was never seen is to be trusted from now on."""
        if key.fingerprint in self._trusted:
            return True
        question = f"{key.where} was never seen. Its key is {key.algorithm} {key.fingerprint}. Trust it from now on? [yes/no] "
        return await self._ask(question, secret=False) == "yes"

    async def secret(self, prompt: str) -> str | None:
        """Return a password or passphrase, or None where nobody can be asked."""
        return await self._ask(f"{prompt}: ", secret=True) or None

    def answer_until(self, done: "Future[Any]") -> None:
        """Answer on this thread until a future is done; Ctrl-C interrupts it."""
        while not done.done():
            with suppress(Empty):  # a wait without end would not take Ctrl-C on Windows
                prompt, secret, answer = self._open.get(timeout=POLL_S)
                text = ""
                with suppress(EOFError):
                    text = getpass.getpass(prompt) if secret else input(prompt)
                answer.set_result(text)

    async def _ask(self, prompt: str, *, secret: bool) -> str:
        if not sys.stdin.isatty():
            return ""
        answer: Future[str] = Future()
        self._open.put((prompt, secret, answer))
        return await asyncio.wrap_future(answer)


def given_password() -> str | None:
    """Return the password of the environment, for scripts: not an option, which others would see in the list of processes."""
    return os.environ.get(PASSWORD_VARIABLE)
