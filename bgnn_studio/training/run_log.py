"""What a run writes into its folder for those who follow it: events, and where it is now."""

import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from bgnn_studio.errors import BgnnError
from bgnn_studio.training.reports import EpochReport, StepReport
from bgnn_studio.training.results import append_line
from bgnn_studio.training.run_folder import METRICS, PROGRESS, RunProgress

EVERY_S = 0.5


class RunLog:
    """``metrics.jsonl``, a line for each event, kept; ``progress.json``, written over twice a second and gone at the end.

    Parameters
    ----------
    folder : Path
    tensorboard : bool
        Write loss and validation accuracy of each epoch for TensorBoard, too, in ``folder/tensorboard``; raises `BgnnError` without it.
    """

    def __init__(self, folder: Path, *, tensorboard: bool = False) -> None:
        self._folder = folder
        self._board = _board(folder / "tensorboard") if tensorboard else None
        self._due = 0.0
        self._pace: tuple[str, float, int] = ("", 0.0, 0)

    def event(self, event: str, **values: object) -> None:
        """Add a line; raises `BgnnError` where it cannot be written."""
        append_line(self._folder / METRICS, {"event": event, "time": time.strftime("%Y-%m-%dT%H:%M:%S%z")} | values)

    def epoch(self, report: EpochReport) -> None:
        """Add the line of an epoch."""
        self.event("epoch", **vars(report))
        if self._board is not None:
            for name, value in (("loss", report.loss), ("validation accuracy", report.validation)):
                self._board.add_scalar(f"{name}/{report.variant} {report.stage}", value, report.epoch)
            self._board.flush()

    def step(self, report: StepReport) -> RunProgress:
        """Say where a stage is; return it with the time that the rest of the stage takes at the pace so far."""
        return self.tell(f"{report.variant} {report.stage}", report.done, report.total, report.loss)

    def tell(self, doing: str, done: int, total: int, loss: float | None = None) -> RunProgress:
        """Say where the run is; a disk that is full does not stop it here."""
        if doing != self._pace[0]:
            self._pace = (doing, time.monotonic(), done)
        _, since, first = self._pace
        left = (time.monotonic() - since) / (done - first) * (total - done) if done > first else None
        progress = RunProgress(doing, done, total, loss, left)
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + EVERY_S
            path = self._folder / PROGRESS
            part = path.with_suffix(".part")
            with suppress(OSError):
                part.write_text(json.dumps(vars(progress)))
                part.replace(path)
        return progress

    def end(self, how: str, problem: str = "") -> None:
        """Say how the run ended: ``finished``, ``stopped`` or ``failed``, and why; a full disk has been told of already."""
        with suppress(Exception):
            (self._folder / PROGRESS).unlink(missing_ok=True)
            self.event("end", how=how, problem=problem)
        if self._board is not None:
            with suppress(OSError):
                self._board.close()


def _board(folder: Path) -> Any:  # noqa: ANN401
    """Return a writer of event files."""
    try:
        from torch.utils.tensorboard import SummaryWriter

        return SummaryWriter(str(folder))
    except ImportError as error:
        raise BgnnError("TensorBoard is not installed. Leave --tensorboard out, or: pip install tensorboard") from error
    except OSError as error:
        raise BgnnError(f"{folder}: could not be written ({error.strerror}). Choose another folder (--out).") from error
