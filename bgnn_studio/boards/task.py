"""What is to be measured: one model on one cloud, and how; with what the outputs must be."""

import hashlib
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bgnn_studio.errors import BgnnError
from bgnn_studio.native import Model
from bgnn_studio.native.checksum import checksum

SOAK_SAMPLES = 20_000  # kept at most, spread evenly over the passes


@dataclass(frozen=True)
class Settings:
    """How a model is measured on a board.

    Attributes
    ----------
    threads : int
    k : int or None
        Neighbours; None: the model's own.
    cpus : str or None
        CPUs that may be used, such as ``3`` or ``0-1,4``; None: all.
    warmup : int
        Passes after the first that are not counted.
    repeat : int or None
        Passes that are; None: until the median is known to 1 %, at least 10, at most 1000.
    seconds : float
        No new pass after this time; does not matter with `repeat`.
    soak : float or None
        Measure for so many seconds, whatever the median does; `repeat` and `seconds` do not matter then.
    cool_seconds : float or None
        Pause before the first pass; with `cool_below` the longest one.
    cool_below : float or None
        Pause until the hottest zone is below so many degrees Celsius, for ten minutes at most unless `cool_seconds` says.
    prefix : words
        What the runner is started with, such as ``taskset -c 3`` or ``qemu-aarch64 -cpu cortex-a72``.
    """

    threads: int = 1
    k: int | None = None
    cpus: str | None = None
    warmup: int = 2
    repeat: int | None = None
    seconds: float = 10.0
    soak: float | None = None
    cool_seconds: float | None = None
    cool_below: float | None = None
    prefix: tuple[str, ...] = ()

    def arguments(self) -> list[str]:
        """Return the runner's options."""
        options = ["--threads", str(self.threads), "--warmup", str(self.warmup), "--max-seconds", str(self.seconds), "--raw-samples"]
        options += [] if self.k is None else ["--k", str(self.k)]
        options += [] if self.cpus is None else ["--cpus", self.cpus]
        options += [] if self.cool_seconds is None else ["--cool-down", str(self.cool_seconds)]
        options += [] if self.cool_below is None else ["--cool-below", str(self.cool_below)]
        if self.soak is not None:
            return [*options, "--soak", str(self.soak), "--max-runs", str(SOAK_SAMPLES)]
        return options + ([] if self.repeat is None else ["--min-runs", str(self.repeat), "--max-runs", str(self.repeat)])


@dataclass(frozen=True, eq=False)
class Task:
    """One model on one cloud.

    Attributes
    ----------
    model : str
        Its name.
    path : Path
        Its file when the task was prepared.
    model_data, cloud_data : bytes
        What the board gets: the file, and little-endian float32 x, y, z.
    model_sha256 : str
    cloud : str
        Its name.
    points : int
    settings : Settings
    checksum : str
        Of this machine's own pass: the board's must be equal.
    """

    model: str
    path: Path
    model_data: bytes = field(repr=False)
    cloud_data: bytes = field(repr=False)
    model_sha256: str
    cloud: str
    points: int
    settings: Settings
    checksum: str


def prepare(path: Path, cloud: str, points: NDArray[np.float32], settings: Settings) -> Task:
    """Run a model on preprocessed (N, 3) points here, with its trace; return the task for boards. Raises `BgnnError`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BgnnError(f"{path}: the model cannot be read ({error.strerror}). Check the path.") from error
    with Model.from_bytes(data, str(path)) as model:
        inference = model.infer(points, k=settings.k, trace=True)
    digits = hashlib.sha256(data).hexdigest()
    return Task(path.stem, path, data, points.astype("<f4").tobytes(), digits, cloud, len(points), settings, checksum(inference))


def swept(task: Task, threads: Iterable[int]) -> list[Task]:
    """Return a task once for each number of threads: its outputs do not depend on it."""
    return [replace(task, settings=replace(task.settings, threads=number)) for number in threads]


def split_prefix(text: str) -> tuple[str, ...]:
    """Return the words of a launch prefix as a shell splits them; raises `BgnnError` for quotes that do not close."""
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise BgnnError(f"Expected a launch prefix such as 'taskset -c 3' (got {text!r}: {error}).") from error
