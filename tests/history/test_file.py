"""The file under bad luck: killed writers, many processes, older, newer and foreign files, damage, folders that are not writable."""

import os
import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bgnn_studio.errors import HistoryError
from bgnn_studio.history import History, schema
from tests.history.make_run import assert_same, make_run
from tests.requirements import ROOT, needs


def script(code: str, *arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    """Run Python code in a fresh process."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False, **options)


# Each child writes runs and says so, until it is killed; forked from one process, so that a round costs milliseconds.
KILLER = """
import os, random, signal, sys, time
from pathlib import Path
from bgnn_studio.history import History
from tests.history.make_run import make_run

path, rounds = Path(sys.argv[1]), int(sys.argv[2])
luck = random.Random(7)
warm = History(path.with_name("warm.sqlite3"))
warm.delete([warm.add(make_run(0, samples=2000))])  # what is imported at the first use
for round in range(rounds):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        history = History(path)
        for number in range(round * 1000, round * 1000 + 1000):
            identity = history.add(make_run(number, samples=2000))
            os.write(writer, f"{number} {identity}\\n".encode())
            if number % 3 == 2:
                history.delete([identity])
                os.write(writer, f"{number} gone\\n".encode())
    os.close(writer)
    text = b""
    while round % 2 and text.count(b"\\n") < 4:  # every other child is let write, however busy the machine is
        text += os.read(reader, 4096)
    time.sleep(luck.uniform(0.0, 0.1))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with open(reader, "rb") as said:
        print((text + said.read()).decode(), end="")
"""


def test_killed_at_any_moment(tmp_path: Path) -> None:
    needs("fork")
    history = History(tmp_path / "history.sqlite3")
    ran = script(KILLER, history.path, 60)
    assert ran.returncode == 0, ran.stderr
    said: dict[int, list[str]] = {}
    for line in ran.stdout.splitlines():
        number, what = line.split()
        said.setdefault(int(number), []).append(what)
    assert len(said) > 60, ran.stdout  # it wrote at all
    stored = {}
    for entry in history.entries():
        record = history.get(entry.id)
        number = record.run.details["first_ns"]
        assert_same(record.run, make_run(number, samples=2000))
        stored[number] = entry.id
    for number, words in said.items():
        if "gone" in words:
            assert number not in stored
        elif number % 3 != 2:
            assert stored[number] == int(words[0])
    assert len(set(stored) - set(said)) <= 60  # at most one a round was written but not said
    with sqlite3.connect(history.path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


WRITERS = """
import os, sys
from pathlib import Path
from bgnn_studio.history import History
from tests.history.make_run import make_run

for trial in range(int(sys.argv[2])):
    history = History(Path(sys.argv[1]) / f"{trial}.sqlite3")
    gate, opened = os.pipe()
    children = []
    for writer in range(4):
        child = os.fork()
        if child == 0:
            os.close(opened)
            os.read(gate, 1)  # returns for all at once, when the parent closes its end
            try:
                for n in range(4):
                    identity = history.add(make_run(100 * writer + n))
                    history.tag([identity], ["seen", str(writer)])
                    if n == 3:
                        history.delete([identity])
                    history.entries()
            except BaseException as error:
                print(f"writer {writer}: {error!r}", file=sys.stderr, flush=True)
                os._exit(1)
            os._exit(0)
        children.append(child)
    os.close(gate)
    os.close(opened)
    assert all(os.waitpid(child, 0)[1] == 0 for child in children)
"""


def test_several_processes_at_once(tmp_path: Path) -> None:
    needs("fork")
    trials = 6
    ran = script(WRITERS, tmp_path, trials)
    assert ran.returncode == 0, ran.stderr
    for trial in range(trials):
        history = History(tmp_path / f"{trial}.sqlite3")
        records = [history.get(entry.id) for entry in history.entries()]
        assert sorted(r.run.details["first_ns"] for r in records) == [100 * w + n for w in range(4) for n in range(3)]
        assert all({"seen", str(r.run.details["first_ns"] // 100)} <= r.run.tags for r in records)


@pytest.mark.parametrize("version", range(1, len(schema.STEPS) + 1))
def test_older_files_are_migrated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int) -> None:
    history, steps = History(tmp_path / "history.sqlite3"), schema.STEPS
    monkeypatch.setattr(schema, "STEPS", steps[:version])
    identity = history.add(make_run(5))
    more = ("ALTER TABLE runs ADD COLUMN weather TEXT", "UPDATE runs SET weather = 'dry'")
    monkeypatch.setattr(schema, "STEPS", (*steps, more))
    assert_same(history.get(identity).run, make_run(5))
    with sqlite3.connect(history.path) as connection:
        assert connection.execute("SELECT weather FROM runs").fetchall() == [("dry",)]
        assert connection.execute("PRAGMA user_version").fetchone() == (len(steps) + 1,)
    connection.close()


def test_a_migration_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    history, steps = History(tmp_path / "history.sqlite3"), schema.STEPS
    identity = history.add(make_run(5))
    monkeypatch.setattr(schema, "STEPS", (*steps, ("ALTER TABLE runs ADD COLUMN weather TEXT", "nonsense")))
    with pytest.raises(HistoryError, match="cannot be used"):
        history.entries()
    monkeypatch.setattr(schema, "STEPS", steps)
    assert_same(history.get(identity).run, make_run(5))


def test_newer_and_foreign_files_are_refused_untouched(tmp_path: Path) -> None:
    newer, foreign = History(tmp_path / "newer.sqlite3"), History(tmp_path / "foreign.sqlite3")
    newer.add(make_run(0))
    for path, change in (
        (newer.path, f"PRAGMA user_version = {len(schema.STEPS) + 1}"),
        (foreign.path, "CREATE TABLE recipes (cake TEXT)"),
    ):
        with sqlite3.connect(path) as connection:
            connection.execute(change)
        connection.close()
    before = {path: path.read_bytes() for path in (newer.path, foreign.path)}
    for history, message in ((newer, "Update bgnn-studio"), (foreign, "a database of another program")):
        for call in (history.entries, lambda h=history: h.add(make_run(1)), lambda h=history: h.delete([1])):
            with pytest.raises(HistoryError, match=message):
                call()
        assert history.path.read_bytes() == before[history.path]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["foreign.sqlite3", "newer.sqlite3"]


def test_what_is_no_database_is_set_aside(tmp_path: Path) -> None:
    history = History(tmp_path / "history.sqlite3")
    history.path.write_bytes(b"a shopping list" * 100)
    with pytest.raises(HistoryError, match=r"history.sqlite3: the run history is damaged .*It is kept as history.damaged-.*\.recover"):
        history.entries()
    (aside,) = tmp_path.iterdir()
    assert aside.name.startswith("history.damaged-")
    assert aside.read_bytes() == b"a shopping list" * 100
    assert history.entries() == []
    assert history.get(history.add(make_run(1))).run.notes == "run 1"


def error_of(history: History) -> str | None:
    try:
        for entry in history.entries():
            history.get(entry.id)
        history.add(make_run(9))
    except HistoryError as error:
        return str(error)
    return None


def test_any_damage_is_an_error_or_is_read_and_nothing_is_lost(tmp_path: Path) -> None:
    luck, pristine = random.Random(3), tmp_path / "pristine.sqlite3"
    for number in range(6):
        History(pristine).add(make_run(number, samples=1500))
    whole, refused = pristine.read_bytes(), 0
    for trial in range(80):
        folder = tmp_path / str(trial)
        folder.mkdir()
        data = bytearray(whole)
        if trial % 4 == 0:
            del data[luck.randrange(1, len(data)) :]
        else:
            for _ in range(luck.choice((1, 20, 400))):
                data[luck.randrange(len(data) if trial % 2 else 4096)] = luck.randrange(256)
        history = History(folder / "history.sqlite3")
        history.path.write_bytes(data)
        error = error_of(history)
        assert error is None or "the run history is damaged" in error or "history delete" in error
        if error and "damaged" in error:
            refused += 1
            (aside,) = folder.glob("history.damaged-*.sqlite3")
            assert aside.stat().st_size >= min(len(data), 4096)
            history.add(make_run(9))
    assert refused > 13


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    needs("user nobody")
    history = History(tmp_path / "history.sqlite3")
    history.add(make_run(1))
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom bgnn_studio.errors import HistoryError\nfrom bgnn_studio.history import History\n"
        "from tests.history.make_run import make_run\nif os.geteuid() == 0: os.setgid(65534); os.setuid(65534)\n"
        "for call in (History(Path(sys.argv[1])).entries, lambda: History(Path(sys.argv[1]) / 'deep' / 'x').add(make_run(2)),"
        " lambda: History(Path(sys.argv[1]).with_name('new')).add(make_run(2))):\n"
        "    try: call()\n    except HistoryError as error: print(error)"
    )
    parents = [folder for folder in tmp_path.parents if folder.is_relative_to(os.environ.get("TMPDIR", "/tmp"))]
    modes = {folder: folder.stat().st_mode for folder in (tmp_path, *parents)}
    try:
        for folder, mode in modes.items():
            folder.chmod(mode | 0o055)
        tmp_path.chmod(0o555)
        ran = script(code, history.path)
    finally:
        for folder, mode in modes.items():
            folder.chmod(mode)
    lines = ran.stdout.splitlines()
    assert len(lines) == 3, ran.stdout + ran.stderr
    assert "in a folder that may be written to" in lines[0]
    assert "the folder of the run history cannot be made" in lines[1]
    assert "in a folder that may be written to" in lines[2]
    assert all("BGNN_HISTORY" in line for line in lines)
    assert len(history.entries()) == 1
