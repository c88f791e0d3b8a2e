"""Two windows at once, each a process of its own: what one remembers, the other does not forget."""

import subprocess
import sys
from pathlib import Path

from tests.requirements import ROOT

WINDOW = """
import sys
from pathlib import Path
from PySide6.QtCore import QSettings
from bgnn_studio.core.session import Session
from bgnn_studio.ui.board_book import BoardBook, KnownBoard
from bgnn_studio.ui.recent import RecentFiles
from PySide6.QtWidgets import QApplication
application = QApplication(["window", "-platform", "offscreen"])
settings = QSettings(sys.argv[1], QSettings.Format.IniFormat)
recent, book = RecentFiles(Session(), settings, print), BoardBook(settings)
print("open", flush=True)
for line in sys.stdin:
    what, name = line.split()
    if what == "open":
        recent.add(Path(name))
    elif what == "add":
        book.add(KnownBoard(name))
    elif what == "remove":
        book.remove(KnownBoard(name))
    settings.sync()
    print(*(path.name for path in recent.paths), *(board.address for board in book.boards[1:]), flush=True)
"""


def test_files_and_boards_of_both_are_remembered(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WINDOW, tmp_path / "settings.ini"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "bufsize": 1}
    with subprocess.Popen(command, cwd=ROOT, **pipes) as first, subprocess.Popen(command, cwd=ROOT, **pipes) as second:

        def say(window: "subprocess.Popen[str]", line: str) -> list[str]:
            window.stdin.write(f"{line}\n")
            return window.stdout.readline().split()

        assert (first.stdout.readline(), second.stdout.readline()) == ("open\n", "open\n")
        assert say(first, f"open {tmp_path}/a.ply") == ["a.ply"]
        assert say(second, f"open {tmp_path}/b.ply") == ["b.ply", "a.ply"]
        assert say(first, "add me@one") == ["b.ply", "a.ply", "me@one"]
        assert say(second, "add me@two") == ["b.ply", "a.ply", "me@one", "me@two"]
        assert say(first, "remove me@one") == ["b.ply", "a.ply", "me@two"]
        first.stdin.close()
        second.stdin.close()
