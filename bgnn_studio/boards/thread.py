"""The one thread that boards live on, with an event loop of its own; nothing else in the application has one."""

import asyncio
from collections.abc import Coroutine
from contextlib import AbstractContextManager
from threading import Event, Thread
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")


class BoardThread(AbstractContextManager["BoardThread"]):
    """Runs coroutines from any thread. Its `close` cancels what still runs, and returns when that has ended."""

    def __init__(self) -> None:
        self._ready = Event()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._thread = Thread(target=lambda: asyncio.run(self._serve()), name="bgnn-boards", daemon=True)
        self._thread.start()
        self._ready.wait()

    def start(self, coroutine: Coroutine[Any, Any, T]) -> "Future[T]":
        """Run a coroutine there; cancelling the future cancels it."""
        return asyncio.run_coroutine_threadsafe(self._run(coroutine), self._loop)

    def close(self) -> None:
        """End the thread; calling it again does nothing."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._closing.set)
            self._thread.join()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    def __enter__(self) -> Self:
        return self

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._closing = asyncio.Event()
        self._ready.set()
        await self._closing.wait()
        # Only what was started here, and not, as asyncio.run would, asyncio's own task that connects the pipes of a process which is
        # just being made: whoever makes it would wait for those for ever (Python 3.11).
        running = list(self._tasks)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        if self._closing.is_set():
            coroutine.close()
            raise asyncio.CancelledError
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            return await coroutine
        finally:
            self._tasks.discard(task)
