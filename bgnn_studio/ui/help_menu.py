"""The Help menu: every command by name, every shortcut, and what a report of a problem needs."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QMenu, QMessageBox

from bgnn_studio import __version__
from bgnn_studio.ui.actions import menu_commands, other_shortcuts
from bgnn_studio.ui.diagnostics import diagnostics
from bgnn_studio.ui.palette import Palette
from bgnn_studio.ui.session_commands import session_commands
from bgnn_studio.ui.shortcut_sheet import ShortcutSheet

if TYPE_CHECKING:
    from collections.abc import Callable

    from bgnn_studio.ui.main_window import MainWindow
    from bgnn_studio.ui.theme import Theme


class HelpMenu(QMenu):
    """Owns the command palette and the overview of shortcuts.

    Parameters
    ----------
    window : MainWindow
    logs : Path or None
        Folder of the log file.

    Attributes
    ----------
    commands : Palette
    shortcuts : ShortcutSheet
    """

    def __init__(self, window: "MainWindow", logs: Path | None) -> None:
        super().__init__("&Help", window)
        self._window, self._logs = window, logs
        bar = window.menuBar()
        self.commands = Palette(
            lambda: [*session_commands(window.session, window.tabs, window.desk.prepare), *menu_commands(bar)], window.toasts, window
        )
        self.shortcuts = ShortcutSheet(lambda: [*menu_commands(bar), *other_shortcuts(window)], window)
        window.toasts.copy_diagnostics = self.copy_diagnostics
        self._add("&Command palette", ("Ctrl+K", "Ctrl+Shift+P"), self.commands.toggle)
        self._add("&Keyboard shortcuts", ("F1", "?"), self.shortcuts.toggle)
        self.addSeparator()
        self._add("Copy &diagnostics", (), self.copy_diagnostics)
        if logs is not None:
            self._add("Show the &log file", (), lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(logs))))
        self.addSeparator()
        self._add("&About bgnn-studio", (), self._about)

    def apply_theme(self, theme: "Theme") -> None:
        """Take the colours of a theme."""
        self.commands.apply_theme(theme)
        self.shortcuts.apply_theme(theme)

    def copy_diagnostics(self) -> None:
        """Put what a report of a problem needs on the clipboard."""
        QGuiApplication.clipboard().setText(diagnostics(self._logs))
        self._window.toasts.info(
            "Diagnostics copied", "Versions, machine and the end of the log; nothing from your files. Paste them into a report."
        )

    def _add(self, text: str, shortcuts: tuple[str, ...], call: "Callable[[], object]") -> None:
        action = self.addAction(text)
        action.setShortcuts([QKeySequence(shortcut) for shortcut in shortcuts])
        action.triggered.connect(lambda _=False: call())

    def _about(self) -> None:
        text = (
            f"<h3>bgnn-studio {__version__}</h3><p>Inspect, compare and measure Binary Graph Neural Networks on point clouds.</p>"
            "<p>Networks: Bahri, Bahl, Zafeiriou, <i>Binary Graph Neural Networks</i>, CVPR 2021;<br>"
            "Wang et al., <i>Dynamic Graph CNN for Learning on Point Clouds</i>, ACM TOG 2019.</p>"
        )
        QMessageBox.about(self._window, "About bgnn-studio", text)
