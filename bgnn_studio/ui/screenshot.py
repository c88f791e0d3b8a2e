"""``python -m bgnn_studio.ui.screenshot OUT.png``: the real window on real files, as a picture; needs a display."""

import argparse
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from PySide6.QtCore import QEventLoop, QSettings, QTimer
from PySide6.QtWidgets import QApplication

from bgnn_studio.core.files import replacing
from bgnn_studio.core.resources import bundled_clouds, bundled_models
from bgnn_studio.ui.main_window import MainWindow
from bgnn_studio.ui.theme import THEMES, ThemeSwitch

_PATIENCE_MS = 90_000


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("output", type=Path, metavar="OUT.png")
    parser.add_argument(
        "files", type=Path, nargs="*", metavar="FILE", help="clouds and models, the first of each is shown; default: bundled ones"
    )
    parser.add_argument("--theme", choices=sorted(THEMES), default="dark")
    parser.add_argument("--size", default="1440x900", metavar="WxH")
    parser.add_argument("--layer", type=int, default=3)
    parser.add_argument("--pick", type=int)
    parser.add_argument("--colour", default="height")
    parser.add_argument("--edges", default="all")
    parser.add_argument("--panel", help="name of a panel to bring to the front")
    parser.add_argument("--perturb", action="append", default=[], metavar="NAME=VALUE", help="a perturbation, repeatable")
    parser.add_argument("--reference", metavar="NAME", help="name of an open model to compare with")
    parser.add_argument("--measure", choices=("model", "torch"), help="measure the latency of the model, or of torch too")
    parser.add_argument("--latency", choices=("layers", "beside", "runs"), default="layers", help="page of the Latency panel")
    parser.add_argument("--memory", choices=("all", "layers"), default="all", help="page of the Memory panel")
    parser.add_argument("--tab", default="Inspect", metavar="TITLE")
    parser.add_argument("--evaluate", metavar="NAME", help="evaluate all open models on the bundled shapes, and show this one in Accuracy")
    parser.add_argument(
        "--profile", choices=("done", "live"), help="profile the open models on this machine; show Boards after or during it"
    )
    parser.add_argument("--runs", type=Path, metavar="DIR", help="folder of training runs, for Train; the newest is shown")
    parser.add_argument("--palette", metavar="TEXT", help="show the command palette with this typed into it")
    parser.add_argument("--shortcuts", action="store_true", help="show the overview of shortcuts")
    return parser.parse_intermixed_args()


def main() -> None:
    """Open files, choose a layer, a point and a colour mode, and write the window as a PNG."""
    options = _options()
    application = QApplication([])
    with TemporaryDirectory() as folder:
        settings = QSettings(str(Path(folder) / "settings.ini"), QSettings.Format.IniFormat)
        window = MainWindow(ThemeSwitch(application, options.theme), settings)
        window.resize(*(int(side) for side in options.size.split("x")))
        window.show()
        window.open(options.files or [*bundled_clouds(), *bundled_models()])
        session, measurer = window.session, window.measurer
        _wait(lambda: session.inference is not None and window.inspect.viewport is not None and not window.jobs.running)
        if options.reference:
            session.set_reference(next(model for model in session.models if model.name == options.reference))
            _wait(lambda: session.reference_inference is not None)
        for measure in {None: (), "model": (measurer.measure,), "torch": (measurer.measure, measurer.measure_torch)}[options.measure]:
            measure()
            _wait(lambda: not measurer.running)
        window.inspect.latency.show_page(options.latency)
        window.inspect.memory.show_page(options.memory)
        session.select_layer(options.layer)
        session.select_point(options.pick)
        session.set_colour(options.colour)
        session.set_edges(options.edges)
        for dock in window.inspect.docks:
            if dock.objectName() == options.panel:
                dock.raise_()
        _train(window, options.runs)
        _perturb(window, dict(entry.split("=") for entry in options.perturb))
        _measure(window, options)
        window.tabs.setCurrentIndex([window.tabs.tabText(i) for i in range(window.tabs.count())].index(options.tab))
        if options.tab == window.compare.title:
            _wait(lambda: window.compare.comparer.complete)
        if options.palette is not None:
            window.help.commands.toggle()
            window.help.commands.field.setText(options.palette)
        if options.shortcuts:
            window.help.shortcuts.toggle()
        _settle()
        with replacing(options.output) as file:
            window.grab().save(file.name, "PNG")
        window.close()


def _measure(window: MainWindow, options: argparse.Namespace) -> None:
    """Evaluate and profile, where that is asked for."""
    if options.evaluate:
        _evaluate(window, options.evaluate)
    if options.profile:
        _profile(window, meanwhile=options.profile == "live")


def _evaluate(window: MainWindow, name: str) -> None:
    """Evaluate all open models, and list the clouds of the most frequent confusion of one."""
    tab = window.accuracy
    tab.setup.run.emit()
    _wait(lambda: not tab.evaluator.busy)
    tab.models.choose(next(model for model in window.session.models if model.name == name))
    true, predicted, _ = tab.matrix.figures.confusions()[0]
    tab.matrix.mark((true, predicted))
    tab.matrix.chosen.emit(true, predicted)


def _profile(window: MainWindow, *, meanwhile: bool) -> None:
    """Profile the open models on this machine."""
    tab = window.boards
    window.tabs.setCurrentWidget(tab)
    tab.setup.run.emit()
    _wait(lambda: "2 of" in tab.live.headline.text() if meanwhile else not tab.profiler.any_busy)
    _wait(lambda: meanwhile or not window.jobs.running)


def _train(window: MainWindow, root: Path | None) -> None:
    """List the training runs of a folder."""
    if root is not None:
        window.train.trainer.set_root(root.absolute())
        _wait(lambda: window.train.trainer.runs)


def _wait(ready: Callable[[], bool]) -> None:
    loop, poll, limit = QEventLoop(), QTimer(), QTimer()
    poll.timeout.connect(lambda: ready() and loop.quit())
    limit.setSingleShot(True)
    limit.timeout.connect(loop.quit)
    poll.start(20)
    limit.start(_PATIENCE_MS)
    loop.exec()
    if not limit.isActive():  # it was ready once; a job that follows another may have begun since
        raise SystemExit(f"Not ready within {_PATIENCE_MS // 1000} s: see the log above.")


def _perturb(window: MainWindow, goal: dict[str, str]) -> None:
    """Move sliders in 80 steps, so that the charts show how it came to that."""
    rows = window.inspect.perturb.rows
    for step in range(1, 81):
        for name, value in goal.items():
            rows[name].field.setValue(float(value) * step / 80)
        _wait(lambda: not window.jobs.running)
    _wait(lambda: not window.session.live and not window.jobs.running)


def _settle() -> None:
    """Let layouts and frames come to rest."""
    loop = QEventLoop()
    QTimer.singleShot(500, loop.quit)
    loop.exec()


if __name__ == "__main__":
    main()
