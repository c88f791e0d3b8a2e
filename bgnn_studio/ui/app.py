"""Starting the window."""

import logging
from pathlib import Path

from platformdirs import user_state_path
from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication

from bgnn_studio import __version__
from bgnn_studio.ui.log import log_to
from bgnn_studio.ui.main_window import LOGS, MainWindow
from bgnn_studio.ui.theme import ThemeSwitch
from bgnn_studio.ui.unhandled import Unhandled

log = logging.getLogger(__name__)


def state_folder() -> Path:
    """Return where sessions and logs of this user are."""
    return user_state_path("bgnn-studio", appauthor=False)


def run(files: list[Path]) -> int:
    """Show the window, open these files in it, and return the exit code of the application.

    The first cloud and the first model are selected, and their graph is drawn at once.
    """
    state = state_folder()
    with log_to(state / LOGS):
        return _run(files, state)


def _run(files: list[Path], state: Path) -> int:
    application = QApplication.instance() or QApplication(["bgnn-studio"])
    application.setApplicationName("bgnn-studio")
    application.setDesktopFileName("bgnn-studio")
    settings = QSettings("bgnn-studio", "bgnn-studio")
    window = MainWindow(ThemeSwitch(application, settings.value("theme")), settings, state)
    unhandled = Unhandled(window)
    unhandled.caught.connect(lambda error: window.toasts.error("Unexpected error", error))
    window.show()
    QTimer.singleShot(0, window, lambda: window.open(files, undoable=False))
    log.info("bgnn-studio %s started", __version__)
    code = application.exec()
    unhandled.release()
    log.info("ended with code %d", code)
    return code
