"""The history of runs: add, list, read, tag, annotate, delete."""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from bgnn_studio.errors import HistoryError
from bgnn_studio.history.file import connected, transaction
from bgnn_studio.history.filter import Filter, time_text
from bgnn_studio.history.runs import Conditions, Entry, LayerRecord, Record, Run, StepRecord, Summary, summarise

_CONDITIONS = (
    *("kind", "engine", "badge", "model_name", "variant", "model_sha256", "cloud", "points", "k", "threads", "isa", "machine"),
    "time",
)
_SUMMARY = ("n", "p50_ns", "p90_ns", "p99_ns", "min_ns", "low_ns", "high_ns")
_COLUMNS = ("id", *_CONDITIONS, *_SUMMARY, "checksum", "notes")
_LISTED = (*_COLUMNS, "instructions")
_SELECT = f"SELECT {', '.join(_COLUMNS)}, (SELECT per_pass FROM instructions WHERE run = id) AS instructions"  # noqa: S608 (own names)
_ALL = Filter()


def default_path() -> Path:
    """Return where the history is: ``BGNN_HISTORY``, or ``history.sqlite3`` in the user's data folder."""
    if named := os.environ.get("BGNN_HISTORY"):
        return Path(named)
    from platformdirs import user_data_path

    return user_data_path("bgnn-studio", appauthor=False) / "history.sqlite3"


class History:
    """A file of runs. Each call opens it and closes it again, so any thread and any number of processes may use it.

    Parameters
    ----------
    path : Path, optional
        `default_path()` unless given. The file is made by the first run added.

    Raises
    ------
    HistoryError
        Every method: the file cannot be used, or (`get`, `tag`, `untag`, `annotate`) there is no such run.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = default_path() if path is None else path

    def add(self, run: Run) -> int:
        """Store a run; return its id once it is on the disk."""
        summary = summarise(run.samples_ns)
        facts = {name: getattr(run.conditions, name) for name in _CONDITIONS}
        facts |= {"time": time_text(run.conditions.time), "checksum": run.checksum, "notes": run.notes}
        facts |= {name: getattr(summary, name) for name in _SUMMARY[:-2]}
        facts["low_ns"], facts["high_ns"] = summary.interval_ns or (None, None)
        facts |= {"machine_facts": _json(run.machine_facts), "details": _json(run.details)}
        facts["samples_ns"] = run.samples_ns.astype("<i8").tobytes()
        insert = f"INSERT INTO runs ({', '.join(facts)}) VALUES ({', '.join('?' * len(facts))})"  # noqa: S608 (own column names)
        with connected(self.path) as connection, transaction(connection):
            identity = connection.execute(insert, tuple(facts.values())).lastrowid
            assert identity is not None
            for number, layer in enumerate(run.layers):
                row = (identity, number, layer.name, layer.p50_ns, layer.macs, layer.bit_ops)
                connection.execute("INSERT INTO layers VALUES (?, ?, ?, ?, ?, ?)", row)
                steps = [(identity, number, i, step.name, step.p50_ns) for i, step in enumerate(layer.steps)]
                connection.executemany("INSERT INTO steps VALUES (?, ?, ?, ?, ?)", steps)
            connection.executemany("INSERT INTO tags VALUES (?, ?)", [(identity, tag) for tag in sorted(run.tags)])
            if run.instructions is not None:
                connection.execute("INSERT INTO instructions VALUES (?, ?)", (identity, run.instructions))
        return identity

    def entries(self, filter: Filter = _ALL, limit: int | None = None) -> list[Entry]:  # noqa: A002 (the field's word)
        """List runs, the newest first, at most `limit` of them."""
        where, values = filter.sql()
        query = f"{_SELECT} FROM runs WHERE {where} ORDER BY time DESC, id DESC LIMIT ?"
        with self._reading() as connection:
            if connection is None:
                return []
            rows = connection.execute(query, (*values, -1 if limit is None else limit)).fetchall()
            tags: dict[int, set[str]] = {}
            for run, tag in connection.execute("SELECT run, tag FROM tags"):
                tags.setdefault(run, set()).add(tag)
        found = []
        for row in rows:
            with self._readable(row[0]):
                found.append(_entry(row, tags.get(row[0], set())))
        return found

    def get(self, identity: int) -> Record:
        """Read a run whole."""
        with self._reading() as connection:
            query = f"{_SELECT}, machine_facts, details, samples_ns FROM runs WHERE id = ?"
            row = None if connection is None else connection.execute(query, (identity,)).fetchone()
            if connection is None or row is None:
                raise self._unknown(identity)
            layers = _layers(connection, identity)
            tags = {tag for (tag,) in connection.execute("SELECT tag FROM tags WHERE run = ?", (identity,))}
        with self._readable(identity):
            entry = _entry(row[:-3], tags)
            facts, details, samples = json.loads(row[-3]), json.loads(row[-2]), np.frombuffer(row[-1], "<i8")
            run = Run(entry.conditions, samples, layers, facts, details, entry.checksum, entry.tags, entry.notes, entry.instructions)
        return Record(entry, run)

    def tag(self, identities: Iterable[int], tags: Iterable[str]) -> None:
        """Give tags to runs."""
        names = _tags(tags)
        with self._changing(wanted := list(identities)) as connection:
            connection.executemany("INSERT OR IGNORE INTO tags VALUES (?, ?)", [(i, tag) for i in wanted for tag in names])

    def untag(self, identities: Iterable[int], tags: Iterable[str]) -> None:
        """Take tags from runs; one that a run does not have is no error."""
        names = _tags(tags)
        with self._changing(wanted := list(identities)) as connection:
            connection.executemany("DELETE FROM tags WHERE run = ? AND tag = ?", [(i, tag) for i in wanted for tag in names])

    def annotate(self, identity: int, notes: str) -> None:
        """Replace the notes of a run."""
        with self._changing([identity]) as connection:
            connection.execute("UPDATE runs SET notes = ? WHERE id = ?", (notes, identity))

    def delete(self, identities: Iterable[int]) -> None:
        """Delete runs with all that belongs to them, or none when one of them does not exist."""
        with self._changing(wanted := list(identities)) as connection:
            connection.executemany("DELETE FROM runs WHERE id = ?", [(i,) for i in wanted])

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """Give one unchanging view of the file, or None where there is none yet."""
        if not self.path.exists():
            yield None
            return
        with connected(self.path) as connection:
            connection.execute("BEGIN")
            yield connection

    @contextmanager
    def _changing(self, identities: list[int]) -> Iterator[sqlite3.Connection]:
        if identities and not self.path.exists():
            raise self._unknown(identities[0])
        with connected(self.path) as connection, transaction(connection):
            for identity in identities:
                if connection.execute("SELECT 1 FROM runs WHERE id = ?", (identity,)).fetchone() is None:
                    raise self._unknown(identity)
            yield connection

    @contextmanager
    def _readable(self, identity: int) -> Iterator[None]:
        """Name the run whose values make no sense: the disk has lied, for none was written so."""
        try:
            yield
        except (ValueError, TypeError, HistoryError) as error:
            advice = f"Delete it: bgnn-studio history delete {identity}"
            raise HistoryError(f"{self.path}: run {identity} cannot be read ({error}). {advice}") from error

    def _unknown(self, identity: int) -> HistoryError:
        return HistoryError(f"{self.path}: there is no run {identity}. 'bgnn-studio history' lists them.")


def _entry(row: tuple[Any, ...], tags: set[str]) -> Entry:
    facts = dict(zip(_LISTED, row, strict=True))
    conditions = Conditions(**{name: facts[name] for name in _CONDITIONS[:-1]}, time=datetime.fromisoformat(facts["time"]))
    n, p50, p90, p99, least, low, high = (facts[name] for name in _SUMMARY)
    summary = Summary(n, p50, p90, p99, least, None if low is None else (low, high))
    return Entry(facts["id"], conditions, summary, facts["checksum"], frozenset(tags), facts["notes"], facts["instructions"])


def _layers(connection: sqlite3.Connection, identity: int) -> tuple[LayerRecord, ...]:
    steps: dict[int, list[StepRecord]] = {}
    for layer, name, p50_ns in connection.execute("SELECT layer, name, p50_ns FROM steps WHERE run = ? ORDER BY layer, step", (identity,)):
        steps.setdefault(layer, []).append(StepRecord(name, p50_ns))
    query = "SELECT layer, name, p50_ns, macs, bit_ops FROM layers WHERE run = ? ORDER BY layer"
    return tuple(
        LayerRecord(name, p50_ns, tuple(steps.get(layer, ())), macs, bit_ops)
        for layer, name, p50_ns, macs, bit_ops in connection.execute(query, (identity,))
    )


def _tags(tags: Iterable[str]) -> list[str]:
    names = [tag.strip() for tag in tags]
    if not names or not all(names):
        raise HistoryError("Expected a tag of at least one letter (got an empty one).")
    return names


def _json(value: Any) -> str:  # noqa: ANN401
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise HistoryError(f"Expected facts and details of a run that JSON can say ({error}).") from error
