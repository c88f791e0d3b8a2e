"""``python -m tests.ui.start_time [RUNS]``: seconds from starting the process to the first frame that shows a graph; needs a display.

The window is the one that ``bgnn-studio`` opens, on the bundled files; the first run counts as the one that fills the caches.
"""

import os
import subprocess
import sys
import time
from tempfile import TemporaryDirectory


def start_to_graph() -> float:
    """Start the window in a process of its own and return how long its first graph took."""
    with TemporaryDirectory() as state:  # no session left by another window, and none left for it
        started = time.time()
        command = [sys.executable, "-m", "tests.ui.start_time", "--window"]
        ended = subprocess.check_output(command, text=True, timeout=60, env={**os.environ, "XDG_STATE_HOME": state})
    return float(ended.split()[-1]) - started


def _window() -> None:
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from bgnn_studio.commands.open import open_window

    application = QApplication(["bgnn-studio"])

    def look() -> None:
        for window in application.topLevelWidgets():
            viewport = getattr(getattr(window, "inspect", None), "viewport", None)
            if viewport is not None and window.session.inference is not None and viewport.scene.edges.connectivity.size:
                viewport.interactor.repaint()
                print(time.time(), flush=True)
                window.close()

    timer = QTimer()
    timer.timeout.connect(look)
    timer.start(5)
    open_window([])


def main() -> None:
    if "--window" in sys.argv:
        _window()
        return
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    seconds = [start_to_graph() for _ in range(runs + 1)]
    print(f"first {seconds[0]:.2f} s; then {', '.join(f'{s:.2f}' for s in seconds[1:])} s")


if __name__ == "__main__":
    main()
