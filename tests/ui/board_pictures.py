"""Pictures of the Boards tab in each of its states: ``python -m tests.ui.board_pictures FOLDER [STATE ...]``.

Without a display, put ``xvfb-run -a -s '-screen 0 1920x1080x24'`` before it. Every state is made by real parts: OpenSSH's server on
127.0.0.1, an emulator as the launch prefix, this machine with sensors of a folder in its `/sys` (for which it must be root), and with
``--board`` the emulated arm64 machine, which counts instructions. Both themes, 1280x720 and 1920x1080.
"""

import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

from bgnn_studio.core.resources import bundled_clouds, bundled_models
from bgnn_studio.ui.board_book import KnownBoard
from bgnn_studio.ui.main_window import MainWindow
from bgnn_studio.ui.theme import THEMES, ThemeSwitch
from tests.boards.servers import EMULATED, ORDINARY, USER, openssh, with_ordinary_user
from tests.ui.interaction import settle, wait

SIZES = ((1280, 720), (1920, 1080))
SENSORS = 'mount --bind {} /sys && exec "$@"'


class Pictures:
    """The window, and what is done in it."""

    def __init__(self, folder: Path, wanted: list[str]) -> None:
        self.folder, self.wanted = folder, wanted
        folder.mkdir(parents=True, exist_ok=True)
        self.themes = ThemeSwitch(QApplication.instance(), "dark")
        self.window = MainWindow(self.themes, QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat))
        self.tab = self.window.boards
        self.window.resize(*SIZES[0])
        self.window.show()
        wait(lambda: self.window.inspect.viewport is not None)
        self.window.tabs.setCurrentWidget(self.tab)
        settle(self.window)

    def take(self, name: str) -> None:
        for theme in ("dark", "light"):
            self.themes.set_theme(THEMES[theme])
            for size in SIZES:
                self.window.resize(*size)
                end = time.monotonic() + 0.4
                wait(lambda end=end: time.monotonic() > end)
                self.window.grab().save(str(self.folder / f"{name}-{theme}-{size[1]}.png"))
        print(name, flush=True)

    def board(self, address: str, key: str = "", prefix: str = "") -> None:
        known = KnownBoard(address, key=key, prefix=prefix)
        self.tab.book.add(known)
        self.choose(address)

    def choose(self, address: str) -> None:
        row = [board.address for board in self.tab.book.boards].index(address)
        self.tab.boards.list.setCurrentRow(row)
        settle(self.window)

    def run(self, ready: Callable[[], bool] | None = None, **how: object) -> None:
        row = self.tab.setup.how
        row.threads.setText(str(how.get("threads", "1")))
        row.measure_until(str(how.get("until", "repeats")))
        row.amount.setValue(int(str(how.get("amount", 50))))
        self.tab.profile.trigger()
        wait(ready or (lambda: not self.tab.profiler.any_busy))
        if ready is None:
            settle(self.window)

    def cancel(self) -> None:
        for board in self.tab.book.boards:
            self.tab.profiler.cancel(board)
        wait(lambda: not self.tab.profiler.any_busy)
        settle(self.window)


@contextmanager
def heating(folder: Path) -> Iterator[str]:
    """Give the launch prefix under which this machine gets hot, and slow, within half a minute."""
    files = {
        "class/thermal/thermal_zone0/type": "cpu-thermal",
        "class/thermal/thermal_zone0/temp": "48000",
        **{f"devices/system/cpu/cpu{cpu}/cpufreq/scaling_cur_freq": "1800000" for cpu in range(os.cpu_count() or 1)},
        **{f"devices/system/cpu/cpu{cpu}/cpufreq/scaling_governor": "ondemand" for cpu in range(os.cpu_count() or 1)},
        "devices/platform/soc/soc:firmware/get_throttled": "0",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"{text}\n")
    over = threading.Event()

    def heat() -> None:
        second = 0.0
        while not over.wait(0.5):
            second = 0.0 if (folder / "cold").exists() else second + 0.5
            (folder / "cold").unlink(missing_ok=True)
            celsius = 48 + 36 * (1 - 0.92**second)
            hot = celsius > 78
            (folder / "class/thermal/thermal_zone0/temp").write_text(f"{celsius * 1000:.0f}\n")
            (folder / "devices/platform/soc/soc:firmware/get_throttled").write_text("80008\n" if hot else "0\n")
            for path in folder.glob("devices/system/cpu/cpu*/cpufreq/scaling_cur_freq"):
                path.write_text("1200000\n" if hot else "1800000\n")

    thread = threading.Thread(target=heat)
    thread.start()
    try:
        yield f"unshare -m sh -c '{SENSORS.format(folder)}' sh"
    finally:
        over.set()
        thread.join()


def states(pictures: Pictures, folder: Path, stack: ExitStack, board: bool) -> Iterator[str]:
    """Bring the window into each state."""
    tab, window = pictures.tab, pictures.window
    yield "empty"
    models = {path.stem: path for path in bundled_models()}
    window.open([*bundled_clouds(), *(models[name] for name in ("dgcnn", "rf", "bf1", "bf2", "bfr"))])
    settle(window)
    yield "models"
    pictures.run(amount=200)
    yield "measured"
    pictures.run(amount=50, threads="1 2")
    tab.compared.show_page("threads")
    yield "sweep"
    tab.compared.show_page("models")
    silent = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    pictures.board(f"pi@127.0.0.1:{silent.getsockname()[1]}")
    pictures.run(lambda: tab.live.isVisible() and "Connecting" in tab.log.toPlainText())
    yield "connecting"
    pictures.cancel()
    (folder / "ssh").mkdir()
    server = stack.enter_context(openssh(folder / "ssh"))
    pictures.board(f"{USER}@127.0.0.1:{server.port}", str(server.key), " ".join(EMULATED))
    pictures.run(tab.question.isVisible)
    yield "unknown-key"
    tab.question.accept.click()
    wait(lambda: not tab.profiler.any_busy)
    settle(window)
    yield "emulated"
    tab.compared.show_page("boards")
    yield "boards"
    tab.compared.show_page("models")
    if board:
        from tests.boards.arm_board import booted

        target = stack.enter_context(booted(counts=True))
        pictures.board(f"root@127.0.0.1:{target.port}", str(target.key))
        for _ in range(60):
            pictures.run(lambda: tab.question.isVisible() or not tab.profiler.any_busy, amount=3)
            if tab.question.isVisible():
                break
        tab.question.accept.click()
        wait(lambda: not tab.profiler.any_busy)
        settle(window)
        yield "instructions"
    open_to_all = Path(stack.enter_context(TemporaryDirectory(dir="/var/tmp")))
    open_to_all.chmod(0o711)
    mounts = with_ordinary_user(open_to_all)
    ordinary = stack.enter_context(openssh(open_to_all, *mounts, options=("PasswordAuthentication yes",), user=ORDINARY))
    pictures.board(f"{ORDINARY}@127.0.0.1:{ordinary.port}")
    pictures.run(tab.question.isVisible)
    tab.question.accept.click()
    wait(tab.question.field.isVisible)
    yield "password"
    for _ in range(4):
        if tab.question.isVisible():
            tab.question.field.setText("wrong")
            tab.question.accept.click()
        wait(lambda: tab.question.isVisible() or not tab.profiler.any_busy)
    settle(window)
    yield "error"
    address = f"{USER}@127.0.0.1:{server.port}"
    tab.book.add(KnownBoard(address, str(server.key), prefix=stack.enter_context(heating(folder / "sys"))))
    for row in range(4):
        tab.models.list.item(row).setCheckState(tab.models.list.item(row).checkState().Unchecked)
    pictures.choose(address)
    end = time.monotonic() + 20
    pictures.run(lambda: time.monotonic() > end, until="soak", amount=90)
    yield "soak-live"
    pictures.choose("local")
    pictures.run(lambda: "measuring" in tab.live.caption.text(), amount=100_000)
    yield "two-at-once"
    pictures.cancel()
    pictures.choose(address)
    (folder / "sys" / "cold").touch()
    pictures.run(until="soak", amount=40)
    yield "soak"
    tab.boards.add.click()
    yield "form"


def main() -> None:
    words = [word for word in sys.argv[1:] if word != "--board"]
    _ = QApplication.instance() or QApplication([])
    with TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        os.environ |= {"HOME": name, "XDG_CONFIG_HOME": f"{name}/config", "BGNN_HISTORY": f"{name}/runs.sqlite3"}
        pictures = Pictures(Path(words[0]), words[1:])
        for state in states(pictures, folder, stack, "--board" in sys.argv):
            if not pictures.wanted or state in pictures.wanted:
                pictures.take(state)
        pictures.window.close()


if __name__ == "__main__":
    main()
