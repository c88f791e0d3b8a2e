"""Jobs: results on the GUI thread, latest wins, errors handed over, a clean end."""

import logging
import re
import threading
import time

import pytest
from pytestqt.qtbot import QtBot

from bgnn_studio.errors import BgnnError
from bgnn_studio.ui.workers import Jobs, Progress


@pytest.fixture
def jobs(qtbot: QtBot):
    jobs = Jobs()
    yield jobs
    jobs.close()


def test_the_function_runs_on_a_worker_and_the_result_arrives_on_the_gui_thread(jobs: Jobs, qtbot: QtBot) -> None:
    seen: list[object] = []
    jobs.start(
        "Naming threads",
        lambda _: threading.current_thread().name,
        done=lambda name: seen.extend([name, threading.current_thread()]),
        failed=pytest.fail,
    )
    qtbot.waitUntil(lambda: len(seen) == 2, timeout=5000)
    assert str(seen[0]).startswith("bgnn-job")
    assert seen[1] is threading.main_thread()
    assert jobs.running == []


def test_a_newer_job_of_the_same_key_makes_the_older_one_void(jobs: Jobs, qtbot: QtBot) -> None:
    seen: list[str] = []
    older = jobs.start("Older", lambda cancelled: cancelled.wait(10) and "old", done=seen.append, failed=pytest.fail, key="k")
    other = jobs.start("Other", lambda _: "other", done=seen.append, failed=pytest.fail, key="another")
    jobs.start("Newer", lambda _: "new", done=seen.append, failed=pytest.fail, key="k")
    qtbot.waitUntil(lambda: not jobs.running, timeout=5000)
    assert sorted(seen) == ["new", "other"]
    assert older.cancelled.is_set()
    assert not other.cancelled.is_set()


def test_errors_are_handed_over_and_unexpected_ones_logged(jobs: Jobs, qtbot: QtBot, caplog: pytest.LogCaptureFixture) -> None:
    def fail(error: Exception) -> object:
        raise error

    failures: list[Exception] = []
    with caplog.at_level(logging.ERROR):
        for error in (BgnnError("say this"), ZeroDivisionError("a bug")):
            jobs.start("Failing", lambda _, e=error: fail(e), done=pytest.fail, failed=failures.append)
            qtbot.waitUntil(lambda: not jobs.running, timeout=5000)
    assert [str(error) for error in failures] == ["say this", "a bug"]
    assert len(caplog.records) == 1
    assert "ZeroDivisionError" in caplog.text


def test_close_cancels_and_waits(qtbot: QtBot) -> None:
    jobs, ended = Jobs(), threading.Event()

    def work(cancelled: threading.Event) -> None:
        cancelled.wait(10)
        ended.set()

    jobs.start("Working", work, done=pytest.fail, failed=pytest.fail)
    jobs.close()
    assert ended.is_set() or not [t for t in threading.enumerate() if t.name.startswith("bgnn-job")]
    qtbot.wait(20)


def test_progress_is_told_by_the_worker_and_seen_while_it_runs(jobs: Jobs, qtbot: QtBot) -> None:
    progress, seen, go, start = Progress(), [], threading.Event(), time.monotonic()
    jobs.progressed.connect(lambda: seen.append((progress.done, progress.total, progress.time_left)))
    assert (progress.seconds_left, progress.time_left) == (None, "")

    def work(_: threading.Event) -> None:
        progress.tell(0, 40)
        for i in range(10):
            time.sleep(0.06)
            progress.tell(i + 1, 40)
        go.wait(10)

    jobs.start("Counting", work, done=lambda _: None, failed=pytest.fail, progress=progress)
    qtbot.waitUntil(lambda: bool(seen) and seen[-1][0] == 10, timeout=5000)
    assert 3 * 10 * 0.06 <= progress.seconds_left <= 3 * (time.monotonic() - start)  # 30 parts are left, 10 took that long
    assert re.fullmatch(r"about \d+ s left", seen[-1][2])
    go.set()
    qtbot.waitUntil(lambda: not jobs.running, timeout=5000)
    before = len(seen)
    qtbot.wait(200)
    assert len(seen) == before  # nothing runs, nothing is told
