"""Starting and stopping `bgnn-studio train` in a process of its own, which outlives a crash of the window."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from bgnn_studio.core.files import replacing
from bgnn_studio.errors import BgnnError
from bgnn_studio.training.config import CascadeConfig
from bgnn_studio.training.recipes import recipe_text
from bgnn_studio.training.run_folder import RECIPE

_LOG = "train.log"


@dataclass(frozen=True)
class Request:
    """What to train and where; `device` and `threads` as for the command."""

    folder: Path
    configs: Mapping[str, CascadeConfig]
    device: str = "auto"
    threads: int = 1
    resume: bool = False


@dataclass(eq=False)
class TrainingProcess:
    """A process that this window has started."""

    request: Request
    process: "subprocess.Popen[bytes]"
    said_from: int = field(default=0)

    @property
    def alive(self) -> bool:
        """Whether it still runs; one that has ended is reaped."""
        return self.process.poll() is None

    def last_words(self) -> str:
        """Return the last line that it said, empty where it said nothing."""
        with suppress(OSError), (self.request.folder / _LOG).open("rb") as log:
            log.seek(self.said_from)
            lines = log.read().decode(errors="replace").strip().splitlines()
            return lines[-1] if lines else ""
        return ""


def start(request: Request) -> TrainingProcess:
    """Write the recipe into the folder and start the command on it; raises `BgnnError` where that cannot be written."""
    folder = request.folder
    recipe = folder / RECIPE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(recipe) as file:
            file.write(recipe_text(request.configs).encode())
        log = (folder / _LOG).open("ab")
    except OSError as error:
        raise BgnnError(f"{error.filename or folder}: could not be written ({error.strerror}). Choose another folder.") from error
    command = [sys.executable, "-m", "bgnn_studio", "train", "--config", str(recipe), "--out", str(folder)]
    command += ["--device", request.device, "--threads", str(request.threads), *(["--resume"] if request.resume else [])]
    with log:
        said = log.tell()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    return TrainingProcess(request, process, said)


def ask_to_stop(pid: int) -> None:
    """Ask a training process to save and end; on Windows it ends at once, with the snapshot of its last epoch kept."""
    with suppress(OSError):
        os.kill(pid, signal.SIGTERM)
