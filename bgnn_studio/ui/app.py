"""Starting the window."""

import logging
from pathlib import Path

from platformdirs import user_state_path
from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication

from bgnn_studio.ui.main_window import MainWindow
from bgnn_studio.ui.theme import ThemeSwitch


def state_folder() -> Path:
    """Return where sessions and logs of this user are."""
    return user_state_path("bgnn-studio", appauthor=False)


def run(files: list[Path]) -> int:
    """Show the window, open these files in it, and return the exit code of the application.

    The first cloud and the first model are selected, and their graph is drawn at once.
    """
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    application = QApplication.instance() or QApplication(["bgnn-studio"])
    application.setApplicationName("bgnn-studio")
    application.setDesktopFileName("bgnn-studio")
    settings = QSettings("bgnn-studio", "bgnn-studio")
    window = MainWindow(ThemeSwitch(application, settings.value("theme")), settings, state_folder())
    window.show()
    QTimer.singleShot(0, window, lambda: window.open(files, undoable=False))
    return application.exec()
