"""The log file: what goes in, rotation, several processes, and folders that cannot be used."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import qWarning

from bgnn_studio.ui.log import CRASHES, NAME, SharedLog, last_lines, log_to


def test_python_and_qt_are_logged_with_time_and_process(tmp_path: Path) -> None:
    before = list(logging.getLogger().handlers)
    with log_to(tmp_path / "logs"):
        logging.getLogger("bgnn_studio.test").info("one %s", "thing")
        logging.getLogger("elsewhere").info("too much")
        qWarning("from Qt")
        error = ValueError("ü\udcff")  # a file name that is no UTF-8
        logging.getLogger("bgnn_studio.test").error("broken", exc_info=error)
    assert logging.getLogger().handlers == before
    text = (tmp_path / "logs" / NAME).read_text()
    assert "INFO bgnn_studio.test: one thing" in text
    assert "WARNING qt.default: from Qt" in text
    assert "ValueError: ü\\udcff" in text
    assert "too much" not in text


def test_rotation_keeps_a_bounded_number_of_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bgnn_studio.ui.log.MAX_BYTES", 1000)
    with log_to(tmp_path):
        for number in range(100):
            logging.getLogger("bgnn_studio.test").info("%06d", number)
    assert sorted(path.name for path in tmp_path.glob(f"{NAME}*")) == [NAME, f"{NAME}.1", f"{NAME}.2", f"{NAME}.3"]
    assert all(path.stat().st_size <= 1000 for path in tmp_path.glob(f"{NAME}*"))
    assert [line[-6:] for line in last_lines(tmp_path, 20)] == [f"{number:06d}" for number in range(80, 100)]


def test_a_file_put_aside_by_another_process_is_let_go(tmp_path: Path) -> None:
    ours = SharedLog(tmp_path / NAME, maxBytes=1000, backupCount=1)
    ours.emit(logging.makeLogRecord({"msg": "old"}))
    (tmp_path / NAME).rename(tmp_path / f"{NAME}.1")  # what another's rotation does
    ours.emit(logging.makeLogRecord({"msg": "new"}))
    ours.close()
    assert (tmp_path / NAME).read_text() == "new\n"
    assert last_lines(tmp_path, 10) == ["old", "new"]


def test_without_a_folder_there_is_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in the way").write_text("")
    with log_to(tmp_path / "in the way"):
        logging.getLogger("bgnn_studio.test").error("still heard")
    assert "still heard" in capfd.readouterr().err
    assert last_lines(tmp_path / "in the way", 3) == []


def test_a_crash_in_native_code_leaves_a_traceback(tmp_path: Path) -> None:
    code = (
        "import sys, faulthandler; from pathlib import Path; from bgnn_studio.ui.log import log_to\n"
        "with log_to(Path(sys.argv[1])): faulthandler._sigsegv()"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode < 0
    assert "Segmentation fault" in (tmp_path / CRASHES).read_text()
