"""The Train tab: the cascade as a form, runs in processes of their own, their curves, and the models that come out."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings, Qt, Signal
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent, QHideEvent, QShowEvent
from PySide6.QtWidgets import QMessageBox, QSplitter, QVBoxLayout, QWidget

from bgnn_studio.core.files import replacing
from bgnn_studio.errors import BgnnError
from bgnn_studio.training.recipes import PRESETS, parse_recipe, read_recipe, recipe_text
from bgnn_studio.training.run_folder import Run, holds_snapshots, is_run
from bgnn_studio.ui.panels.train.curves import CurvesPanel
from bgnn_studio.ui.panels.train.recipe_form import RecipeForm
from bgnn_studio.ui.panels.train.result import ResultPanel
from bgnn_studio.ui.panels.train.runs import RunsPanel
from bgnn_studio.ui.panels.train.setup import SetupStrip
from bgnn_studio.ui.trainer import Trainer
from bgnn_studio.ui.training_process import Request
from bgnn_studio.ui.widgets.docks import scrolled, titled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bgnn_studio.training.config import CascadeConfig
    from bgnn_studio.ui.theme import Theme
    from bgnn_studio.ui.toasts import Toasts
    from bgnn_studio.ui.workers import Jobs

_KEYS = {"recipe": "train/recipe", "root": "train/root", "device": "train/device", "threads": "train/threads"}


class TrainTab(QWidget):
    """The recipe at the left, curves in the middle, what came out and earlier runs at the right.

    Attributes
    ----------
    trainer : Trainer
    actions : tuple of QAction
        Train, stop and resume, for a menu.

    Signals
    -------
    opened(Path)
        A model file is to be opened in Inspect.
    wanted
        Somebody chose Train: the tab is to be in front.
    """

    title = "Train"
    opened = Signal(object)
    wanted = Signal()

    def __init__(self, jobs: "Jobs", toasts: "Toasts", settings: QSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self._jobs, self._toasts, self._settings = jobs, toasts, settings
        self.trainer = Trainer(Path(str(settings.value(_KEYS["root"]) or Path("runs").absolute())), toasts, self)
        self.setup, self.form, self.curves = SetupStrip(), RecipeForm(), CurvesPanel()
        self.result, self.runs = ResultPanel(jobs, toasts), RunsPanel()
        self._followed: Path | None = None
        self._edited = self._named = False
        self._stem = "demo"
        self._good: Mapping[str, CascadeConfig] | None = None
        self.train, self.stop, self.resume = (
            QAction(text, self) for text in ("&Train by the recipe", "Stop t&raining", "Resume training &run")
        )
        for action, key, call in (
            (self.train, "F8", self._start),
            (self.stop, "Shift+F8", self._stop),
            (self.resume, "Ctrl+F8", lambda: self._resume(self.runs.selected[0])),
        ):
            action.setShortcut(key)
            action.triggered.connect(lambda _=False, call=call: call())
        self._lay_out()
        self._restore()
        self.setup.run.connect(self._start)
        self.setup.stop.connect(self._stop)
        self.setup.opened.connect(self.open_recipe)
        self.setup.saved.connect(self.save_recipe)
        self.setup.changed.connect(self._change_setup)
        self.setup.name.textEdited.connect(self._name)
        self.form.changed.connect(self._change_recipe)
        self.runs.chosen.connect(self._choose_runs)
        self.runs.resumed.connect(self._resume)
        self.runs.adopted.connect(lambda run: self._replace(run.configs, f"of {run.name}"))
        self.runs.rooted.connect(self._choose_root)
        self.result.opened.connect(self.opened)
        self.trainer.changed.connect(self.refresh)
        self.trainer.ended.connect(self._tell_end)
        self.refresh()

    @property
    def run(self) -> Run | None:
        """The run that is shown: the one that was just started, else the first selected one, else the newest."""
        if self._followed is not None:
            return self.trainer.run(self._followed)
        return next(iter(self.runs.selected or self.trainer.runs), None)

    def apply_theme(self, theme: "Theme") -> None:
        """Take the colours of a theme."""
        self.curves.apply_theme(theme)
        self.result.apply_theme(theme)

    def may_close(self) -> bool:
        """Ask what becomes of a run that this window has started; False: the window is to stay."""
        if not self.trainer.busy:
            return True
        names = ", ".join(folder.name for folder in self.trainer.own) or "a run"
        box = QMessageBox(QMessageBox.Icon.Question, "Training goes on", f"Training of {names} goes on.", parent=self)
        box.setInformativeText(
            "Stopped, it saves and can be resumed. Left alone, it goes on without the window, and the next one shows it."
        )
        stop = box.addButton("Stop and save", QMessageBox.ButtonRole.AcceptRole)
        leave = box.addButton("Let it go on", QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(stop)
        box.exec()
        if box.clickedButton() is stop:
            for folder in list(self.trainer.own):
                self.trainer.stop(folder)
        return box.clickedButton() in (stop, leave)

    def release(self) -> None:
        """Follow no run any more."""
        self.trainer.close()

    def showEvent(self, event: QShowEvent) -> None:
        """Look for runs as long as somebody looks at them."""
        super().showEvent(event)
        self.trainer.watched = True
        self.trainer.look()

    def hideEvent(self, event: QHideEvent) -> None:
        """Rest where nothing of this window's runs."""
        super().hideEvent(event)
        self.trainer.watched = False

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept one folder or one recipe; other files are for the window."""
        urls = event.mimeData().urls()
        path = Path(urls[0].toLocalFile()) if len(urls) == 1 and urls[0].isLocalFile() else None
        if path is not None and (path.is_dir() or path.suffix == ".toml"):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take a recipe, a folder of a run to look at, or a folder of labelled clouds."""
        event.acceptProposedAction()
        path = Path(event.mimeData().urls()[0].toLocalFile())
        if path.suffix == ".toml":
            self.open_recipe(str(path))
        elif is_run(path):
            self._choose_root(path.parent)
            self._follow(path)
        else:
            self.form.set_data(str(path))

    def open_recipe(self, source: str) -> None:
        """Show a preset or a recipe file in the form."""
        try:
            configs = read_recipe(source)
        except BgnnError as error:
            self._toasts.error("Recipe not opened", error)
            return
        self.wanted.emit()
        self._replace(configs, source if source in PRESETS else Path(source).name)
        if not self._named:
            self._stem = Path(source).stem
            self.setup.name.setText(self._free_name(self._stem))
        self.refresh()

    def save_recipe(self, path: Path) -> None:
        """Write the form as a recipe."""
        if self.form.configs is None:
            self._toasts.error("Recipe not saved", BgnnError(self.form.problem))
            return
        try:
            with replacing(path) as file:
                file.write(recipe_text(self.form.configs).encode())
        except OSError as error:
            self._toasts.error("Recipe not saved", BgnnError(f"{path}: could not be written ({error.strerror}). Choose another place."))
        else:
            self._toasts.info("Recipe saved", str(path))

    def refresh(self) -> None:
        """Show the runs, the one that is looked at, and what keeps one from beginning."""
        t = self.trainer
        self.runs.show_runs(t.runs, t.root)
        if not self._named and not t.busy and holds_snapshots(self.folder):
            self.setup.name.setText(self._free_name(self._stem))
        starting = t.starting is not None or any(t.run(folder) is None for folder in t.own)
        run = self.run
        if run is not None and not self.runs.selected:
            self.runs.select(run.folder)
        self.curves.show_runs([] if run is None else [run, *(other for other in self.runs.selected if other.folder != run.folder)])
        self.result.show_run(run)
        self.setup.start.setVisible(not t.busy)
        self.setup.show_run(run, starting=starting, stopping=run is not None and run.folder in t.stopping)
        problem = t.problem or self.form.problem or ("" if run is None or starting else run.problem)
        self.setup.set_problem(problem)
        reason = self._why_not_start()
        self.setup.set_reason(reason)
        self.train.setEnabled(reason is None)
        self.train.setToolTip(reason or self.setup.start.toolTip())
        self.stop.setEnabled(self.setup.halt.isVisibleTo(self) and self.setup.halt.isEnabled())
        self.stop.setToolTip("Nothing is being trained" if not self.stop.isEnabled() else self.setup.halt.toolTip())
        self.runs.set_reason("A run goes on: stop it, or wait for its end." if t.busy else None)
        self.resume.setEnabled(self.runs.resume.isEnabled())
        self.resume.setToolTip(self.runs.resume.toolTip())
        self.setup.save.setEnabled(self.form.configs is not None)

    @property
    def folder(self) -> Path:
        """Where a run that is started now goes."""
        return self.trainer.root / self.setup.name.text().strip()

    def _why_not_start(self) -> str | None:
        if self.trainer.busy:
            return "A run goes on: stop it, or wait for its end."
        if self.form.problem:
            return self.form.problem
        if not self.setup.name.text().strip():
            return "No output folder: name one at Into."
        if holds_snapshots(self.folder):
            return f"{self.folder.name} holds a run: resume it from the list at the right, or name another folder at Into."
        return None

    def _start(self) -> None:
        self.wanted.emit()
        if self._why_not_start() is None and self.form.configs is not None:
            self._named, self._stem = False, self.setup.name.text().strip()
            self._begin(Request(self.folder, self.form.configs, self.setup.device.currentText(), self.setup.threads.value()))

    def _resume(self, run: Run) -> None:
        self.wanted.emit()
        threads = self.setup.threads.value()
        self._begin(Request(run.folder, run.configs, self.setup.device.currentText(), threads, resume=True))

    def _begin(self, request: Request) -> None:
        self._follow(request.folder)
        self.trainer.start(request)

    def _stop(self) -> None:
        if (run := self.run) is not None:
            self.trainer.stop(run.folder)

    def _follow(self, folder: Path) -> None:
        self.runs.table.blockSignals(True)
        self.runs.table.clearSelection()
        self.runs.table.blockSignals(False)
        self._followed = folder
        self.refresh()

    def _choose_runs(self) -> None:
        self._followed = None
        self.trainer.problem = ""
        self.refresh()

    def _choose_root(self, root: Path) -> None:
        self._settings.setValue(_KEYS["root"], str(root))
        self.trainer.set_root(root)
        self.refresh()

    def _replace(self, configs: "Mapping[str, CascadeConfig]", name: str) -> None:
        """Show other settings in the form; what the user had changed can be had back."""
        before = self._good if self._edited else None
        differing = self.form.set_configs(configs)
        self._edited = False
        if differing:
            self._toasts.info("Recipe opened", f"Networks of one run share {', '.join(differing)}: those of the first are shown.")
        if before is not None:
            self._toasts.offer(
                f"Recipe {name}",
                "It took the place of settings that you had changed.",
                "Take back",
                accepted=lambda: self._replace(before, "as it was"),
                dismissed=lambda: None,
            )

    def _change_recipe(self) -> None:
        self._edited = True
        self.trainer.problem = ""
        if self.form.configs is not None:
            self._good = self.form.configs
            self._settings.setValue(_KEYS["recipe"], recipe_text(self._good))
        self.refresh()

    def _change_setup(self) -> None:
        self._settings.setValue(_KEYS["device"], self.setup.device.currentText())
        self._settings.setValue(_KEYS["threads"], self.setup.threads.value())
        self.trainer.problem = ""
        self.refresh()

    def _name(self, text: str) -> None:
        self._named = bool(text)

    def _free_name(self, stem: str) -> str:
        """Return a name that no run of the folder has: demo, demo-2, ..."""
        names = (stem if n == 1 else f"{stem}-{n}" for n in range(1, 10_000))
        return next(name for name in names if not holds_snapshots(self.trainer.root / name))

    def _tell_end(self, run: Run) -> None:
        if run.state == "finished":
            figures = ", ".join(f"{name} {100 * accuracy.overall:.1f} %" for name, accuracy in run.models.items())
            self._toasts.info(f"{run.name} is trained", f"On validation: {figures}. Open the models from the Train tab.")
        elif run.state == "stopped":
            self._toasts.info(f"{run.name} is stopped", "Everything is saved: Resume goes on from there.")
        else:
            self._toasts.error(
                f"{run.name} ended early", BgnnError(run.problem or self.trainer.problem or "The list of runs has what is kept.")
            )

    def _restore(self) -> None:
        """Show what the last window showed, else the recipe of the bundled models."""
        kept = str(self._settings.value(_KEYS["recipe"]) or "")
        try:
            configs = parse_recipe(kept, "the last recipe") if kept else read_recipe("demo")
        except BgnnError:
            configs = read_recipe("demo")
        self.form.set_configs(configs)
        self.setup.device.setCurrentText(str(self._settings.value(_KEYS["device"]) or "auto"))
        if threads := self._settings.value(_KEYS["threads"]):
            self.setup.threads.setValue(int(threads))
        self.setup.name.setText(self._free_name(self._stem))

    def _lay_out(self) -> None:
        right = QSplitter(Qt.Orientation.Vertical)
        right.addWidget(titled("What each stage keeps", scrolled(self.result, 120)))
        right.addWidget(titled("Runs", self.runs))
        right.setSizes([300, 240])
        columns = QSplitter()
        for widget in (titled("Recipe", scrolled(self.form, 200)), titled("Curves", self.curves), right):
            widget.setAutoFillBackground(True)
            columns.addWidget(widget)
        for place, share in ((1, 4), (2, 1)):
            columns.setStretchFactor(place, share)
        columns.setSizes([306, 400, 300])
        for splitter in (right, columns):
            splitter.setChildrenCollapsible(False)
            splitter.setHandleWidth(6)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.setup)
        whole.addWidget(columns, 1)
