"""`bgnn-studio profile`: models on one or more boards, over SSH or on this machine, with proof that the outputs are equal."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bgnn_studio.boards.board import Board, Event, Finished, Run
from bgnn_studio.boards.host_keys import HostKeys
from bgnn_studio.boards.recorded import details, record
from bgnn_studio.boards.target import Target, parse_target
from bgnn_studio.boards.task import Settings, Task, prepare, split_prefix
from bgnn_studio.boards.thread import BoardThread
from bgnn_studio.commands.arguments import positive
from bgnn_studio.commands.inputs import open_points
from bgnn_studio.commands.progress import progress
from bgnn_studio.commands.questions import PASSWORD_VARIABLE, TerminalQuestions, given_password
from bgnn_studio.commands.text import table
from bgnn_studio.core.preparation import AskedPoints
from bgnn_studio.core.resources import bundled_clouds, bundled_models
from bgnn_studio.core.units import size_text
from bgnn_studio.errors import BgnnError
from bgnn_studio.history import History
from bgnn_studio.native import Model


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    command.add_argument("boards", metavar="BOARD", nargs="+", help="user@host[:port], a name of ~/.ssh/config, or local; several at once")
    command.add_argument("--model", type=Path, action="append", default=[], help="model file, repeatable; default: the bundled ones")
    command.add_argument("--cloud", type=Path, action="append", default=[], help="point cloud, repeatable; default: a bundled one")
    command.add_argument("--points", type=positive, metavar="N", help="resample to N points; default: what each model was trained with")
    command.add_argument("--k", type=positive, help="neighbours; default: the model's")
    command.add_argument("--threads", type=positive, nargs="+", default=[1], metavar="T", help="threads, several for a sweep (default: 1)")
    command.add_argument("--cpus", metavar="LIST", help="run on these CPUs only, such as 3 or 0-1,4")
    command.add_argument(
        "--repeat", type=positive, metavar="R", help="measured runs; default: until the median is known to 1 %%, 10 s at most"
    )
    command.add_argument("--prefix", default="", metavar="WORDS", help="start the runner with these words, such as 'taskset -c 3'")
    command.add_argument("--key", type=Path, metavar="FILE", help="private key; default: agent, ~/.ssh/config, ~/.ssh/id_*")
    command.add_argument("--jump", metavar="HOSTS", help="jump hosts, separated by commas; default: those of ~/.ssh/config")
    command.add_argument("--config", type=Path, metavar="FILE", help="SSH configuration; default: ~/.ssh/config")
    command.add_argument("--known-hosts", type=Path, metavar="FILE", help="where trusted host keys are kept, beside those of ~/.ssh")
    command.add_argument("--trust", action="append", default=[], metavar="FINGERPRINT", help="trust a new host with this key (SHA256:...)")
    command.add_argument("--clean", action="store_true", help="remove what was uploaded when done")
    command.add_argument("--no-history", action="store_true", help="do not store the runs")
    command.add_argument("--json", action="store_true", help="write JSON")
    command.epilog = f"Passwords are asked for on the terminal, or taken from {PASSWORD_VARIABLE}; they are never stored."


@dataclass
class BoardReport:
    """What became of one board: its runs, and what went wrong."""

    target: Target
    runs: list[Run] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit code: 2 when a board failed or computed something else than this machine."""
    password = given_password()
    targets = [parse_target(text, key=options.key, jump=options.jump, password=password, config=options.config) for text in options.boards]
    if len({target.name for target in targets}) < len(targets):
        raise BgnnError("Expected each board once: two runs on one board would disturb each other. Drop one of them.")
    tasks = _tasks(options)
    keys, questions, store = HostKeys(options.known_hosts), TerminalQuestions(options.trust), None if options.no_history else History()
    reports = profile(targets, tasks, keys, questions, history=store, clean=options.clean)
    errors = [error for report in reports for error in report.errors] + [
        f"{run.board}: {run.task.model} gave other outputs than this machine. Do not trust its times; report it."
        for report in reports
        for run in report.runs
        if not run.is_equal
    ]
    print(as_json(reports) if options.json else as_text(reports))
    for error in errors:
        print(f"bgnn-studio: {' '.join(error.split())}", file=sys.stderr)
    return 2 if errors else 0


def _tasks(options: argparse.Namespace) -> list[Task]:
    tasks = []
    for path in options.model or bundled_models():
        with Model.open(path) as model:
            clouds = [open_points(cloud, model, AskedPoints(count=options.points)) for cloud in options.cloud or bundled_clouds()[:1]]
        for given in clouds:
            for threads in options.threads:
                prefix = split_prefix(options.prefix)
                settings = Settings(threads=threads, k=options.k, cpus=options.cpus, repeat=options.repeat, prefix=prefix)
                tasks.append(prepare(path, given.cloud.name, given.points, settings))
    return tasks


def profile(
    targets: Sequence[Target],
    tasks: Sequence[Task],
    keys: HostKeys,
    questions: TerminalQuestions,
    *,
    history: History | None = None,
    clean: bool = False,
) -> list[BoardReport]:
    """Run tasks on several boards at once; a board that fails keeps the runs that it has, and the others go on.

    Each run is in the history as soon as it has ended.
    """
    reports = [BoardReport(target) for target in targets]
    with progress("runs") as show, BoardThread() as thread:

        async def one(report: BoardReport) -> None:
            def listen(event: Event) -> None:
                if isinstance(event, Finished):
                    report.runs.append(event.run)
                    _store(history, event.run, report.errors)
                    show(sum(len(r.runs) for r in reports), len(reports) * len(tasks))

            try:
                async with Board(report.target, keys, questions, listen) as board:
                    await board.run(tasks)
                    if clean:
                        await board.clean()
            except BgnnError as error:
                report.errors.append(str(error))

        async def every() -> None:
            await asyncio.gather(*map(one, reports))

        done = thread.start(every())
        questions.answer_until(done)
        done.result()
    return reports


def _store(history: History | None, run: Run, errors: list[str]) -> None:
    try:
        if history is not None:
            history.add(record(run))
    except BgnnError as error:
        errors.append(str(error))


def as_json(reports: Sequence[BoardReport]) -> str:
    """Write a report for programs."""
    return json.dumps([{"board": r.target.name, "errors": r.errors, "runs": [_run(one) for one in r.runs]} for r in reports], indent=2)


def _run(run: Run) -> dict[str, Any]:
    result, task = run.result, run.task
    figures = ("n", "p50_ns", "min_ns", "p90_ns", "p99_ns", "mean_ns", "std_ns")
    return {
        "model": str(task.path),
        "model_sha256": task.model_sha256,
        "variant": run.model.variant,
        "cloud": task.cloud,
        "points": run.init.points,
        "k": run.init.k,
        "threads": run.init.threads,
        "isa": run.identity.isa,
        "badge": run.badge,
        "started": run.started.isoformat(),
        **{name: getattr(result, name) for name in figures},
        "samples_ns": result.samples_ns,
        "layers": [asdict(layer) for layer in result.layers],
        "checksum": result.checksum,
        **details(run),
        "machine": asdict(run.identity),
    }


def as_text(reports: Sequence[BoardReport]) -> str:
    """Write a report for people: for each board who it is, and a row for each run."""
    return "\n\n".join("\n".join(_board(report)) for report in reports)


def _board(report: BoardReport) -> list[str]:
    if not report.runs:
        return [f"{report.target.name}: no runs"]
    seen = report.runs[0].identity
    cpu = seen.board or next((core.model_name for core in seen.cpus or () if core.model_name), None)
    about = [cpu, seen.machine, f"{seen.cores} cores", f"{seen.system} {seen.release}", _governors(report.runs[0])]
    rows = [
        ["model", "N", "k", "threads", "isa", "median [ms]", "min", "p90", "p99", "runs", "first", "peak memory", "outputs", "held back"]
    ]
    for one in report.runs:
        result = one.result
        times = [f"{ns / 1e6:.3f}" for ns in (result.p50_ns, result.min_ns, result.p90_ns, result.p99_ns)]
        sizes = [str(n) for n in (one.init.points, one.init.k, one.init.threads)]
        peak = "unknown" if result.peak_rss_bytes is None else size_text(result.peak_rss_bytes)
        rows.append([one.task.model, *sizes, one.identity.isa, *times, str(result.n), f"{one.first.ns / 1e6:.3f}", peak])
        rows[-1] += ["equal" if one.is_equal else "DIFFER", _held_back(one)]
    badges = ", ".join(sorted({one.badge for one in report.runs}))
    return [f"{report.target.name}: {', '.join(filter(None, about))}", "", table(rows, right=range(1, 12)), "", f"times: {badges}"]


def _governors(run: Run) -> str | None:
    names = sorted({one.governor for one in run.identity.governors or () if one.governor})
    return f"governor {', '.join(names)}" if names else None


def _held_back(run: Run) -> str:
    if run.throttling.state == "unknown":
        return "no sensor"
    return "; ".join(run.throttling.reasons) or "no"
