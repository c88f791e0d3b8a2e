"""How the window takes files of millions of points: ``python -m tests.ui.large_clouds FILE ...``; needs a display.

For each file: seconds until the model has answered, the longest time in which the GUI thread heard no timer, the peak of the memory on
top of the window's own, and the seconds from *Cancel*, half way through, until no thread works on the file any more.
"""

import resource
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from PySide6.QtCore import QEventLoop, QSettings, QTimer
from PySide6.QtWidgets import QApplication

from bgnn_studio.core.resources import bundled_clouds, bundled_models
from bgnn_studio.ui.main_window import MainWindow
from bgnn_studio.ui.theme import ThemeSwitch


class Pulse:
    """The longest gap between two ticks of a timer of the GUI thread, in seconds."""

    def __init__(self) -> None:
        self.longest, self._last = 0.0, time.perf_counter()
        self._timer = QTimer(interval=2)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def restart(self) -> None:
        """Forget what was."""
        self.longest, self._last = 0.0, time.perf_counter()

    def _tick(self) -> None:
        now = time.perf_counter()
        self.longest, self._last = max(self.longest, now - self._last), now


def wait(done: object, seconds: float = 300) -> None:
    """Run the event loop until a condition holds."""
    loop, end = QEventLoop(), time.perf_counter() + seconds
    clock = QTimer(interval=5)
    clock.timeout.connect(lambda: loop.quit() if done() or time.perf_counter() > end else None)
    clock.start()
    loop.exec()
    clock.stop()


def rest(seconds: float) -> None:
    """Run the event loop for a while."""
    end = time.perf_counter() + seconds
    wait(lambda: time.perf_counter() > end)


def peak_mib() -> float:
    """Return the peak resident memory of the process in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Open every file twice: once to its end, once cancelled."""
    application = QApplication([])
    with TemporaryDirectory() as folder:
        window = MainWindow(ThemeSwitch(application, "dark"), QSettings(f"{folder}/settings.ini", QSettings.Format.IniFormat))
        window.resize(1280, 720)
        window.show()
        window.open([bundled_clouds()[0], bundled_models()[0]])
        session, jobs, pulse = window.session, window.jobs, Pulse()
        wait(lambda: session.inference is not None and window.inspect.viewport is not None and not jobs.running)
        base = peak_mib()
        for path in map(Path, sys.argv[1:]):
            pulse.restart()
            began = time.perf_counter()
            window.open([path])
            wait(lambda name=path.name: session.cloud.cloud.path.name.startswith(name) and session.inference and not jobs.running)
            took, silence, memory = time.perf_counter() - began, pulse.longest, peak_mib() - base
            pulse.restart()
            for attribute in session.cloud.cloud.attributes:
                session.set_colour(attribute.name)
                rest(0.2)
            window.open([path])
            rest(took / 2)
            began = time.perf_counter()
            jobs.cancel(None)
            wait(lambda: not jobs.running)
            ended = 1e3 * (time.perf_counter() - began)
            print(
                f"{path.name}: {session.cloud.total:,} points in {took:.1f} s, peak {memory:.0f} MiB over the {base:.0f} of the window, "
                f"silence {1e3 * silence:.0f} ms, recoloured {1e3 * pulse.longest:.0f} ms; "
                f"cancelled half way: no work left after {ended:.0f} ms\n  {window.library.points.said.text()}",
                flush=True,
            )
        window.close()


if __name__ == "__main__":
    main()
