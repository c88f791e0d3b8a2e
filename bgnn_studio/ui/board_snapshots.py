"""The newest stored run of each board: what the list says of a board, and what the tab shows of it first."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from bgnn_studio.core.units import size_text
from bgnn_studio.history import Filter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bgnn_studio.history import History, Run
    from bgnn_studio.ui.board_book import KnownBoard
    from bgnn_studio.ui.toasts import Toasts
    from bgnn_studio.ui.workers import Jobs


class Snapshots(QObject):
    """Reads them off the GUI thread.

    Signals
    -------
    changed
        Other runs are the newest now.
    """

    changed = Signal()

    def __init__(self, history: "History", jobs: "Jobs", toasts: "Toasts", parent: QObject) -> None:
        super().__init__(parent)
        self._history, self._jobs, self._toasts = history, jobs, toasts
        self._runs: dict[str, Run] = {}

    def of(self, board: "KnownBoard") -> "Run | None":
        """Return the newest run of a board."""
        return self._runs.get(board.machine)

    def load(self, boards: "Iterable[KnownBoard]") -> None:
        """Read those of these boards."""
        machines = [board.machine for board in boards]

        def read() -> "dict[str, Run]":
            newest = [entry for name in machines for entry in self._history.entries(Filter(kind="board", machine=name), limit=1)]
            return {entry.conditions.machine: self._history.get(entry.id).run for entry in newest}

        failed = lambda error: self._toasts.error("Run history", error)  # noqa: E731
        self._jobs.start("Reading the newest runs of boards", lambda _: read(), done=self._show, failed=failed, key="snapshots")

    def keep(self, run: "Run") -> None:
        """Take a run that was just made as the newest of its board."""
        self._runs[run.conditions.machine] = run
        self.changed.emit()

    def _show(self, runs: "dict[str, Run]") -> None:
        self._runs = runs
        self.changed.emit()


def summary(run: "Run | None") -> str:
    """Return a board in a few words, as it was at its newest run."""
    if run is None:
        return "not profiled yet"
    facts = run.machine_facts
    memory = facts.get("memory_total_bytes")
    words = [facts["machine"], facts["isa"], f"{facts['cores']} cores", size_text(memory) if memory else ""]
    return "  \N{MIDDLE DOT}  ".join(word for word in words if word)


def description(run: "Run | None", title: str) -> str:
    """Return all that a tooltip says of a board."""
    if run is None:
        return f"{title}: no run is stored yet"
    facts = run.machine_facts
    cpu = next((cpu["model_name"] for cpu in facts.get("cpus") or () if cpu["model_name"]), None)
    governors = sorted({one["governor"] for one in facts.get("governors") or () if one["governor"]})
    lines = [
        f"{title}, as it was at its last run, {run.conditions.time.astimezone():%d %b %Y %H:%M}",
        ", ".join(filter(None, [facts.get("board"), cpu])),
        f"{facts['system']} {facts['release']}; instruction sets {', '.join(facts['isas'])}",
        f"governor {', '.join(governors)}" if governors else "",
    ]
    return "\n".join(filter(None, lines))
