"""What a run on a board tells the window, beside the runner's own lines."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bgnn_studio.errors import HistoryError
    from bgnn_studio.history import Run


@dataclass(frozen=True)
class Said:
    """A line for the log."""

    text: str


@dataclass(frozen=True)
class Began:
    """A model begins: its name, which it is (from 1) of how many, and how it is measured."""

    model: str
    number: int
    of: int
    repeat: int | None
    seconds: float


@dataclass(frozen=True, eq=False)
class Profiled:
    """A model has its figures; `refused` says why the history did not take them."""

    run: "Run"
    refused: "HistoryError | None"
