"""Pictures drawn in a process of its own, for a caller that must neither wait nor draw by itself.

``python -m bgnn_studio.scene.drawing_process FOLDER`` reads ``drawings.pickle`` there, which only `draw_elsewhere` writes, and
leaves ``0.png``, ``1.png``, ... beside it.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

from bgnn_studio.errors import BgnnError
from bgnn_studio.scene.comparison_pictures import Drawing, png

_POLL_S = 0.1
_REQUEST = "drawings.pickle"


def draw_elsewhere(wanted: Sequence[Drawing], progress: Callable[[int, int], None], cancelled: Event) -> list[bytes]:
    """Draw in another process; return the PNG files, or nothing when it was cancelled.

    Raises
    ------
    BgnnError
        The process failed: with the last line of what it said.
    """
    with TemporaryDirectory(prefix="bgnn-drawings-") as name:
        folder = Path(name)
        (folder / _REQUEST).write_bytes(pickle.dumps(list(wanted)))
        files = [folder / f"{i}.png" for i in range(len(wanted))]
        command = [sys.executable, "-m", "bgnn_studio.scene.drawing_process", name]
        with (folder / "said").open("wb") as said, subprocess.Popen(command, stdout=said, stderr=said) as process:
            while (code := _ended(process)) is None:
                if cancelled.is_set():
                    process.kill()
                    return []
                progress(sum(file.exists() for file in files), len(files))
        if code != 0:
            lines = (folder / "said").read_text(errors="replace").split("\n")
            last = next((line for line in reversed(lines) if line.strip()), f"exit code {code}")
            raise BgnnError(f"The pictures could not be drawn ({last.strip()}). 'bgnn-studio doctor' says what is missing.")
        return [file.read_bytes() for file in files]


def _ended(process: subprocess.Popen[bytes]) -> int | None:
    try:
        return process.wait(_POLL_S)
    except subprocess.TimeoutExpired:
        return None


def main(folder: Path) -> None:
    """Draw what is asked for."""
    for i, drawing in enumerate(pickle.loads((folder / _REQUEST).read_bytes())):  # noqa: S301  (written by the parent process)
        part = folder / "part"
        part.write_bytes(png(drawing))
        part.rename(folder / f"{i}.png")


if __name__ == "__main__":
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")
    main(Path(sys.argv[1]))
