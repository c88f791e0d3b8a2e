"""`bgnn-studio [CLOUD...] [MODEL...] [SESSION...]`: the window."""

import argparse
import signal
from collections.abc import Sequence
from pathlib import Path

from bgnn_studio.commands import COMMANDS
from bgnn_studio.commands.system import require_display
from bgnn_studio.core.resources import bundled_clouds, bundled_models
from bgnn_studio.errors import BgnnError
from bgnn_studio.io.readers import is_model_file, split_index
from bgnn_studio.io.session_file import EXTENSION, is_session_file
from bgnn_studio.ui.converting import is_checkpoint


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    command.add_argument(
        "files", metavar="FILE", nargs="*", type=Path, help="point clouds, models and sessions, in any order; default: bundled ones"
    )


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
    return open_window(options.files)


def open_window(files: Sequence[Path]) -> int:
    """Open the window on clouds and models, told apart by content; what is not given is bundled. Returns the exit code.

    A session brings its own clouds and models.
    """
    for path in files:
        if not split_index(path)[0].exists():
            hint = f" Or did you mean a command: {', '.join(COMMANDS)}?" if path.parent == Path() and not path.suffix else ""
            raise BgnnError(f"{path}: no such file. Give point clouds, models (*.gguf) and sessions (*{EXTENSION}).{hint}")
    sessions = [path for path in files if is_session_file(path)]
    models = [path for path in files if is_model_file(path) or path.suffix == ".gguf" or is_checkpoint(path)]
    clouds = [path for path in files if path not in (*models, *sessions)]
    if not sessions:
        clouds, models = clouds or bundled_clouds(), models or bundled_models()
    require_display()
    from bgnn_studio.ui import app

    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Qt's event loop does not come back to Python for a Ctrl-C
    return app.run([*sessions, *clouds, *models])
