"""`evaluate`, run as a user runs it: the shipped models on the shapes, and labels that are known beforehand."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from bgnn_studio.commands.progress import progress
from bgnn_studio.core.clouds import preprocess
from bgnn_studio.core.resources import bundled_models
from bgnn_studio.native import Model
from bgnn_studio.training.shapes import CLASSES, DATASET, make_dataset
from tests.random_model import random_cloud, random_model, small_spec
from tests.requirements import ROOT
from tests.test_cli import output, refusal


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_model(tmp_path_factory.mktemp("models") / "random.gguf", small_spec())


def answers(model: Path, clouds: list[np.ndarray]) -> list[int]:
    with Model.open(model) as opened:
        return [int(opened.infer(preprocess(points, 32 if len(points) > 32 else None)).logits.argmax()) for points in clouds]


@pytest.fixture(scope="module")
def folder(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a set of 30 clouds, each in the folder of the class that the model says, but the first two."""
    root = tmp_path_factory.mktemp("set")
    clouds = [random_cloud(20 + 2 * i, i) * 4 + 1 for i in range(30)]
    classes = small_spec().classes
    for name in classes:
        for split in ("train", "test"):
            (root / name / split).mkdir(parents=True)
        np.save(root / name / "train" / "one.npy", clouds[0])
    for i, (points, answer) in enumerate(zip(clouds, answers(model, clouds), strict=True)):
        np.save(root / classes[(answer + (i < 2)) % 3] / "test" / f"{i:02}.npy", points)
    return root


def test_shipped_models_reach_the_figures_in_their_files() -> None:
    paths = bundled_models()
    found = json.loads(output("evaluate", *paths, "--json", "--threads", 2))
    assert (found["data"], found["split"], found["classes"], found["count"]) == (DATASET, "test", list(CLASSES), 1000)
    assert found["labels"] == make_dataset("test", 2).labels.tolist()
    assert [row["model"] for row in found["models"]] == [str(path) for path in paths]
    for path, row in zip(paths, found["models"], strict=True):
        with Model.open(path) as opened:
            stated = opened.accuracy
        assert stated is not None
        assert row["count"] == stated.count
        assert (row["overall"], row["class_mean"]) == pytest.approx((stated.overall, stated.class_mean), abs=1e-6)
        assert row["interval"]["low"] < row["overall"] < row["interval"]["high"]
        pairs = list(zip(found["labels"], row["predictions"], strict=True))
        assert row["overall"] == sum(label == said for label, said in pairs) / 1000
        assert row["confusion"] == [[pairs.count((i, j)) for j in range(20)] for i in range(20)]
        assert row["per_class"] == pytest.approx([pairs.count((i, i)) / 50 for i in range(20)])
        assert 0 < row["latency_ms"]["min"] <= row["latency_ms"]["p50"] <= row["latency_ms"]["p90"]


def test_a_folder_is_run_as_infer_runs_each_cloud(model: Path, folder: Path) -> None:
    found = json.loads(output("evaluate", model, "--data", folder, "--json"))
    assert (found["data"], found["split"], found["count"], found["models"][0]["overall"]) == (str(folder), "test", 30, 28 / 30)
    wrong = {c for c, label, said in zip(found["clouds"], found["labels"], found["models"][0]["predictions"], strict=True) if label != said}
    assert {Path(name).name for name in wrong} == {"00.npy", "01.npy"}
    for name, said in list(zip(found["clouds"], found["models"][0]["predictions"], strict=True))[::7]:
        inferred = json.loads(output("infer", folder / name, "--model", model, "--repeat", 1, "--json"))
        assert inferred["class"] == found["classes"][said]
    train = json.loads(output("evaluate", model, "--data", folder, "--split", "train", "--json"))
    assert (train["split"], train["count"]) == ("train", 3)


def test_an_archive_with_a_class_that_has_no_cloud(model: Path, tmp_path: Path) -> None:
    clouds = [random_cloud(50, seed) for seed in range(8)]
    said = answers(model, clouds)
    data = tmp_path / "set.npz"
    np.savez(data, points=np.stack(clouds), labels=np.zeros(8, np.uint8), classes=np.array(small_spec().classes))
    row = json.loads(output("evaluate", model, "--data", data, "--json"))["models"][0]
    assert row["predictions"] == said
    assert (row["overall"], row["class_mean"], row["per_class"]) == (said.count(0) / 8, said.count(0) / 8, [said.count(0) / 8, None, None])


def test_for_people(model: Path, folder: Path) -> None:
    lines = output("evaluate", model, "--data", folder).splitlines()
    assert lines[0] == f"{folder}, split 'test': 30 clouds, 3 classes"
    assert re.split(r"\s{2,}", lines[2]) == ["model", "variant", "overall", "95 % interval", "class mean", "clouds", "median [ms]"]
    assert re.split(r"\s{2,}", lines[3])[:4] == ["random", "bf2", "93.3 %", "78.7 to 98.2 %"]  # Wilson's for 28 of 30
    found = json.loads(output("evaluate", model, "--data", folder, "--json"))["models"][0]
    worst = min((part, i) for i, part in enumerate(found["per_class"]) if part is not None)
    first = next(i for i, line in enumerate(lines) if line.startswith("random: worst classes"))
    right, count = found["confusion"][worst[1]][worst[1]], sum(found["confusion"][worst[1]])
    assert re.split(r"\s{2,}", lines[first + 1])[:3] == [small_spec().classes[worst[1]], f"{right} of {count}", f"{100 * worst[0]:.1f} %"]
    assert " as " in lines[first + 1]
    assert lines[-1].startswith("median: wall time of a cloud; 1 thread; engine on ")


def test_without_errors_and_with_two_models_of_one_name(model: Path, tmp_path: Path) -> None:
    points = random_cloud(40, 1)
    (right,) = answers(model, [points])
    np.savez(tmp_path / "one.npz", points=points[None], labels=[right], classes=small_spec().classes)
    (tmp_path / "random.gguf").write_bytes(model.read_bytes())
    text = output("evaluate", model, tmp_path / "random.gguf", "--data", tmp_path / "one.npz")
    assert f"{model}: no errors" in text
    assert f"{tmp_path / 'random.gguf'}: no errors" in text


def test_limit_draws_the_same_clouds_each_time(model: Path, folder: Path) -> None:
    whole = json.loads(output("evaluate", model, "--data", folder, "--json"))
    parts = [json.loads(output("evaluate", model, "--data", folder, "--limit", 12, "--json")) for _ in range(2)]
    assert parts[0]["clouds"] == parts[1]["clouds"]
    assert (parts[0]["count"], parts[0]["count_of_split"], len(parts[0]["clouds"])) == (12, 30, 12)
    said = dict(zip(whole["clouds"], whole["models"][0]["predictions"], strict=True))
    assert [said[name] for name in parts[0]["clouds"]] == parts[0]["models"][0]["predictions"]
    assert "12 clouds drawn at random from 30" in output("evaluate", model, "--data", folder, "--limit", 12)


def test_errors_are_one_line(model: Path, folder: Path, tmp_path: Path) -> None:
    assert "random.gguf: expected a model of the classes of bgnn-studio shapes" in refusal("evaluate", model)
    assert "the model's are 3: cone, cube, ring" in refusal("evaluate", model, "--limit", 5)
    assert "Expected a split among train, validation, test (got 'all')" in refusal("evaluate", model, "--split", "all")
    assert "a split among test, train (got 'all')" in refusal("evaluate", model, "--data", folder, "--split", "all")
    assert "absent: could not be read" in refusal("evaluate", model, "--data", tmp_path / "absent")
    assert "not a model file" in refusal("evaluate", folder / "cone" / "train" / "one.npy", "--data", folder)
    np.savez(tmp_path / "few.npz", points=np.eye(3)[None], labels=[0], classes=small_spec().classes)
    assert "few.npz, cloud 0, model random: infer: " in refusal("evaluate", model, "--data", tmp_path / "few.npz")


def test_interrupt_ends_with_130_and_progress_is_shown_on_a_terminal(model: Path, tmp_path: Path) -> None:
    n = 200_000
    np.savez(tmp_path / "many.npz", points=np.ones((1, 8, 3), "f2").repeat(n, 0), labels=np.zeros(n, "u1"), classes=small_spec().classes)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "bgnn_studio", "evaluate", str(model), "--data", str(tmp_path / "many.npz")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    said = b""
    while said.count(b" of 200,000 clouds") < 2:
        said += os.read(ours, 4096)
    process.send_signal(signal.SIGINT)
    printed, _ = process.communicate(timeout=30)
    said += os.read(ours, 4096)
    os.close(ours)
    assert (process.returncode, printed) == (130, b"")
    assert said.endswith(b"\r\x1b[Kbgnn-studio: interrupted.\r\n")


def test_progress_says_nothing_where_nobody_watches_and_does_not_flicker(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with progress("clouds") as show:
        show(1, 2)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with progress("clouds") as show:
        start = time.monotonic()
        for i in range(1000):
            show(i, 1000)
        most = 2 + int((time.monotonic() - start) / 0.1)
    err = capsys.readouterr().err
    assert 1 <= err.count(" of 1,000 clouds") <= most
    assert err.endswith("\r\x1b[K")
