"""A training run as its folder tells it, while it goes on and years later; read without torch."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from bgnn_studio.core.card import Accuracy
from bgnn_studio.core.spec import Stage
from bgnn_studio.errors import BgnnError
from bgnn_studio.training.config import STAGES, CascadeConfig
from bgnn_studio.training.recipes import from_json, read_recipe
from bgnn_studio.training.reports import EpochReport
from bgnn_studio.training.run_lock import trainer_of

METRICS, PROGRESS, RECIPE = "metrics.jsonl", "progress.json", "recipe.toml"
State = Literal["running", "finished", "stopped", "failed", "cut off"]


@dataclass(frozen=True)
class RunProgress:
    """Where a run is now: what it does, parts done of all, the last loss, seconds left of this part; None: not known yet."""

    doing: str
    done: int
    total: int
    loss: float | None = None
    seconds_left: float | None = None


@dataclass(frozen=True)
class Run:
    """A run.

    Attributes
    ----------
    folder : Path
    state : str
        ``cut off``: its process ended without a word.
    configs : dict
        The configuration of each variant, in the order of training.
    epochs : tuple of EpochReport
        In the order of training, each once.
    models : dict
        Accuracy on validation of each model file by its stem, a variant's name, measured by the engine.
    problem : str
        Why a run failed; else empty.
    progress : RunProgress or None
        While it is running.
    began : str
        Local time with its offset, ISO 8601; empty where it is not known.
    """

    folder: Path
    state: State
    configs: Mapping[str, CascadeConfig]
    epochs: tuple[EpochReport, ...]
    models: Mapping[str, Accuracy]
    problem: str = ""
    progress: RunProgress | None = None
    began: str = ""
    pid: int | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        """What lists call it."""
        return self.folder.name

    @property
    def resumable(self) -> bool:
        """Whether something of it is left to do, and nobody does it."""
        return self.state in ("stopped", "failed", "cut off") and bool(self.configs)

    @property
    def epochs_in_all(self) -> int:
        """How many epochs the run has once it is finished; a teacher that several students share counts once."""
        stages = {
            ("dgcnn" if stage == "teacher" else variant, stage): config.settings(stage).epochs
            for variant, config in self.configs.items()
            for stage in config.stages()
        }
        return sum(stages.values())

    def model(self, name: str) -> Path:
        """Return the path of a model file by its stem."""
        return self.folder / f"{name}.gguf"

    def curve(self, variant: str) -> list[EpochReport]:
        """Return every epoch that led to a variant, the teacher's first where it learned from one or has none of its own."""
        config = self.configs.get(variant)
        taught = variant == "dgcnn" or config is None or config.distilled
        own = [e for e in self.epochs if e.variant == variant or (taught and e.stage == "teacher")]
        return sorted(own, key=lambda e: (STAGES.index(e.stage), e.epoch))

    def best(self, variant: str, stage: Stage) -> float | None:
        """Return the best validation accuracy (fraction) of a stage, that of the weights it hands on; None before its first epoch."""
        return max((e.validation for e in self.epochs if (e.variant, e.stage) == (variant, stage)), default=None)


def is_run(folder: Path) -> bool:
    """Return whether something was trained in a folder."""
    return (folder / METRICS).is_file()


def holds_snapshots(folder: Path) -> bool:
    """Return whether a folder has something that only `--resume` goes on with."""
    return any(folder.glob("*/*.pt"))


def read_run(folder: Path) -> Run:
    """Read a folder; lines that a crash cut are left out. Raises `BgnnError` where there is no run, or it cannot be read."""
    pid = trainer_of(folder)  # first: what has ended by now has said so in the log
    try:
        lines = (folder / METRICS).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise BgnnError(f"{folder}: expected the folder of a training run ({METRICS}: {error.strerror}).") from error
    epochs: dict[tuple[str, str, int], EpochReport] = {}
    started: dict[str, CascadeConfig] = {}
    models: dict[str, Accuracy] = {}
    began, how, problem = "", "", ""
    for event in filter(None, map(_event, lines)):
        began = began or str(event.get("time", ""))
        try:
            match event["event"]:
                case "begin":
                    how = problem = ""
                case "start":
                    config = from_json(json.dumps(event["config"]))
                    started[config.variant], how, problem = config, "", ""
                case "epoch":
                    report = _built(EpochReport, event)
                    epochs[report.variant, report.stage, report.epoch] = report
                case "model":
                    models[Path(event.get("model") or next(reversed(started))).stem] = _built(Accuracy, event)
                case "end":
                    how, problem = event["how"], event.get("problem", "")
        except (BgnnError, KeyError, TypeError, StopIteration):  # of another version: what it says otherwise is still shown
            continue
    configs = _recipe(folder) or started
    if pid is not None:
        return Run(folder, "running", configs, tuple(epochs.values()), models, "", _progress(folder), began, pid)
    done = bool(configs) and set(configs) <= set(models) and not problem
    state: State = how if how in ("finished", "stopped", "failed") else "finished" if done else "cut off"
    return Run(folder, state, configs, tuple(epochs.values()), models, problem, None, began)


def _event(line: str) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "event" in event else None


def _built(kind: type, event: Mapping[str, Any]) -> Any:  # noqa: ANN401
    return kind(**{f.name: event[f.name] for f in fields(kind)})


def _recipe(folder: Path) -> dict[str, CascadeConfig]:
    path = folder / RECIPE
    try:
        return read_recipe(str(path)) if path.exists() else {}
    except BgnnError:
        return {}


def _progress(folder: Path) -> RunProgress | None:
    try:
        return RunProgress(**json.loads((folder / PROGRESS).read_text()))
    except (OSError, ValueError, TypeError):
        return None
