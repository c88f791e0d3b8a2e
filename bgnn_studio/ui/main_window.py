"""The window: library, tabs, menus, status bar; files dropped anywhere are opened."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QSettings, Qt, QTimer
from PySide6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDropEvent, QIcon, QKeySequence, QShowEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QMainWindow, QMenu, QProgressBar, QTabWidget, QToolButton

from bgnn_studio.core.resources import assets_dir, further_models
from bgnn_studio.core.session import Session
from bgnn_studio.core.spec import MAX_LAYERS
from bgnn_studio.io.readers import supported_extensions
from bgnn_studio.io.session_file import EXTENSION
from bgnn_studio.native import Model, isa
from bgnn_studio.ui.checkpoints import Checkpoints
from bgnn_studio.ui.converting import SUFFIXES
from bgnn_studio.ui.desk import THREADS, Desk
from bgnn_studio.ui.edit_menu import EditMenu
from bgnn_studio.ui.help_menu import HelpMenu
from bgnn_studio.ui.live import Live
from bgnn_studio.ui.measurer import Measurer
from bgnn_studio.ui.panels.library import Library
from bgnn_studio.ui.recent import RecentFiles
from bgnn_studio.ui.runs import Runs
from bgnn_studio.ui.saving import Saving
from bgnn_studio.ui.session_files import SessionFiles
from bgnn_studio.ui.tabs.accuracy import AccuracyTab
from bgnn_studio.ui.tabs.boards import BoardsTab
from bgnn_studio.ui.tabs.compare import CompareTab
from bgnn_studio.ui.tabs.inspect import InspectTab
from bgnn_studio.ui.tabs.train import TrainTab
from bgnn_studio.ui.theme import Theme, ThemeSwitch
from bgnn_studio.ui.toasts import Toasts
from bgnn_studio.ui.widgets.docks import add_dock, stacked
from bgnn_studio.ui.workers import Jobs

WINDOWS, LOGS = "windows", "logs"  # folders of the state

_STATE_VERSION = 1
_SHORT_MS = 150  # work shorter than that is not announced


class MainWindow(QMainWindow):
    """Everything hangs on `session`; `jobs` is the only source of threads.

    Parameters
    ----------
    themes : ThemeSwitch
    settings : QSettings
        Where theme, geometry and the places of docks are remembered.
    state : Path or None
        Folder where sessions are saved by themselves, and where the log is; None: nowhere.
    """

    def __init__(self, themes: ThemeSwitch, settings: QSettings, state: Path | None = None) -> None:
        super().__init__()
        self.setWindowTitle("bgnn-studio")
        self.setWindowIcon(QIcon(str(assets_dir() / "icon.svg")))
        self.setAcceptDrops(True)
        self._settings, self._themes, self._shown = settings, themes, False
        self.session: Session[Model] = Session()
        self.jobs = Jobs(self)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self.tabs.setTabBarAutoHide(True)
        self.toasts = Toasts(self.tabs)
        self.measurer = Measurer(self.session, self.jobs, self.toasts, Runs(self.jobs, self.toasts, self), THREADS)
        self.inspect = InspectTab(self.session, self.measurer)
        self.desk = Desk(self.session, self.jobs, self.toasts)
        self.live = Live(self.session, self.jobs, self.desk, self)
        self.live.refused.connect(self.inspect.perturb.refuse)
        self.library = Library(self.session, self.toasts, self)
        self.library.points.chosen.connect(self.desk.set_count)
        self.library.points.prepared.connect(self.desk.prepare)
        self.accuracy = AccuracyTab(self.session, self.jobs, self.toasts)
        self.accuracy.inspected.connect(lambda: self.tabs.setCurrentWidget(self.inspect))
        self.accuracy.wanted.connect(lambda: self.tabs.setCurrentWidget(self.accuracy))
        self.compare = CompareTab(self.session, self.jobs, self.toasts)
        self.boards = BoardsTab(self.session, self.jobs, self.toasts, settings)
        self.boards.wanted.connect(lambda: self.tabs.setCurrentWidget(self.boards))
        self.train = TrainTab(self.jobs, self.toasts, settings)
        self.train.wanted.connect(lambda: self.tabs.setCurrentWidget(self.train))
        self.train.opened.connect(self._open_trained)
        self._all_tabs = (self.inspect, self.compare, self.accuracy, self.boards, self.train)
        for tab in self._all_tabs:
            self.tabs.addTab(tab, tab.title)
        self.checkpoints = Checkpoints(self.desk, self.jobs, self.toasts, self)
        self.setCentralWidget(stacked(self.checkpoints.bar, self.tabs))
        left = Qt.DockWidgetArea.LeftDockWidgetArea
        clouds = add_dock(self, left, "clouds", "Clouds", self.library.cloud_panel)
        models = add_dock(self, left, "models", "Models", self.library.model_panel)
        self._docks = [clouds, models, *self.inspect.docks]
        self.sessions = SessionFiles(self, None if state is None else state / WINDOWS)
        self._logs = None if state is None else state / LOGS
        self._add_menus()
        self._add_status()
        themes.changed.connect(self.apply_theme)
        themes.changed.connect(lambda theme: settings.setValue("theme", theme.name))
        self.apply_theme(themes.theme)
        self.session.subscribe(self._follow)
        self._follow(frozenset())
        self._restore()

    def open(self, paths: Sequence[Path], *, undoable: bool = True) -> None:
        """Open clouds and models in the background."""
        if paths:
            self.desk.open(paths, undoable=undoable)

    def apply_theme(self, theme: Theme) -> None:
        """Dress what draws its own colours."""
        self.library.apply_theme(theme)
        self.help.apply_theme(theme)
        for tab in self._all_tabs:
            tab.apply_theme(theme)

    def showEvent(self, event: QShowEvent) -> None:
        """Paint the window first, and then make the 3D view."""
        super().showEvent(event)
        if not self._shown:
            self._shown = True
            QTimer.singleShot(0, self, self._make_scene)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept files."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the files that were dropped."""
        event.acceptProposedAction()
        self.open([Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()])

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember the layout, end all jobs, give the GL context back."""
        if not self.train.may_close():
            event.ignore()
            return
        self._settings.setValue("geometry", self.saveGeometry())
        self._settings.setValue("window", self.saveState(_STATE_VERSION))
        self._settings.setValue("inspect", self.inspect.saveState(_STATE_VERSION))
        self.sessions.close()
        self.live.stop()
        self.jobs.close()
        for tab in self._all_tabs:
            tab.release()
        super().closeEvent(event)

    def _make_scene(self) -> None:
        if not self._arranged:
            self.inspect.arrange()
        QApplication.processEvents()
        if self.isVisible():
            self.inspect.show_scene()
            self.sessions.offer_leftovers()

    def _restore(self) -> None:
        self.resize(1440, 900)
        if geometry := self._settings.value("geometry"):
            self.restoreGeometry(geometry)
        if state := self._settings.value("window"):
            self.restoreState(state, _STATE_VERSION)
        self._arranged = bool(state := self._settings.value("inspect")) and self.inspect.restoreState(state, _STATE_VERSION)

    def _add_menus(self) -> None:
        file = self.menuBar().addMenu("&File")
        self.edit = EditMenu(self.session, self)
        self.menuBar().addMenu(self.edit)
        view, run = (self.menuBar().addMenu(name) for name in ("&View", "&Run"))
        _add(file, "&Open\N{HORIZONTAL ELLIPSIS}", QKeySequence.StandardKey.Open, self._ask_files)
        self.recent = RecentFiles(self.session, self._settings, lambda path: self.open([path]), file)
        file.addMenu(self.recent)
        bundled = file.addMenu("Open &bundled models")
        for name, paths in further_models().items():
            _add(bundled, name, None, lambda paths=paths: self.open(paths))
        self.sessions.fill_menu(file)
        self.saving = Saving(self)
        self.saving.fill_menu(file)
        file.addMenu(self.accuracy.exports.menu)
        file.setToolTipsVisible(True)
        self.inspect.neighbours.copied.connect(lambda count: self.toasts.info(f"{count} neighbours copied", "Tab-separated, with a header"))
        self.inspect.neighbours.find.refused.connect(lambda error: self.toasts.error("No such point", error))
        file.addSeparator()
        _add(file, "&Quit", "Ctrl+Q", self.close)
        _add(view, "&Reset camera", "Ctrl+R", self._reset_camera)
        _add(view, "&Find point", QKeySequence.StandardKey.Find, self.inspect.find_point)
        _add(view, "&Clear picked point", "Esc", lambda: self.session.select_point(None))
        view.addSeparator()
        self._layers = [
            _add(view, "Input graph" if n == 1 else f"Graph of layer {n}", f"Ctrl+{n}", lambda n=n: self.session.select_layer(n))
            for n in range(1, MAX_LAYERS + 1)
        ]
        view.addSeparator()
        panels = view.addMenu("&Panels")
        for dock in self._docks:
            panels.addAction(dock.toggleViewAction())
        view.addSeparator()
        _add(view, "Switch &theme", "Ctrl+T", self._themes.toggle)
        _add(run, "Run &again", "F5", self._run_again)
        _add(run, "&Measure latency", "Ctrl+M", self.measurer.measure)
        run.addAction(self.accuracy.evaluate)
        run.addAction(self.boards.profile)
        run.addSeparator()
        run.addActions([self.train.train, self.train.stop, self.train.resume])
        run.addMenu(self.train.setup.menu)
        run.setToolTipsVisible(True)
        self.help = HelpMenu(self, self._logs)
        self.menuBar().addMenu(self.help)

    def _add_status(self) -> None:
        bar = self.statusBar()
        bar.setSizeGripEnabled(False)
        self._doing, self._progress = QLabel(), QProgressBar()
        self._progress.setRange(0, 0)
        self._progress.setFixedWidth(90)
        self._progress.setTextVisible(False)
        self._progress.setAccessibleName("Work in progress")
        self._cancel = QToolButton()
        self._cancel.setText("Cancel")
        self._cancel.clicked.connect(lambda _: self.jobs.cancel(None))
        self._engine = QLabel(f"{isa()}  \N{MIDDLE DOT}  {THREADS} thread{'s' if THREADS > 1 else ''}")
        self._engine.setToolTip("Instruction set of the engine (forced by BGNN_ISA), and how many threads a forward pass uses")
        bar.addWidget(self._doing)
        bar.addWidget(self._progress)
        bar.addWidget(self._cancel)
        bar.addPermanentWidget(self._engine)
        self._soon = QTimer(self, singleShot=True, interval=_SHORT_MS)
        self._soon.timeout.connect(self._show_jobs)
        self.jobs.changed.connect(self._jobs_changed)
        self.jobs.progressed.connect(self._show_jobs)
        self._show_jobs()

    def _jobs_changed(self) -> None:
        """Show work that takes its time, and its end at once; what is done in a moment would only flicker."""
        if not self.jobs.running:
            self._show_jobs()
        elif not self._soon.isActive():
            self._soon.start()

    def _show_jobs(self) -> None:
        job = next((job for job in reversed(self.jobs.running) if job.label and not job.cancelled.is_set()), None)
        progress = job.progress if job else None
        left = progress.time_left if progress else ""
        self._doing.setText(f"{job.label}  \N{MIDDLE DOT}  {left}" if job and left else job.label if job else "Ready")
        self._progress.setRange(0, progress.total if progress else 0)  # 0: of unknown length
        self._progress.setValue(progress.done if progress else 0)
        self._progress.setVisible(job is not None)
        self._cancel.setVisible(job is not None)

    def _follow(self, changed: frozenset[str]) -> None:
        for n, action in enumerate(self._layers, start=1):
            action.setVisible(n <= self.session.layers)  # invisible actions have no shortcut either
        if changed & {"cloud", "model"}:
            names = [s for s in (self.session.cloud and self.session.cloud.cloud.name, self.session.model and self.session.model.name) if s]
            self.setWindowTitle(" \N{EN DASH} ".join([*names, "bgnn-studio"]))

    def _ask_files(self) -> None:
        kinds = " ".join(f"*{extension}" for extension in (".gguf", EXTENSION, *SUFFIXES, *supported_extensions()))
        names, _ = QFileDialog.getOpenFileNames(self, "Open clouds and models", "", f"Clouds, models and sessions ({kinds});;All files (*)")
        self.open([Path(name) for name in names])

    def _open_trained(self, path: Path) -> None:
        self.tabs.setCurrentWidget(self.inspect)
        self.open([path])

    def _reset_camera(self) -> None:
        (self.compare if self.tabs.currentWidget() is self.compare else self.inspect).reset_camera()

    def _run_again(self) -> None:
        if self.tabs.currentWidget() is self.compare:
            self.compare.comparer.again()
        else:
            self.desk.infer()


def _add(menu: QMenu, text: str, shortcut: QKeySequence.StandardKey | str | None, call: Callable[[], object]) -> QAction:
    action = QAction(text, menu)
    if shortcut is not None:
        action.setShortcut(QKeySequence(shortcut))
    action.triggered.connect(lambda _=False: call())
    menu.addAction(action)
    return action
