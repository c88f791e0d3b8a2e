"""Stored runs as text: JSON with every sample, CSV and Markdown with a line for each run."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from bgnn_studio.history.filter import time_text
from bgnn_studio.history.runs import Entry, Record

FORMATS = ("json", "csv", "md")
_MARKDOWN = (
    "id",
    "time",
    "badge",
    "kind",
    "engine",
    "model",
    "N",
    "k",
    "threads",
    "isa",
    "machine",
    "p50 [ms]",
    "95 % [ms]",
    "p90",
    "p99",
    "instructions",
)


def as_dict(record: Record) -> dict[str, Any]:
    """Return all that is stored of a run, as JSON can say it."""
    run = record.run
    return {
        **entry_dict(record.entry),
        "samples_ns": run.samples_ns.tolist(),
        "layers": [asdict(layer) for layer in run.layers],
        "machine_facts": dict(run.machine_facts),
        "details": dict(run.details),
    }


def entry_dict(entry: Entry) -> dict[str, Any]:
    """Return what a list shows of a run, as JSON can say it: times in nanoseconds."""
    return {
        "id": entry.id,
        **asdict(entry.conditions),
        "time": time_text(entry.conditions.time),
        **asdict(entry.summary),
        "checksum": entry.checksum,
        "tags": sorted(entry.tags),
        "notes": entry.notes,
        "instructions": entry.instructions,
    }


def as_json(records: Iterable[Record]) -> str:
    """Write runs whole."""
    return json.dumps([as_dict(record) for record in records], indent=2)


def as_csv(entries: Sequence[Entry]) -> str:
    """Write a line for each run below a heading; times in nanoseconds, tags with spaces between."""
    text = io.StringIO()
    writer: csv.DictWriter[str] | None = None
    for entry in entries:
        row = entry_dict(entry)
        row["interval_low_ns"], row["interval_high_ns"] = row.pop("interval_ns") or ("", "")
        row["tags"] = " ".join(row["tags"])
        if writer is None:
            writer = csv.DictWriter(text, list(row), lineterminator="\n")
            writer.writeheader()
        writer.writerow(row)
    return text.getvalue()


def as_markdown(entries: Sequence[Entry]) -> str:
    """Write a table of runs; times in milliseconds."""
    rows = [_MARKDOWN, tuple("---" for _ in _MARKDOWN), *(_markdown(entry) for entry in entries)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


def _markdown(entry: Entry) -> tuple[str, ...]:
    c, s = entry.conditions, entry.summary
    interval = "" if s.interval_ns is None else f"{s.interval_ns[0] / 1e6:.3f} to {s.interval_ns[1] / 1e6:.3f}"
    times = (f"{s.p50_ns / 1e6:.3f}", interval, f"{s.p90_ns / 1e6:.3f}", f"{s.p99_ns / 1e6:.3f}")
    day = f"{c.time.astimezone():%Y-%m-%d %H:%M}"
    words = (str(entry.id), day, c.badge, c.kind, c.engine, c.model_name, str(c.points), str(c.k), str(c.threads), c.isa, c.machine)
    counted = "" if entry.instructions is None else str(entry.instructions)
    return tuple(word.replace("|", "\\|") for word in (*words, *times, counted))
