"""Runs on boards for people at a terminal."""

from collections.abc import Iterable, Sequence

from bgnn_studio.boards.board import Run
from bgnn_studio.boards.messages import Heartbeat
from bgnn_studio.commands.text import table
from bgnn_studio.core.units import size_text

_HEADING = ("model", "N", "k", "threads", "isa", "median [ms]", "min", "p90", "p99", "runs", "first", "instructions", "peak memory")


def as_text(boards: Iterable[tuple[str, Sequence[Run]]]) -> str:
    """Write for each board who it is, and a row for each of its runs."""
    return "\n\n".join("\n".join(_board(name, runs)) for name, runs in boards)


def beat_text(beat: Heartbeat) -> str:
    """Return what a board says now, in a few words."""
    khz = beat.khz(None)
    words = [beat.phase, f"{beat.runs:,} passes"]
    words += [f"{beat.celsius:.0f} \N{DEGREE SIGN}C"] if beat.celsius is not None else []
    words += [f"{khz / 1e6:.2f} GHz"] if khz else []
    return ", ".join(words)


def _board(name: str, runs: Sequence[Run]) -> list[str]:
    if not runs:
        return [f"{name}: no runs"]
    seen = runs[0].identity
    cpu = seen.board or next((core.model_name for core in seen.cpus or () if core.model_name), None)
    about = [cpu, seen.machine, f"{seen.cores} cores", f"{seen.system} {seen.release}", _governors(runs[0])]
    swept = len({one.init.threads for one in runs}) > 1
    rows = [[*_HEADING, *(["speed-up"] if swept else []), "outputs", "held back"]]
    for one in runs:
        result = one.result
        times = [f"{ns / 1e6:.3f}" for ns in (result.p50_ns, result.min_ns, result.p90_ns, result.p99_ns)]
        sizes = [str(n) for n in (one.init.points, one.init.k, one.init.threads)]
        peak = "unknown" if result.peak_rss_bytes is None else size_text(result.peak_rss_bytes)
        counted = "not counted" if result.instructions is None else f"{result.instructions:,}"
        rows.append([one.task.model, *sizes, one.identity.isa, *times, f"{result.passes}", f"{one.first.ns / 1e6:.3f}", counted, peak])
        rows[-1] += [f"{_speed_up(one, runs):.2f}"] if swept else []
        rows[-1] += ["equal" if one.is_equal else "DIFFER", _held_back(one)]
    badges = ", ".join(sorted({one.badge for one in runs}))
    absent = sorted({one.result.instructions_absent for one in runs if one.result.instructions_absent})
    notes = [f"times: {badges}", *(f"instructions not counted: {reason}" for reason in absent), *_pauses(runs)]
    text = table(rows, right=range(1, len(rows[0]) - 2))
    return [f"{name}: {', '.join(filter(None, about))}", "", text, "", *notes]


def _speed_up(one: Run, runs: Sequence[Run]) -> float:
    """Return how many times as fast a run is as that of the same model and cloud with the fewest threads."""
    same = [other for other in runs if (other.task.path, other.task.cloud) == (one.task.path, one.task.cloud)]
    return min(same, key=lambda other: other.init.threads).result.p50_ns / one.result.p50_ns


def _pauses(runs: Sequence[Run]) -> list[str]:
    """Return a line for each run that began hotter than asked."""
    return [
        f"{one.task.model} began at {one.cool.celsius:.1f} \N{DEGREE SIGN}C, not below {one.task.settings.cool_below:g}"
        for one in runs
        if one.cool and not one.cool.reached and one.cool.celsius is not None
    ]


def _governors(run: Run) -> str | None:
    names = sorted({one.governor for one in run.identity.governors or () if one.governor})
    return f"governor {', '.join(names)}" if names else None


def _held_back(run: Run) -> str:
    if run.throttling.state == "unknown":
        return "no sensor"
    return "; ".join(run.throttling.reasons) or "no"
