"""Checkpoints on the window: each is described by a worker, asked about once, converted by a worker, and opened."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from bgnn_studio.ui.converting import convert, describe
from bgnn_studio.ui.panels.checkpoint_bar import CheckpointBar

if TYPE_CHECKING:
    from bgnn_studio.ui.converting import Answer, Facts
    from bgnn_studio.ui.desk import Desk
    from bgnn_studio.ui.toasts import Toasts
    from bgnn_studio.ui.workers import Job, Jobs


class Checkpoints(QObject):
    """Asks about one checkpoint after the other.

    Attributes
    ----------
    bar : CheckpointBar
        To be shown above the tabs.
    """

    def __init__(self, desk: "Desk", jobs: "Jobs", toasts: "Toasts", parent: QObject) -> None:
        super().__init__(parent)
        self._desk, self._jobs, self._toasts = desk, jobs, toasts
        self._asked: list[tuple[Path, Facts]] = []
        self._job: Job | None = None
        self.bar = CheckpointBar()
        self.bar.answered.connect(self._convert)
        self.bar.dismissed.connect(self._next)
        jobs.changed.connect(self._follow)
        desk.checkpoint_opened = self._describe

    def _describe(self, path: Path) -> None:
        def done(facts: "Facts") -> None:
            self._asked.append((path, facts))
            if len(self._asked) == 1:
                self.bar.ask(path, facts)

        self._jobs.start(
            f"Reading {path.name}",
            lambda cancelled: describe(path, cancelled),
            done=done,
            failed=lambda error: self._toasts.error(f"{path.name} was not opened", error),
            waits=True,
        )

    def _convert(self, answer: "Answer") -> None:
        path = self._asked[0][0]
        self.bar.set_busy(busy=True)

        def done(_: None) -> None:
            self._next()
            self._toasts.info("Checkpoint converted", str(answer.output))
            self._desk.open([answer.output])

        self._job = self._jobs.start(
            f"Converting {path.name}",
            lambda cancelled: convert(path, answer, cancelled),
            done=done,
            failed=lambda error: self._toasts.error(f"{path.name} was not converted", error),
            waits=True,
        )

    def _follow(self) -> None:
        """Ask again once a conversion has ended, be it that it failed or was cancelled."""
        if self._job is not None and self._job not in self._jobs.running:
            self._job = None
            self.bar.set_busy(busy=False)

    def _next(self) -> None:
        self._asked.pop(0)
        if self._asked:
            self.bar.ask(*self._asked[0])
        else:
            self.bar.hide()
