"""What a folder tells of its run: while it goes on, after every kind of end, and from files that a crash cut."""

import json
import multiprocessing
import os
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from bgnn_studio.errors import BgnnError
from bgnn_studio.training.config import CascadeConfig, StageSettings
from bgnn_studio.training.recipes import PRESETS, flat, from_flat, parse_recipe, read_recipe, recipe_text
from bgnn_studio.training.run_folder import METRICS, PROGRESS, RECIPE, is_run, read_run
from bgnn_studio.training.run_lock import trainer_of, training_in
from bgnn_studio.training.setting_docs import own_keys, refusal, setting, shared_keys

TEACHER = CascadeConfig("dgcnn", teacher=StageSettings(2))
STUDENT = replace(TEACHER, variant="bf1")
ACCURACY = {"dataset": "set", "split": "validation", "count": 8, "overall": 0.5, "class_mean": 0.4}


def epoch(variant: str, stage: str, number: int, validation: float = 0.5) -> dict[str, object]:
    report = {"variant": variant, "stage": stage, "epoch": number, "epochs": 2, "loss": 1.0, "validation": validation, "seconds": 3.0}
    return {"event": "epoch", **report}


def start(config: CascadeConfig) -> dict[str, object]:
    return {"event": "start", "time": "2026-11-28T03:44:20+0000", "config": asdict(config)}


def write(folder: Path, *events: dict[str, object]) -> None:
    (folder / METRICS).write_text("".join(json.dumps(event) + "\n" for event in events))


def test_a_finished_cascade(tmp_path: Path) -> None:
    assert not is_run(tmp_path)
    write(
        tmp_path, start(TEACHER), epoch("dgcnn", "teacher", 1, 0.9), epoch("dgcnn", "teacher", 2, 0.8),
        {"event": "model", "model": "dgcnn.gguf", "agreed": 8} | ACCURACY, start(STUDENT), epoch("bf1", "binary", 1, 0.6),
        epoch("bf1", "tanh", 1, 0.7), {"event": "model", "agreed": 8} | ACCURACY, {"event": "end", "how": "finished", "problem": ""},
    )  # fmt: skip
    run = read_run(tmp_path)
    assert (run.state, run.resumable, run.problem, run.progress) == ("finished", False, "", None)
    assert dict(run.configs) == {"dgcnn": TEACHER, "bf1": STUDENT}
    assert [(e.stage, e.epoch) for e in run.curve("bf1")] == [("teacher", 1), ("teacher", 2), ("tanh", 1), ("binary", 1)]
    assert (run.best("dgcnn", "teacher"), run.best("bf1", "binary"), run.best("bf1", "sign")) == (0.9, 0.6, None)
    assert list(run.models) == ["dgcnn", "bf1"]  # older logs do not name the model
    assert run.model("bf1") == tmp_path / "bf1.gguf"


def test_ends_and_lines_that_were_cut(tmp_path: Path) -> None:
    begun = (start(STUDENT), epoch("bf1", "tanh", 1), epoch("bf1", "tanh", 1, 0.25))
    for events, state in (
        (begun, "cut off"),
        ((*begun, {"event": "end", "how": "stopped", "problem": ""}), "stopped"),
        ((*begun, {"event": "end", "how": "failed", "problem": "The disk is full."}), "failed"),
        ((*begun, {"event": "end", "how": "stopped", "problem": ""}, {"event": "begin"}), "cut off"),
        ((*begun, {"event": "model", "model": "bf1.gguf", "agreed": 8} | ACCURACY), "finished"),
    ):
        write(tmp_path, *events)
        with (tmp_path / METRICS).open("a") as log:
            log.write('{"event": "epoch", "varia')
        run = read_run(tmp_path)
        assert (run.state, run.resumable) == (state, state != "finished")
        assert run.problem == ("The disk is full." if state == "failed" else "")
        assert [e.validation for e in run.epochs] == [0.25]  # the last word on an epoch
    (tmp_path / METRICS).write_bytes(b'\xff\n[1]\n{"event": "start", "config": {"new_key": 3}}\n{"event": "epoch"}\n{"event": "model"}\n')
    assert read_run(tmp_path).epochs == ()
    with pytest.raises(BgnnError, match="expected the folder of a training run"):
        read_run(tmp_path / "none")


def _train(folder: Path, held, over) -> None:
    with training_in(folder):
        held.set()
        over.wait(60)


def test_one_process_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bgnn_studio.training.run_lock._PATIENCE_S", 0.05)
    write(tmp_path, start(STUDENT), {"event": "end", "how": "stopped", "problem": ""})
    (tmp_path / PROGRESS).write_text('{"doing": "bf1 tanh", "done": 3, "total": 9, "loss": 0.5, "seconds_left": 2.5}')
    assert trainer_of(tmp_path) is None
    context = multiprocessing.get_context("spawn")
    held, over = context.Event(), context.Event()
    other = context.Process(target=_train, args=(tmp_path, held, over))
    other.start()
    assert held.wait(60)
    assert trainer_of(tmp_path) == other.pid
    with pytest.raises(BgnnError, match=rf"process {other.pid} trains here. Wait for it"), training_in(tmp_path):
        pass
    run = read_run(tmp_path)
    assert (run.state, run.pid, run.progress.done, run.progress.seconds_left) == ("running", other.pid, 3, 2.5)
    other.kill()
    other.join()
    assert trainer_of(tmp_path) is None  # however it ended
    assert read_run(tmp_path).state == "stopped"
    with training_in(tmp_path / "new"):
        assert trainer_of(tmp_path / "new") == os.getpid()


@pytest.mark.parametrize("preset", PRESETS)
def test_a_recipe_is_written_as_it_is_read(tmp_path: Path, preset: str) -> None:
    configs = read_recipe(preset, ['data="a \\"quoted\\" \\\\ path/\N{SNOWMAN}"'])
    assert parse_recipe(recipe_text(configs), "text") == configs
    assert list(parse_recipe(recipe_text(configs), "text")) == list(configs)
    (tmp_path / RECIPE).write_text(recipe_text(configs))
    write(tmp_path, start(STUDENT))
    assert read_run(tmp_path).configs == configs  # those that have not begun, too
    for variant, config in configs.items():
        assert from_flat(variant, flat(config)) == config


def test_every_setting_says_what_it_is() -> None:
    assert {*shared_keys(), *own_keys()} == {*flat(CascadeConfig())}
    for key in (*shared_keys(), *own_keys()):
        assert setting(key).doc
        assert "`" not in setting(key).doc
        assert refusal(key, flat(CascadeConfig())[key]) == ""
    assert setting("teacher.schedule").choices == ("cosine", "step")
    assert (setting("alpha").expected, setting("widths").many) == ("a number from 0 to 1", True)
    assert refusal("alpha", 2) == "Expected a number from 0 to 1 (got 2)."
    assert refusal("binary.lr", float("inf")) == "Expected a number (got inf)."
    assert refusal("data", 3) == "Expected a word (got 3)."
