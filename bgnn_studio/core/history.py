"""Undo and redo over immutable values: what was before each step, what after it, and its name."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

LIMIT = 200  # steps; what was closed stays in memory for as long as one of them can open it again
PAUSE_SECONDS = 1.0  # changes of one kind that follow each other faster are one step: a slider, a brush


@dataclass(frozen=True)
class Step(Generic[T]):
    """One change that can be undone; `kind` is empty for one that never joins with the next."""

    before: T
    after: T
    label: str
    kind: str = ""


class History(Generic[T]):
    """Steps in order, and how many of them are done.

    Parameters
    ----------
    clock : callable
        Seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._steps: list[Step[T]] = []
        self._done = 0
        self._last = float("-inf")  # when the newest step last grew; minus infinity: it has ended
        self._group: str | None = None
        self._group_start = 0

    @property
    def undo_label(self) -> str | None:
        """Name of the step that `undo` takes back, or None."""
        return self._steps[self._done - 1].label if self._done else None

    @property
    def redo_label(self) -> str | None:
        """Name of the step that `redo` brings back, or None."""
        return self._steps[self._done].label if self._done < len(self._steps) else None

    def record(self, before: T, after: T, label: str, kind: str = "") -> None:
        """Add a step that was just done; what had been undone is forgotten.

        It joins the newest step when that is of the same kind and less than a second old; a step that ends where it began goes.
        """
        del self._steps[self._done :]
        now = self._clock()
        joins = bool(kind and self._steps and self._steps[-1].kind == kind and now - self._last < PAUSE_SECONDS)
        if self._group is not None:
            joins = len(self._steps) > self._group_start
            label = self._group
        step = Step(self._steps.pop().before if joins else before, after, label, kind)
        if step.before != after:
            self._steps.append(step)
        if self._group is None:
            del self._steps[:-LIMIT]
        self._done, self._last = len(self._steps), now

    @contextmanager
    def group(self, label: str) -> Iterator[None]:
        """Make one step of all that is recorded inside; a group within a group is part of it."""
        if self._group is not None:
            yield
            return
        del self._steps[self._done :]
        self._group, self._group_start = label, self._done
        try:
            yield
        finally:
            self._group = None
            self.end_step()

    def end_step(self) -> None:
        """Let nothing join the newest step any more."""
        self._last = float("-inf")

    def undo(self) -> T | None:
        """Return what was before the newest step that is done, or None."""
        if not self._done:
            return None
        self._done -= 1
        self.end_step()
        return self._steps[self._done].before

    def redo(self) -> T | None:
        """Return what was after the step that was undone last, or None."""
        if self._done == len(self._steps):
            return None
        self._done += 1
        self.end_step()
        return self._steps[self._done - 1].after

    def clear(self) -> None:
        """Forget all steps: the present is the ground from now on."""
        self._steps, self._done = [], 0
