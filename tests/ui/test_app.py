"""`run`: from files to a drawn graph, and out again."""

from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication

from bgnn_studio.ui.app import run
from bgnn_studio.ui.main_window import MainWindow


def test_run_shows_the_first_files_and_ends_with_the_window(
    qapp: QApplication, files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, str(tmp_path))  # not the user's own
    shown: list[tuple[str, str, int]] = []

    def look() -> None:
        for window in QApplication.topLevelWidgets():
            if isinstance(window, MainWindow) and window.session.inference is not None and window.inspect.viewport is not None:
                session = window.session
                shown.append((session.cloud.cloud.name, session.model.name, len(window.inspect.viewport.scene.edges.connectivity)))
                window.close()

    poll = QTimer()
    poll.timeout.connect(look)
    poll.start(50)
    QTimer.singleShot(30_000, poll, QApplication.closeAllWindows)
    assert run([files[name] for name in ("other.npy", "ball.npy", "binary.gguf", "real.gguf")]) == 0
    poll.stop()
    assert shown == [("other", "binary", 2 * 200 * 5)]
