"""Questions of a connection, put in the window while the boards' thread waits for the answer."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bgnn_studio.boards.host_keys import HostKey


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked: yes or no, or a secret; None gives up."""

    title: str
    detail: str
    secret: bool
    answer: "Future[str | None]" = field(default_factory=Future)

    def give(self, answer: str | None) -> None:
        """Answer it; one that nobody waits for any more takes none."""
        if self.answer.set_running_or_notify_cancel():
            self.answer.set_result(answer)


class WindowQuestions:
    """Asks by a callable that may be called on any thread.

    Parameters
    ----------
    ask : callable
        Gets each `Question`.
    remembered : dict
        Secrets by their prompt, in memory only: each is tried once in a run before it is asked for again.
    """

    advice = "Profile again, and accept the key once it is what 'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub' gives on the board."

    def __init__(self, ask: Callable[[Question], None], remembered: dict[str, str]) -> None:
        self._ask, self._remembered = ask, remembered
        self._tried: set[str] = set()

    async def trust(self, key: "HostKey") -> bool:
        """Whether a host that was never seen is to be trusted from now on."""
        detail = f"Its key is {key.algorithm} {key.fingerprint}. Accept it only if the board itself says the same."
        return await self._answer(Question(f"{key.where} was never seen", detail, secret=False)) is not None

    async def secret(self, prompt: str) -> str | None:
        """Return a password or passphrase, or None: the user gave up."""
        if prompt in self._remembered and prompt not in self._tried:
            self._tried.add(prompt)
            return self._remembered[prompt]
        self._tried.add(prompt)
        given = await self._answer(Question(prompt, "It is kept in memory until the window closes, never written anywhere.", secret=True))
        if given is not None:
            self._remembered[prompt] = given
        return given

    async def _answer(self, question: Question) -> str | None:
        self._ask(question)
        return await asyncio.wrap_future(question.answer)
