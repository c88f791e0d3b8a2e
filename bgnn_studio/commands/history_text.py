"""Stored runs for people at a terminal."""

from collections.abc import Sequence
from pathlib import Path

from bgnn_studio.commands.text import table
from bgnn_studio.history import Entry, Record
from bgnn_studio.history.comparison import Comparison

_HEADING = ("id", "time", "badge", "model", "engine", "isa", "threads", "N", "k", "median [ms]", "95 %", "p90", "runs", "machine", "tags")


def listed(entries: Sequence[Entry], path: Path) -> str:
    """Write a table of runs."""
    if not entries:
        return f"No such run in {path}. 'bgnn-studio bench --save', 'bgnn-studio profile' and the window store runs."
    rows = [_HEADING, *(_row(entry) for entry in entries)]
    return table(rows, right=(0, 6, 7, 8, 9, 10, 11, 12))


def shown(record: Record) -> str:
    """Write all but the samples of a run."""
    entry, run = record.entry, record.run
    c, s = entry.conditions, entry.summary
    rows = [
        ("run", f"{entry.id}, {c.badge} {c.time.astimezone():%Y-%m-%d %H:%M:%S}, {c.kind}"),
        ("model", f"{c.model_name} ({c.variant}), sha256 {c.model_sha256 or 'of no file'}"),
        ("input", f"{c.cloud}, N = {c.points}, k = {c.k}"),
        ("ran on", f"{c.machine}; {c.engine}, {c.isa}, {c.threads} thread{'s' * (c.threads > 1)}"),
        ("median", f"{_ms(s.p50_ns)} ms{_interval(s.interval_ns)}, {s.n} runs"),
        ("min, p90, p99", f"{_ms(s.min_ns)}, {_ms(s.p90_ns)}, {_ms(s.p99_ns)} ms"),
        ("instructions", "not counted" if entry.instructions is None else f"{entry.instructions:,} a pass on one thread"),
        ("checksum", entry.checksum or "none"),
        ("tags", ", ".join(sorted(entry.tags)) or "none"),
        ("notes", entry.notes or "none"),
        *((name, _value(value)) for name, value in run.details.items()),
        *((name, _value(value)) for name, value in run.machine_facts.items()),
    ]
    parts = [table(rows)]
    if run.layers:
        heading = ("layer", "median [ms]", "steps [ms]")
        steps = [(layer.name, _ms(layer.p50_ns), ", ".join(f"{s.name} {_ms(s.p50_ns)}" for s in layer.steps)) for layer in run.layers]
        parts += ["", table([heading, *steps], right=(1,))]
    return "\n".join(parts)


def compared(found: Comparison) -> str:
    """Write how two runs differ."""
    a, b = found.a.entry, found.b.entry
    lines = [listed([a, b], Path()), "", f"run {b.id} against run {a.id}: {found.verdict}"]
    if found.difference.absolute_interval is not None:
        low, high = (f"{ns / 1e6:+.3f}" for ns in found.difference.absolute_interval)
        lines.append(f"difference of the medians: {found.difference.absolute / 1e6:+.3f} ms ({low} to {high}, 95 % bootstrap interval)")
    for name, (of_a, of_b) in found.conditions.items():
        lines.append(f"{name} differs: {of_a} against {of_b}")
    if found.same_output is not None:
        lines.append("outputs: equal checksums" if found.same_output else "outputs: DIFFERENT checksums")
    return "\n".join(lines)


def _row(entry: Entry) -> tuple[str, ...]:
    c, s = entry.conditions, entry.summary
    interval = "" if s.interval_ns is None else f"{_ms(s.interval_ns[0])}-{_ms(s.interval_ns[1])}"
    words = (str(entry.id), f"{c.time.astimezone():%Y-%m-%d %H:%M}", c.badge, c.model_name, c.engine, c.isa)
    sizes = (str(c.threads), str(c.points), str(c.k), _ms(s.p50_ns), interval, _ms(s.p90_ns), str(s.n))
    return (*words, *sizes, c.machine, " ".join(sorted(entry.tags)))


def _ms(nanoseconds: float) -> str:
    return f"{nanoseconds / 1e6:.3f}"


def _interval(interval_ns: tuple[float, float] | None) -> str:
    return "" if interval_ns is None else f" ({_ms(interval_ns[0])} to {_ms(interval_ns[1])}, 95 %)"


def _value(value: object) -> str:
    text = str(value)
    return text if len(text) <= 100 else f"{text[:97]}..."
