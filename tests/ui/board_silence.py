"""How smooth the window stays while boards run: ``python -m tests.ui.board_silence [SECONDS]``.

Without a display, put ``xvfb-run -a -s '-screen 0 1280x720x24'`` before it. In the Boards tab at 1280x720 it profiles the bundled models
on this machine, on OpenSSH's server on 127.0.0.1, and on both at once, and prints the longest time in milliseconds for which the GUI
thread answered nothing (a timer of 1 ms) and the most processor time that it took in one go, beside those while nothing runs, and while
the whole tab is drawn again and again. The passes run on the last core, and those over SSH
at the lowest priority (``nice -n 19``): a connected board takes nothing of this machine.
"""

import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

from bgnn_studio.core.resources import bundled_clouds, bundled_models
from bgnn_studio.ui.board_book import KnownBoard
from bgnn_studio.ui.main_window import MainWindow
from bgnn_studio.ui.theme import ThemeSwitch
from tests.boards.servers import USER, openssh
from tests.ui.interaction import Heartbeat, settle, wait

LAST = max(os.sched_getaffinity(0))


class Beats(Heartbeat):
    """Notes the most processor time of the thread between two turns, too: a busy machine does not make that longer."""

    def __init__(self) -> None:
        self._cpu, self._most = time.thread_time(), 0.0
        super().__init__()

    def _beat(self) -> None:
        now = time.thread_time()
        self._most, self._cpu = max(self._most, now - self._cpu), now
        super()._beat()

    def both_ms(self) -> tuple[float, float]:
        """Return the longest gap since the last call, and the most processor time in one."""
        worst, most, self._most = self.worst_ms(), self._most, 0.0
        return worst, 1e3 * most


def measure(folder: Path, seconds: float) -> dict[str, tuple[float, float]]:
    settings = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
    window = MainWindow(ThemeSwitch(QApplication.instance(), "dark"), settings)
    tab = window.boards
    window.resize(1280, 720)
    window.show()
    wait(lambda: window.inspect.viewport is not None)
    window.open([*bundled_clouds(), *bundled_models()])
    settle(window)
    window.tabs.setCurrentWidget(tab)
    settle(window)
    tab.setup.how.measure_until("soak")
    tab.setup.how.amount.setValue(1)
    tab.setup.how.cpus.setText(str(LAST))
    heart, found = Beats(), {}

    def run() -> None:
        tab.profile.trigger()
        wait(lambda: tab.question.isVisible() or not tab.profiler.any_busy)
        if tab.question.isVisible():
            tab.question.accept.click()
            wait(lambda: not tab.profiler.any_busy)
        settle(window)

    with openssh(folder) as server:
        run()  # what is imported and drawn at the first run
        tab.book.add(KnownBoard(f"{USER}@127.0.0.1:{server.port}", str(server.key), prefix="nice -n 19"))
        tab.boards.list.setCurrentRow(1)
        run()
        tab.boards.list.setCurrentRow(0)
        settle(window)
        tab.setup.how.amount.setValue(max(round(seconds / len(window.session.models)), 1))
        heart.both_ms()
        end = time.monotonic() + seconds
        wait(lambda: time.monotonic() > end)
        found["nothing runs"] = heart.both_ms()
        end = time.monotonic() + 1
        wait(lambda: window.update() or tab.update() or time.monotonic() > end)
        found["only repaints"] = heart.both_ms()
        run()
        found["this machine runs"] = heart.both_ms()
        tab.boards.list.setCurrentRow(1)
        settle(window)
        heart.both_ms()
        run()
        found["the board runs"] = heart.both_ms()
        for row in (1, 0):
            tab.boards.list.setCurrentRow(row)
            QApplication.processEvents()
            tab.profile.trigger()
            QApplication.processEvents()
        wait(lambda: not tab.profiler.any_busy)
        settle(window)
        found["both run"] = heart.both_ms()
    window.close()
    return found


def main() -> None:
    _ = QApplication.instance() or QApplication([])
    with TemporaryDirectory() as name:
        os.environ |= {"HOME": name, "XDG_CONFIG_HOME": f"{name}/config", "BGNN_HISTORY": f"{name}/runs.sqlite3"}
        found = measure(Path(name), float(sys.argv[1]) if len(sys.argv) > 1 else 15.0)
    print(f"{'GUI thread [ms]':20} {'longest silence':>16} {'most CPU time in one':>21}")
    for what, (silence, cpu) in found.items():
        print(f"{what:20} {silence:16.0f} {cpu:21.0f}")


if __name__ == "__main__":
    main()
