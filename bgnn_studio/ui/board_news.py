"""What a run on a board tells the window, beside the runner's own lines."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bgnn_studio.boards.task import Settings
    from bgnn_studio.errors import HistoryError
    from bgnn_studio.history import Run


@dataclass(frozen=True)
class Said:
    """A line for the log."""

    text: str


@dataclass(frozen=True)
class Bringing:
    """A file is on its way: which, and how much of it is there, 0 to 1."""

    what: str
    share: float


@dataclass(frozen=True)
class Began:
    """A model begins: its name, which it is (from 1) of how many runs, and how it is measured."""

    model: str
    number: int
    of: int
    settings: "Settings"

    @property
    def title(self) -> str:
        """What runs, in a few words."""
        threads = self.settings.threads
        name = self.model if threads == 1 else f"{self.model}, {threads} threads"
        return f"{name}, {self.number} of {self.of}" if self.of > 1 else name

    @property
    def until(self) -> str:
        """When it ends."""
        if self.settings.soak is not None:
            return f"soak of {self.settings.soak:g} s"
        if self.settings.repeat is not None:
            return f"{self.settings.repeat:,} passes"
        return f"until the median is known to 1 %, {self.settings.seconds:g} s at most"


@dataclass(frozen=True, eq=False)
class Profiled:
    """A model has its figures; `refused` says why the history did not take them."""

    run: "Run"
    refused: "HistoryError | None"
