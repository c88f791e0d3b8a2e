"""``python -m tests.ui.perturb_rate [SECONDS]``: perturbations inferred a second; needs a display.

bf2 and bfr at their published sizes, random weights, N = 1024, k = 20. First the passes alone: perturb, infer with a trace,
compare the graphs with the unperturbed ones. Then the window at 1280 x 720 while it sweeps the turn: the 3D view, the charts and
every panel are drawn.
"""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

from bgnn_studio.core.perturbation import IDENTITY
from bgnn_studio.core.perturbed import perturbed_pass
from bgnn_studio.core.spec import network_spec
from bgnn_studio.native import Model, isa
from bgnn_studio.ui.desk import THREADS
from bgnn_studio.ui.main_window import MainWindow
from bgnn_studio.ui.theme import ThemeSwitch
from tests.random_model import random_cloud, random_model

CLASSES = tuple(f"class {i}" for i in range(40))


def alone(model: Model, seconds: float) -> float:
    """Updates a second of perturbed passes one after another on this thread."""
    cloud = random_cloud(1024)

    def infer(points):
        return model.infer(points, threads=THREADS, trace=True)

    before = infer(cloud)
    count, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        perturbed_pass(replace(IDENTITY, turn=float(count % 180)), cloud, infer, before, model.spec.k)
        count += 1
    return count / seconds


def wait(application: QApplication, ready: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.perf_counter() + seconds
    while not ready() and time.perf_counter() < end:
        application.processEvents()
        time.sleep(0.001)


def in_window(application: QApplication, files: list[Path], seconds: float) -> str:
    """Updates and frames a second of the window while it plays."""
    with TemporaryDirectory() as folder:
        settings = QSettings(str(Path(folder) / "settings.ini"), QSettings.Format.IniFormat)
        window = MainWindow(ThemeSwitch(application, "dark"), settings)
        window.resize(1280, 720)
        window.show()
        window.open(files)
        session = window.session
        wait(application, lambda: session.inference is not None and window.inspect.viewport is not None and not window.jobs.running)
        counts = {"updates": 0, "frames": 0}

        def follow(changed: frozenset[str]) -> None:
            counts["updates"] += "perturbed" in changed

        def drawn(*_: object) -> None:
            counts["frames"] += 1

        session.subscribe(follow)
        window.inspect.viewport.scene.renderer.AddObserver("EndEvent", drawn)
        result = []
        for edges in ("all", "none"):
            session.set_edges(edges)
            window.inspect.docks[-1].raise_()
            window.inspect.perturb.play.setChecked(True)
            wait(application, lambda: False, 1.0)
            counts.update(updates=0, frames=0)
            busy = time.thread_time()
            wait(application, lambda: False, seconds)
            busy = 1e3 * (time.thread_time() - busy) / max(counts["updates"], 1)
            rates = f"{counts['updates'] / seconds:.0f} updates, {counts['frames'] / seconds:.0f} frames a second"
            result.append(f"{rates} with {edges} edges, {busy:.0f} ms of the GUI thread's CPU for each update")
            window.inspect.perturb.play.setChecked(False)
        window.close()
    return "; ".join(result)


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    application = QApplication(["bgnn-studio"])
    threads = f"{THREADS} thread{'s' if THREADS > 1 else ''}"
    print(f"N = 1024, k = 20, {isa()}, {threads}, {os.cpu_count()} cores with a load of {os.getloadavg()[0]:.1f}; window 1280 x 720")
    with TemporaryDirectory() as folder:
        cloud = Path(folder) / "cloud.npy"
        np.save(cloud, random_cloud(1024))
        for variant in ("bf2", "bfr"):
            model = random_model(Path(folder) / f"{variant}.gguf", network_spec(variant, CLASSES))
            print(f"{variant}: passes alone {alone(Model.open(model), seconds):.0f} updates a second", flush=True)
            print(f"{variant}: window {in_window(application, [cloud, model], seconds)}", flush=True)


if __name__ == "__main__":
    main()
