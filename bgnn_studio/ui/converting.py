"""Checkpoints of torch on the window: `bgnn-studio convert` reads them in a process of its own, for the window never loads torch."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from bgnn_studio.errors import BgnnError
from bgnn_studio.io.readers import is_model_file

SUFFIXES = (".t7", ".pt", ".pth", ".safetensors")
_POLL_S = 0.1


@dataclass(frozen=True)
class Checkpoint:
    """A file that looks like a checkpoint, by its name."""

    path: Path


@dataclass(frozen=True)
class Facts:
    """What a checkpoint says of itself; see `training.checkpoints.CheckpointFacts`."""

    variants: tuple[str, ...]
    named: str | None
    widths: tuple[int, ...]
    embedding: int
    classes: int


@dataclass(frozen=True)
class Answer:
    """What only the user knows; `classes` is a text file of names, or None for the usual ones.

    `replace` says that a file at `output` may be written over: the user was asked.
    """

    variant: str
    k: int
    points: int
    classes: Path | None
    output: Path
    replace: bool


def is_checkpoint(path: Path) -> bool:
    """Whether a file is to be converted, by its name; the content is for the process that knows torch."""
    return path.suffix.lower() in SUFFIXES and not is_model_file(path)


def describe(path: Path, cancelled: Event) -> Facts:
    """Return what a checkpoint says of itself; raises `BgnnError` in the words of the command."""
    found = json.loads(_convert([str(path.absolute()), "--describe"], cancelled))
    return Facts(tuple(found["variants"]), found["named"], tuple(found["widths"]), found["embedding"], found["classes"])


def convert(path: Path, answer: Answer, cancelled: Event) -> None:
    """Write a checkpoint as a model file; raises `BgnnError` in the words of the command, or where a file is there already."""
    if answer.output.exists() and not answer.replace:
        raise BgnnError(f"{answer.output}: is there already. Choose another name.")
    arguments = [str(path.absolute()), "--variant", answer.variant, "--k", str(answer.k), "--points", str(answer.points)]
    classes = [] if answer.classes is None else ["--classes", str(answer.classes)]
    _convert([*arguments, *classes, "-o", str(answer.output)], cancelled)


def free_name(path: Path) -> Path:
    """Return where the model file of a checkpoint goes: beside it, by a name that no file has yet."""
    names = (path.with_name(f"{path.stem}{number}.gguf") for number in ("", *(f"-{i}" for i in range(2, 1000))))
    return next(name for name in names if not name.exists())


def _convert(arguments: list[str], cancelled: Event) -> str:
    """Run the command and return what it printed; it is ended when the job is cancelled."""
    command = [sys.executable, "-m", "bgnn_studio", "convert", *arguments]
    pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(command, stdin=nothing, stdout=pipe, stderr=pipe, encoding="utf-8", errors="replace") as process:
        while True:
            try:
                said, complaint = process.communicate(timeout=_POLL_S)
                break
            except subprocess.TimeoutExpired:
                if cancelled.is_set():
                    process.kill()
    if process.returncode == 0:
        return said
    lines = complaint.strip().splitlines() or [f"convert ended with exit code {process.returncode}."]
    raise BgnnError(lines[-1].removeprefix("bgnn-studio: "))
