"""`train`, run as a user runs it: every variant from clouds to a model file that the engine runs, stops, going on, and the test split."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from bgnn_studio import cli
from bgnn_studio.native import Model
from bgnn_studio.training.recipes import from_json, read_recipe
from bgnn_studio.training.shapes import make_cloud
from tests.requirements import needs

CLASSES = ("airplane", "bowl", "torus")
RECIPE = """
variants = ["dgcnn", "rf", "bf1", "bf2", "bfr"]
points = 40
k = 5
widths = [8, 16]
embedding = 24
head = [16, 8]
lsp_weight = 0.1
batch_size = 6
teacher_batch_size = 6
teacher.epochs = 1
tanh.epochs = 1
sign.epochs = 1
binary.epochs = 1
"""
# Trains on a disk of 2 MB, fills it after three epochs, and once there is space again goes on until Ctrl-C.
FULL_DISK = """
import json, signal, subprocess, sys, time
from pathlib import Path
disk, command = Path(sys.argv[1]), sys.argv[2:]
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(disk)], check=True)
metrics = disk / "run" / "metrics.jsonl"
def epochs():
    lines = metrics.read_text().splitlines() if metrics.exists() else []
    return [json.loads(line)["epoch"] for line in lines if '"validation"' in line]
def wait(count):
    end = time.monotonic() + 50
    while len(epochs()) < count and time.monotonic() < end:
        time.sleep(0.02)
first = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
wait(3)
try:
    with (disk / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(bytes(4096))
except OSError:
    pass
error = first.communicate(timeout=60)[1]
before = len(epochs())
(disk / "filler").unlink()
second = subprocess.Popen([*command, "--resume"], stdout=subprocess.DEVNULL)
wait(before + 2)
second.send_signal(signal.SIGINT)
second.wait(60)
print(json.dumps({"code": first.returncode, "error": error, "before": before, "resumed": second.returncode, "epochs": epochs()}))
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("set")
    for label, name in enumerate(CLASSES):
        for split, count in (("train", 8), ("test", 3)):
            (root / name / split).mkdir(parents=True)
            for i in range(count):
                np.save(root / name / split / f"{i}.npy", make_cloud(name, 50, np.random.default_rng([label, count, i])))
    (root / "recipe.toml").write_text(RECIPE)
    return root


def train(data: Path, out: Path, *options: str) -> int:
    return cli.main(["train", "--config", str(data / "recipe.toml"), "--data", str(data), "--out", str(out), *options])


def test_every_variant_from_clouds_to_inference(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(data, tmp_path, "--test", "--json") == 0
    results = json.loads(capsys.readouterr().out)
    variants = ("rf", "bf1", "bf2", "bfr")
    assert [Path(result["model"]).stem for result in results] == ["dgcnn", *(f"{v}{s}" for v in variants for s in ("-tanh", "-sign", ""))]
    configs = read_recipe(str(data / "recipe.toml"), [f"data={str(data)!r}"])
    cloud = make_cloud("bowl", 40, np.random.default_rng(9))
    for result in results:
        assert (result["split"], result["count"]) == ("test", 9)
        assert result["agreed"] == 9
        with Model.open(result["model"]) as model:
            assert model.spec.classes == CLASSES
            assert model.training is not None
            assert from_json(model.training.recipe) == configs[model.spec.variant]
            assert model.training.epochs == {"teacher": 1, "tanh": 1, "sign": 2, "binary": 3}[model.spec.stage]
            assert Path(result["model"]).stem in (model.spec.variant, f"{model.spec.variant}-{model.spec.stage}")
            assert model.accuracy is not None
            assert model.accuracy.overall == pytest.approx(result["overall"])
            assert np.isfinite(model.infer(cloud).logits).all()
    events = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    epochs = [(e["variant"], e["stage"]) for e in events if e["event"] == "epoch"]
    assert epochs == [("dgcnn", "teacher"), *((v, s) for v in ("rf", "bf1", "bf2", "bfr") for s in ("tanh", "sign", "binary"))]
    measured = [e["model"] for e in events if e["event"] == "model" and e["split"] == "validation"]
    assert measured == [Path(result["model"]).name for result in results]


def test_the_test_split_is_read_once(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert train(data, tmp_path, "--variant", "dgcnn") == 0
    assert " validation " in capsys.readouterr().out
    assert not (tmp_path / "test.jsonl").exists()
    assert train(data, tmp_path, "--variant", "dgcnn", "--resume", "--test") == 0
    first, model = capsys.readouterr().out, (tmp_path / "dgcnn.gguf").read_bytes()
    monkeypatch.setattr("bgnn_studio.training.results.open_test_split", None)
    assert train(data, tmp_path, "--variant", "dgcnn", "--resume", "--test") == 0
    assert capsys.readouterr().out == first
    assert (tmp_path / "dgcnn.gguf").read_bytes() == model
    lines = [json.loads(line) for line in (tmp_path / "test.jsonl").read_text().splitlines()]
    assert [(line["variant"], line["accuracy"]["count"], line["agreed"]) for line in lines] == [("dgcnn", 9, 9)]


def test_ctrl_c_saves_and_says_how_to_go_on(data: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bgnn_studio", "train", "--config", str(data / "recipe.toml"), "--data", str(data)]
    long = ["--variant", "dgcnn", "--set", "teacher.epochs=100000", "--out", str(tmp_path / "run")]
    with subprocess.Popen([*command, *long], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        metrics = tmp_path / "run" / "metrics.jsonl"
        deadline = time.monotonic() + 60
        while not (metrics.exists() and metrics.read_text().count('"epoch"') > 3) and time.monotonic() < deadline:
            time.sleep(0.05)
        os.kill(running.pid, signal.SIGINT)
        out, err = running.communicate(timeout=60)
    assert (running.returncode, err) == (130, "")
    assert out.splitlines()[-1] == f"Stopped, and saved. The same command with --resume goes on from here (--out {tmp_path / 'run'})."
    epochs = [json.loads(line)["epoch"] for line in metrics.read_text().splitlines() if '"validation"' in line]
    assert epochs == list(range(1, len(epochs) + 1))


def test_a_full_disk_ends_in_one_line_and_the_run_goes_on_once_there_is_space(data: Path, tmp_path: Path) -> None:
    needs("mount namespaces")
    disk = tmp_path / "disk"
    disk.mkdir()
    command = [sys.executable, "-m", "bgnn_studio", "train", "--config", str(data / "recipe.toml"), "--data", str(data)]
    command += ["--variant", "dgcnn", "--set", "teacher.epochs=100000", "--out", str(disk / "run")]
    ran = subprocess.run(
        ["unshare", "-m", sys.executable, "-c", FULL_DISK, str(disk), *command], capture_output=True, text=True, check=False, timeout=120
    )
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told["code"] == 2
    assert told["error"].count("\n") == 1
    assert "No space left on device" in told["error"]
    assert "ree some space, then --resume" in told["error"]
    assert told["resumed"] == 130
    assert told["epochs"] == list(range(1, len(told["epochs"]) + 1))
    assert len(told["epochs"]) > told["before"] > 2


def test_metrics_for_tensorboard(data: Path, tmp_path: Path) -> None:
    needs("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    assert train(data, tmp_path, "--variant", "dgcnn", "--set", "teacher.epochs=3", "--tensorboard") == 0
    told = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    for key, tag in (("loss", "loss/dgcnn teacher"), ("validation", "validation accuracy/dgcnn teacher")):
        expected = [line[key] for line in lines if line["event"] == "epoch"]
        assert [(s.step, s.value) for s in told.Scalars(tag)] == [(i, pytest.approx(v)) for i, v in enumerate(expected, start=1)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--set", "binary.epoch=1"], "unknown key 'binary.epoch'"),
        (["--variant", "bfr", "--config", "paper"], "expected --variant among dgcnn, rf, bf1, bf2 (got bfr)"),
        (["--data", "nowhere"], "nowhere"),
        (["--device", "abacus"], "Expected a device among auto"),
        (["--set", "batch_size=2000"], "Lower batch_size"),
    ],
)
def test_bad_input_ends_in_one_line(
    data: Path, tmp_path: Path, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(data, tmp_path, "--variant", "bf1", *options) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert message in err


def test_a_run_is_not_begun_over_another(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(data, tmp_path, "--variant", "dgcnn") == 0
    assert train(data, tmp_path, "--variant", "bf1") == 2
    assert "holds a training run (dgcnn/teacher.pt). --resume goes on with it" in capsys.readouterr().err


def test_help_names_every_key(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["train", "--help"])
    out = capsys.readouterr().out
    assert "  binary.epochs = 350\n" in out
    assert "  lsp_weight = 0.0\n" in out
