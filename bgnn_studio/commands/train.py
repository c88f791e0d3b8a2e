"""`bgnn-studio train`: the cascade from a recipe to model files, in pieces if need be."""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bgnn_studio.commands.arguments import positive
from bgnn_studio.commands.interrupt import stop_on_signal
from bgnn_studio.commands.progress import progress, status
from bgnn_studio.commands.text import table
from bgnn_studio.core.files import replacing
from bgnn_studio.core.spec import VARIANTS
from bgnn_studio.core.units import duration_text
from bgnn_studio.errors import BgnnError
from bgnn_studio.training.recipes import PRESETS, known_keys, read_recipe

if TYPE_CHECKING:
    from bgnn_studio.training.config import CascadeConfig
    from bgnn_studio.training.networks import Network
    from bgnn_studio.training.parallel import World
    from bgnn_studio.training.reports import EpochReport, StepReport
    from bgnn_studio.training.results import Result
    from bgnn_studio.training.run_log import RunLog

EXIT_STOPPED = 130


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    command.add_argument("--config", default="demo", metavar="RECIPE", help=f"{', '.join(PRESETS)}, or a TOML file (default: demo)")
    command.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a key of the recipe, repeatable")
    command.add_argument("--variant", choices=VARIANTS, nargs="+", help="which of the recipe's networks to train; default: all of them")
    command.add_argument("--data", metavar="PATH", help="the labelled set, as for evaluate; default: the recipe's")
    command.add_argument("--out", type=Path, metavar="DIR", help="folder of models, snapshots and logs; default: runs/RECIPE")
    command.add_argument("--resume", action="store_true", help="go on with what DIR holds")
    command.add_argument("--test", action="store_true", help="at the end, measure on the test split; done once and logged")
    command.add_argument("--device", default="auto", help="cuda, mps or cpu; default: the first of these that is there")
    command.add_argument("--threads", type=positive, default=1, metavar="T", help="threads of torch on a CPU (default: 1)")
    command.add_argument("--tensorboard", action="store_true", help="write metrics for TensorBoard, too, into DIR/tensorboard")
    command.add_argument("--json", action="store_true", help="write the results as JSON")
    command.formatter_class = argparse.RawDescriptionHelpFormatter
    command.epilog = "\n".join(
        [
            "Keys of a recipe, and what they are where it does not say (bfr.KEY is bfr's alone):",
            *(f"  {line}" for line in known_keys()),
            "",
            "DIR gets VARIANT.gguf, VARIANT-tanh.gguf and VARIANT-sign.gguf (the stages before), metrics.jsonl (a line for every epoch),",
            "test.jsonl, recipe.toml, and snapshots to go on from.",
        ]
    )


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
    from bgnn_studio.training.stage import Stopped

    changes = [*options.set, *([] if options.data is None else [f"data={json.dumps(options.data)}"])]
    configs = read_recipe(options.config, changes)
    missing = [name for name in options.variant or () if name not in configs]
    if missing:
        raise BgnnError(f"{options.config}: expected --variant among {', '.join(configs)} (got {', '.join(missing)}).")
    chosen = {name: config for name, config in configs.items() if name in (options.variant or configs)}
    folder = options.out or Path("runs") / Path(options.config).stem
    try:
        results = train(chosen, folder, options, say=_nothing if options.json else partial(print, flush=True))
    except Stopped:
        print(f"Stopped, and saved. The same command with --resume goes on from here (--out {folder}).")
        return EXIT_STOPPED
    if results:  # under torchrun, only the leading process has any
        print(_as_json(results) if options.json else _as_text(results))
    return 0


def train(configs: "dict[str, CascadeConfig]", folder: Path, options: argparse.Namespace, *, say: Callable[[str], None]) -> "list[Result]":
    """Train every variant in turn, and measure what comes out; `say` gets a line for every epoch."""
    from bgnn_studio.training.cascade import choose_device, train_cascade, trained_stages, use_threads
    from bgnn_studio.training.parallel import joined, own_device
    from bgnn_studio.training.run_folder import RECIPE
    from bgnn_studio.training.run_lock import training_in
    from bgnn_studio.training.run_log import RunLog
    from bgnn_studio.training.stage import Stopped

    use_threads(options.threads)
    device = own_device(choose_device(options.device))
    found = [path for config in configs.values() for path in trained_stages(config, folder)]
    if found and not options.resume:
        raise BgnnError(
            f"{folder}: holds a training run ({found[0].relative_to(folder)}). --resume goes on with it; or give another --out."
        )
    with joined(device) as world:
        cascade = partial(train_cascade, device=device, world=world)
        if not world.leads:
            return _train_all(configs, folder, options, world=world, cascade=cascade, log=None, say=say)
        with training_in(folder):
            log = RunLog(folder, tensorboard=options.tensorboard)
            try:
                _keep_recipe(folder / RECIPE, configs)
                log.event("begin", variants=list(configs), device=str(device), processes=world.size)
                results = _train_all(configs, folder, options, world=world, cascade=cascade, log=log, say=say)
            except (Stopped, KeyboardInterrupt):
                log.end("stopped")
                raise
            except Exception as error:
                log.end("failed", str(error))
                raise
            log.end("finished")
            return results


def _train_all(
    configs: "dict[str, CascadeConfig]",
    folder: Path,
    options: argparse.Namespace,
    *,
    world: "World",
    cascade: "Callable[..., Network]",
    log: "RunLog | None",
    say: Callable[[str], None],
) -> "list[Result]":
    """Train the variants; only the leading process has a `log`, writes files and returns results."""
    from bgnn_studio.training.cascade import stages_before
    from bgnn_studio.training.datasets import training_data
    from bgnn_studio.training.results import measure_on_test, measure_on_validation
    from bgnn_studio.training.stage import Watch

    results = []
    with stop_on_signal() as stop:
        for config in configs.values():
            if log is not None:  # the others read what it has prepared
                with progress("clouds prepared") as show:
                    training_data(config, folder, _telling(log, show, stop))
                log.event("start", config=asdict(config))
            world.wait()
            data = training_data(config, folder)
            with status() as show_line:
                watch = Watch(stop=stop) if log is None else Watch(_keeping(log, say), _showing(log, show_line), stop)
                network = cascade(config, data, folder, watch).cpu()
            if log is not None:
                log.tell(f"{config.variant} measured", 0, 0)
                for trained in (*stages_before(config, data.classes, folder), network):
                    result = measure_on_validation(config, trained, data, folder)
                    log.event("model", model=result.path.name, agreed=result.agreed, **asdict(result.accuracy))
                    if options.test:
                        with progress("test clouds prepared") as show:
                            result = measure_on_test(config, trained, folder, show)
                    results.append(result)
    return results


def _nothing(_: str) -> None:
    pass


def _keep_recipe(path: Path, configs: "dict[str, CascadeConfig]") -> None:
    """Add what is trained now to the recipe in the folder, from which anybody can go on."""
    from bgnn_studio.training.recipes import recipe_text

    before = read_recipe(str(path)) if path.exists() else {}
    try:
        with replacing(path) as file:
            file.write(recipe_text(before | configs).encode())
    except OSError as error:
        raise BgnnError(f"{path}: could not be written ({error.strerror}). Free some space, or choose another folder (--out).") from error


def _telling(log: "RunLog", show: Callable[[int, int], None], stop: Callable[[], bool]) -> Callable[[int, int], None]:
    from bgnn_studio.training.stage import Stopped

    def tell(done: int, total: int) -> None:
        if stop():
            raise Stopped
        log.tell("preparing clouds", done, total)
        show(done, total)

    return tell


def _keeping(log: "RunLog", say: Callable[[str], None]) -> "Callable[[EpochReport], None]":
    def keep(report: "EpochReport") -> None:
        log.epoch(report)
        say(
            f"{report.variant} {report.stage} {report.epoch}/{report.epochs}: loss {report.loss:.3f}, "
            f"validation {report.validation:.1%}, {duration_text(report.seconds)}"
        )

    return keep


def _showing(log: "RunLog", show: Callable[[str], None]) -> "Callable[[StepReport], None]":
    def step(report: "StepReport") -> None:
        now = log.step(report)
        left = "" if now.seconds_left is None else f", about {duration_text(now.seconds_left)} left in this stage"
        show(f"{now.doing}: {now.done / now.total:.0%}, loss {report.loss:.3f}{left}")

    return step


def _as_json(results: "list[Result]") -> str:
    return json.dumps([{"model": str(r.path), "agreed": r.agreed} | asdict(r.accuracy) for r in results], indent=2)


def _as_text(results: "list[Result]") -> str:
    rows = [["model", "split", "overall", "class mean", "clouds", "torch says the same"]]
    for result in results:
        a = result.accuracy
        rows.append(
            [str(result.path), a.split, f"{100 * a.overall:.1f} %", f"{100 * a.class_mean:.1f} %", f"{a.count:,}", f"{result.agreed:,}"]
        )
    return "\n".join([table(rows, right=range(2, 6)), "", "measured by the engine on the model file"])
