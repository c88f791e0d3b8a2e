"""Measure how the real window answers on this machine: ``python -m tests.ui.interaction [N ...]``.

Without a display, put ``xvfb-run -a -s '-screen 0 1280x720x24'`` before it. For clouds of N points and a full-size bf2 (random weights,
k = 20) at 1280x720 it prints milliseconds: a layer switch and a pick without their repaint (best of 8), a repaint, and the longest
time for which the GUI thread answered nothing (a timer of 1 ms) while it only repaints, while a cloud and a model open (the second
ones, after everything was drawn once), and while a model runs: what those have above the repaints is the window's own fault.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication

from bgnn_studio.ui.main_window import MainWindow
from bgnn_studio.ui.theme import ThemeSwitch
from tests.random_model import random_cloud, random_model, small_spec

FULL = {"k": 20, "widths": (64, 64, 128, 256), "embedding": 1024, "head": (512, 256)}
ROUNDS, PATIENCE = 8, 120.0


class Heartbeat:
    """Notes the longest gap between two turns of the event loop."""

    def __init__(self) -> None:
        self._last, self._worst = time.perf_counter(), 0.0
        self._timer = QTimer()
        self._timer.timeout.connect(self._beat)
        self._timer.start(1)

    def _beat(self) -> None:
        now = time.perf_counter()
        self._worst, self._last = max(self._worst, now - self._last), now

    def worst_ms(self) -> float:
        """Return the longest gap since the last call."""
        self._beat()
        worst, self._worst = self._worst, 0.0
        return 1e3 * worst


def wait(ready: Callable[[], bool]) -> None:
    limit = time.perf_counter() + PATIENCE
    while not ready():
        if time.perf_counter() > limit:
            sys.exit(f"Not ready within {PATIENCE:.0f} s.")
        QApplication.processEvents()
        time.sleep(2e-4)


def settle(window: MainWindow, seconds: float = 0.3) -> None:
    wait(lambda: not window.jobs.running)
    end = time.perf_counter() + seconds
    wait(lambda: time.perf_counter() > end and not window.jobs.running)


def best_ms(action: Callable[[int], object]) -> float:
    costs = []
    for turn in range(ROUNDS):
        start = time.perf_counter()
        action(turn)
        costs.append(time.perf_counter() - start)
        QApplication.processEvents()
    return 1e3 * min(costs)


def measure(count: int, folder: Path) -> list[float]:
    cloud, model = folder / f"cloud{count}.npy", folder / f"bf2_{count}.gguf"
    other = folder / f"other{count}.npy"
    np.save(cloud, random_cloud(count))
    np.save(other, random_cloud(count, seed=1))
    random_model(model, small_spec("bf2", points=count, **FULL))
    settings = QSettings(str(folder / f"{count}.ini"), QSettings.Format.IniFormat)
    window = MainWindow(ThemeSwitch(QApplication.instance(), "dark"), settings)
    window.resize(1280, 720)
    window.show()
    wait(lambda: window.inspect.viewport is not None)
    settle(window)
    session, view = window.session, window.inspect.viewport
    window.open([cloud, model])  # the first frames compile shaders, in every program that draws
    settle(window)
    heart = Heartbeat()
    window.open([other, model])
    settle(window)
    opening = heart.worst_ms()
    session.select_point(7)
    session.select_layer(2)
    settle(window)
    switch = best_ms(lambda turn: session.select_layer(3 - turn % 2))
    settle(window)
    session.set_edges("picked")
    settle(window)
    switch_picked = best_ms(lambda turn: session.select_layer(3 - turn % 2))
    centre = (view.interactor.width() / 2, view.interactor.height() / 2)
    find = best_ms(lambda _: view.scene.pick(*centre))
    pick = best_ms(session.select_point)
    session.set_edges("all")
    settle(window)
    repaint = best_ms(lambda _: (view.interactor.update(), QApplication.processEvents()))
    heart.worst_ms()
    end = time.perf_counter() + 1.0
    wait(lambda: view.interactor.update() or time.perf_counter() > end)
    idle = heart.worst_ms()
    window.desk.infer()
    settle(window)
    running = heart.worst_ms()
    window.close()
    return [switch, switch_picked, find, pick, repaint, idle, opening, running]


def main() -> None:
    application = QApplication.instance() or QApplication([])
    print(f"{'':>6} {'switch layer, edges':>21} {'pick':>14} {'repaint':>8} {'longest silence of the GUI thread [ms]':>42}")
    print(f"{'N':>6} {'all':>10} {'picked':>10} {'find':>6} {'select':>7} {'all':>8} {'repaints':>12} {'opening':>12} {'running':>12}")
    with TemporaryDirectory() as folder:
        for count in (int(word) for word in sys.argv[1:] or ("1024", "4096", "16384")):
            figures = measure(count, Path(folder))
            widths = ("10.1f", "10.1f", "6.2f", "7.1f", "8.0f", "12.0f", "12.0f", "12.0f")
            print(f"{count:>6}", *(f"{ms:>{width}}" for ms, width in zip(figures, widths, strict=True)), flush=True)
    application.processEvents()


if __name__ == "__main__":
    main()
