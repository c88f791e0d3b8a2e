"""What goes in comes out; filters, tags and deletion against the same thing done to a list of Python objects."""

import sqlite3
import statistics
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest

from bgnn_studio.errors import HistoryError
from bgnn_studio.history import Conditions, Filter, History, default_path
from tests.history.make_run import START, assert_same, make_run


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "deep" / "folder" / "history.sqlite3")


def test_a_run_comes_back_as_it_was(history: History) -> None:
    made = make_run(7)
    record = history.get(history.add(made))
    assert_same(record.run, made)
    summary, samples = record.entry.summary, sorted(made.samples_ns.tolist())
    assert (summary.n, summary.p50_ns, summary.min_ns) == (40, statistics.median(samples), samples[0])
    assert summary.interval_ns == (samples[12], samples[27])  # floor and ceil of 20 -+ 0.98 sqrt(40), from 1: 13 and 28
    assert history.entries() == [record.entry]


def test_few_samples_odd_names_and_bare_runs(history: History) -> None:
    made = make_run(
        1, samples=1, model_name="'; DROP TABLE runs; --", layers=(), tags=frozenset(), notes="", checksum=None, machine_facts={}
    )
    record = history.get(history.add(made))
    assert_same(record.run, made)
    assert record.entry.summary.interval_ns is None


def test_reading_makes_no_file(history: History) -> None:
    assert history.entries() == []
    with pytest.raises(HistoryError, match="there is no run 1"):
        history.get(1)
    with pytest.raises(HistoryError, match="there is no run 1"):
        history.tag([1], ["a"])
    assert not history.path.parent.exists()


def test_the_newest_come_first_whatever_their_zone(history: History) -> None:
    later = make_run(0, time=(START + timedelta(hours=1)).astimezone(timezone(timedelta(hours=-8))))
    ids = [history.add(run) for run in (later, make_run(3), make_run(1))]
    assert [entry.id for entry in history.entries()] == [ids[0], ids[1], ids[2]]
    assert [entry.id for entry in history.entries(limit=2)] == ids[:2]
    assert history.get(ids[0]).run.conditions.time == later.conditions.time


def test_filters(history: History) -> None:
    runs = [make_run(n) for n in range(9)]
    runs[4] = make_run(4, kind="board", badge="emulated", isa="neon", machine="pi@board", variant="bfr", model_name="bfr")
    runs[5] = make_run(5, engine="torch")
    ids = [history.add(run) for run in runs]
    expected = {
        Filter(): range(9),
        Filter(kind="board"): [4],
        Filter(engine="torch"): [5],
        Filter(badge="emulated"): [4],
        Filter(isa="neon", machine="pi@board"): [4],
        Filter(isa="neon", machine="desk, a CPU"): [],
        Filter(variant="bf2", threads=2): [1, 3, 5, 7],
        Filter(model="bfr"): [4],
        Filter(model=f"{2:064x}"): [2, 5, 8],
        Filter(model="00000000"): range(9),
        Filter(tag="tag1"): [1, 5],
        Filter(since=START + timedelta(seconds=6)): [6, 7, 8],
    }
    for filter_, wanted in expected.items():
        assert {entry.id for entry in history.entries(filter_)} == {ids[n] for n in wanted}, filter_


def test_tags_notes_and_deletion(history: History) -> None:
    ids = [history.add(make_run(n)) for n in range(3)]
    history.tag(ids[:2], ["baseline", " tag0 "])
    history.tag([ids[0]], ["baseline"])
    history.untag([ids[1]], ["tag1", "never there"])
    history.annotate(ids[2], "fan off")
    found = {entry.id: entry for entry in history.entries()}
    assert [found[i].tags for i in ids] == [{"baseline", "tag0"}, {"baseline", "tag0"}, {"tag2"}]
    assert found[ids[2]].notes == "fan off"
    history.delete([ids[0]])
    assert [entry.id for entry in history.entries()] == ids[:0:-1]
    assert history.add(make_run(9)) > ids[2]
    with sqlite3.connect(history.path) as connection:
        for table, column in (("layers", "run"), ("steps", "run"), ("tags", "run")):
            assert connection.execute(f"SELECT count(*) FROM {table} WHERE {column} = ?", (ids[0],)).fetchone() == (0,)
    connection.close()


def test_deleting_the_newest_does_not_free_its_number(history: History) -> None:
    first = history.add(make_run(0))
    history.delete([first])
    assert history.add(make_run(1)) == first + 1


@pytest.mark.parametrize("change", ["delete", "tag", "untag", "annotate"])
def test_an_unknown_run_changes_nothing(history: History, change: str) -> None:
    identity = history.add(make_run(0))
    before = history.entries()
    call = {
        "delete": lambda: history.delete([identity, 99]),
        "tag": lambda: history.tag([identity, 99], ["x"]),
        "untag": lambda: history.untag([identity, 99], ["tag0"]),
        "annotate": lambda: history.annotate(99, "x"),
    }[change]
    with pytest.raises(HistoryError, match=r"there is no run 99. 'bgnn-studio history' lists them"):
        call()
    assert history.entries() == before


def test_runs_that_make_no_sense_are_refused(history: History) -> None:
    for samples in (np.array([], np.int64), np.array([[1, 2]]), np.array([1.5]), np.array([3, 0])):
        with pytest.raises(HistoryError, match=r"Expected 'samples_ns' of shape \(n,\)"):
            make_run(0, samples_ns=samples)
    with pytest.raises(HistoryError, match="Expected 'badge' of a run to be one of measured, emulated, estimated"):
        make_run(0, badge="guessed")
    with pytest.raises(HistoryError, match="with a time zone"):
        replace(make_run(0).conditions, time=datetime(2026, 1, 1))  # noqa: DTZ001
    for facts in ({"x": object()}, {"x": float("nan")}):
        with pytest.raises(HistoryError, match="that JSON can say"):
            history.add(make_run(0, machine_facts=facts))
    with pytest.raises(HistoryError, match="at least one letter"):
        history.tag([], ["  "])
    assert not history.path.exists()


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BGNN_HISTORY", str(tmp_path / "mine.db"))
    assert default_path() == History().path == tmp_path / "mine.db"
    monkeypatch.delenv("BGNN_HISTORY")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_path().name == "history.sqlite3"
    assert "bgnn-studio" in default_path().parts


def test_conditions_default_to_now() -> None:
    known = {name: getattr(make_run(0).conditions, name) for name in Conditions.__dataclass_fields__ if name != "time"}
    made = Conditions(**known)
    assert abs((datetime.now(made.time.tzinfo) - made.time).total_seconds()) < 60
