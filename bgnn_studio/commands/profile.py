"""`bgnn-studio profile`: models on one or more boards, over SSH or on this machine, with proof that the outputs are equal."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bgnn_studio.boards.board import Board, Event, Finished, Run, Uploading
from bgnn_studio.boards.host_keys import HostKeys
from bgnn_studio.boards.messages import Heartbeat
from bgnn_studio.boards.recorded import details, record
from bgnn_studio.boards.target import Target, parse_target
from bgnn_studio.boards.task import Settings, Task, prepare, split_prefix, swept
from bgnn_studio.boards.thread import BoardThread
from bgnn_studio.commands.arguments import celsius, positive, seconds
from bgnn_studio.commands.inputs import open_points
from bgnn_studio.commands.profile_text import as_text, beat_text
from bgnn_studio.commands.progress import status
from bgnn_studio.commands.questions import PASSWORD_VARIABLE, TerminalQuestions, given_password
from bgnn_studio.core.resources import bundled_clouds, bundled_models
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
    command.add_argument("--soak", type=seconds, metavar="S", help="measure each model for S seconds, whatever the median does")
    command.add_argument("--cool-down", type=seconds, metavar="S", help="pause for S seconds before each model")
    command.add_argument(
        "--cool-below", type=celsius, metavar="C", help="pause until the board is below C degrees Celsius, for --cool-down or 600 s at most"
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
    if options.soak is not None and options.repeat is not None:
        raise BgnnError("Expected --soak or --repeat (got both). A soak measures for its seconds; drop one of them.")
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
    print(as_json(reports) if options.json else as_text((report.target.name, report.runs) for report in reports))
    for error in errors:
        print(f"bgnn-studio: {' '.join(error.split())}", file=sys.stderr)
    return 2 if errors else 0


def _tasks(options: argparse.Namespace) -> list[Task]:
    tasks = []
    pause = {"cool_seconds": options.cool_down, "cool_below": options.cool_below}
    common = {"k": options.k, "cpus": options.cpus, "repeat": options.repeat, "soak": options.soak, **pause}
    common["prefix"] = split_prefix(options.prefix)
    for path in options.model or bundled_models():
        with Model.open(path) as model:
            clouds = [open_points(cloud, model, count=options.points) for cloud in options.cloud or bundled_clouds()[:1]]
        for cloud, points in clouds:
            tasks += swept(prepare(path, cloud.name, points, Settings(**common)), options.threads)
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
    with status() as show, BoardThread() as thread:
        beats: dict[str, str] = {}

        def show_all() -> None:
            done = f"{sum(len(r.runs) for r in reports)} of {len(reports) * len(tasks)} runs"
            show("; ".join([done, *(f"{name} {text}" for name, text in beats.items())]))

        async def one(report: BoardReport) -> None:
            def listen(event: Event) -> None:
                if isinstance(event, Finished):
                    report.runs.append(event.run)
                    _store(history, event.run, report.errors)
                    show_all()
                if isinstance(event, Uploading):
                    beats[report.target.name] = f"bringing {event.what}, {event.sent / event.total:.0%}"
                    show_all()
                if isinstance(event, Heartbeat):
                    beats[report.target.name] = beat_text(event)
                    show_all()

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
    figures = ("n", "p50_ns", "min_ns", "p90_ns", "p99_ns", "mean_ns", "std_ns", "instructions")
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
