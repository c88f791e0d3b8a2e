"""Tasks run on one board, one after the other: connect, settle, bring, run, judge; after a lost link once more from where it broke."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from bgnn_studio.boards import deploy
from bgnn_studio.boards.execution import execute
from bgnn_studio.boards.host_keys import HostKeys
from bgnn_studio.boards.local import LocalShell
from bgnn_studio.boards.login import Login, Questions
from bgnn_studio.boards.messages import Cool, First, Heartbeat, Identity, Init, Message, ModelInfo, Result
from bgnn_studio.boards.shell import Shell
from bgnn_studio.boards.target import Target
from bgnn_studio.boards.task import Task
from bgnn_studio.boards.verdicts import Badge, Throttling, badge, throttling
from bgnn_studio.errors import LinkLostError, RemoteError

PAUSES_S = (1.0, 2.0, 4.0, 8.0)  # before each try to connect again


@dataclass(frozen=True, eq=False)
class Run:
    """A task that was run on a board, with all that the board said.

    Attributes
    ----------
    board : str
        As the user named it.
    task : Task
    place : Place
        Where the runner ran, and which one.
    started : datetime
    identity, model, init, first, heartbeats, result
        The runner's lines.
    cool : Cool or None
        The pause before, where one was asked for.
    badge : Badge
        Whether its times are a real processor's.
    throttling : Throttling
        Whether the board was held back.
    """

    board: str
    task: Task
    place: deploy.Place
    started: datetime
    identity: Identity
    model: ModelInfo
    init: Init
    first: First
    heartbeats: tuple[Heartbeat, ...]
    result: Result
    cool: Cool | None
    badge: Badge = field(init=False)
    throttling: Throttling = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "badge", badge(self.task.settings.prefix, self.identity, self.place.machine))
        object.__setattr__(self, "throttling", throttling(self.heartbeats, self.identity.affinity))

    @property
    def is_equal(self) -> bool:
        """Whether every graph, bit and logit is this machine's own."""
        return self.result.checksum == self.task.checksum


@dataclass(frozen=True)
class Connecting:
    """A connection is being made; `attempt` counts from 1."""

    attempt: int


@dataclass(frozen=True)
class Uploading:
    """Bytes of a file are on their way."""

    what: str
    sent: int
    total: int


@dataclass(frozen=True, eq=False)
class Started:
    """A task begins; its lines follow."""

    task: Task


@dataclass(frozen=True)
class LinkLost:
    """The link broke; after a pause it is tried again."""

    reason: str
    pause_s: float


@dataclass(frozen=True, eq=False)
class Finished:
    """A task has its figures."""

    run: Run


Event = Connecting | Uploading | Started | Message | LinkLost | Finished
Listener = Callable[[Event], None]


class Board(AbstractAsyncContextManager["Board"]):
    """A board that is connected while in its `async with`; everything happens on the loop that it is used on.

    Parameters
    ----------
    target : Target
    keys : HostKeys
    questions : Questions
        Asked when a host is new, or wants a password.
    listener : callable
        Gets every event, on that loop.
    """

    def __init__(self, target: Target, keys: HostKeys, questions: Questions, listener: Listener) -> None:
        self.target = target
        self._login, self._tell = Login(keys, questions), listener
        self._shell: Shell | None = None
        self._places: dict[tuple[str, ...], deploy.Place] = {}

    async def __aenter__(self) -> Self:
        await self._connected(1)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        await self._disconnect()

    async def run(self, tasks: Sequence[Task]) -> list[Run]:
        """Run tasks in their order.

        A task whose link breaks is run again, from its start, once the board is back; after four tries in a row without success
        `LinkLostError` is raised. Cancelling ends the process on the board.
        """
        runs: list[Run] = []
        tries = 0
        while len(runs) < len(tasks):
            try:
                runs.append(await self._run(await self._connected(tries + 1), tasks[len(runs)]))
                tries = 0
            except LinkLostError as error:
                await self._disconnect()
                if tries == len(PAUSES_S) or self.target.is_local:
                    raise
                self._tell(LinkLost(str(error), PAUSES_S[tries]))
                await asyncio.sleep(PAUSES_S[tries])
                tries += 1
        return runs

    async def clean(self) -> None:
        """Remove every file that was ever brought to the board."""
        self._places.clear()
        if self._shell is not None:
            await deploy.clean(self._shell)

    async def _connected(self, attempt: int) -> Shell:
        if self._shell is None:
            self._tell(Connecting(attempt))
            self._shell = LocalShell() if self.target.is_local else await self._login.connect(self.target)
        return self._shell

    async def _disconnect(self) -> None:
        shell, self._shell = self._shell, None
        self._places.clear()
        if shell is not None:
            await shell.close()

    async def _run(self, shell: Shell, task: Task) -> Run:
        prefix = task.settings.prefix
        if prefix not in self._places:
            self._places[prefix] = await deploy.settle(shell, prefix, self._upload)
        place = self._places[prefix]
        await deploy.bring(shell, place, [(task.path.name, task.model_data), (task.cloud, task.cloud_data)], self._upload)
        self._tell(Started(task))
        started = datetime.now(UTC)
        lines: dict[type[Message], Any] = {}
        heartbeats: list[Heartbeat] = []

        def keep(message: Message) -> None:
            if isinstance(message, Heartbeat):
                heartbeats.append(message)
            lines[type(message)] = message
            self._tell(message)

        await execute(shell, place, task, keep)
        if missing := [kind.__name__ for kind in (Identity, ModelInfo, Init, First) if kind not in lines]:
            raise RemoteError(f"{shell.name}: the runner's lines came damaged (no {missing[0]}). Run again.")
        first_lines = (lines[Identity], lines[ModelInfo], lines[Init], lines[First])
        run = Run(self.target.name, task, place, started, *first_lines, tuple(heartbeats), lines[Result], lines.get(Cool))
        self._tell(Finished(run))
        return run

    def _upload(self, what: str, sent: int, total: int) -> None:
        self._tell(Uploading(what, sent, total))
