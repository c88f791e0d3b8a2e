"""Names of any language with spaces in them, and places where nothing can be written."""

import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from bgnn_studio.cli import main
from tests.random_model import random_cloud, random_model, small_spec


@pytest.fixture
def strange(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a cloud, two models and a labelled set, all of strange names; it is the working directory."""
    folder = tmp_path / "Ünïcode 点 with spaces #1"
    folder.mkdir()
    monkeypatch.chdir(folder)
    np.save("chair é.npy", random_cloud(60, 1))
    random_model(folder / "bit ü.gguf", small_spec("bf2", points=48), seed=2)
    random_model(folder / "real ß.gguf", small_spec("dgcnn", points=48), seed=3)
    clouds = np.stack([random_cloud(48, seed) for seed in range(4)])
    np.savez("set ñ.npz", points=clouds, labels=np.arange(4) % 3, classes=np.array(small_spec("bf2").classes))
    return folder


@pytest.mark.parametrize(
    "command",
    [
        ["infer", "chair é.npy", "--model", "bit ü.gguf", "--trace", "trace ö.npz"],
        ["render", "chair é.npy", "--model", "bit ü.gguf", "-o", "picture 画.png"],
        ["compare", "chair é.npy", "--model", "bit ü.gguf", "--model", "real ß.gguf", "--csv", "table 表.csv"],
        ["evaluate", "bit ü.gguf", "--data", "set ñ.npz"],
        ["convert", "bit ü.gguf", "-o", "header ж.h"],
        ["convert", "real ß.gguf", "-o", "state ж.pt"],
        ["profile", "local", "--model", "bit ü.gguf", "--cloud", "chair é.npy", "--repeat", "2", "--no-history"],
        ["bench", "--model", "bit ü.gguf", "--repeat", "2"],
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_any_name_will_do(strange: Path, command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command) == 0, capsys.readouterr().err
    output = next((name for flag, name in pairwise(command) if flag in ("-o", "--trace", "--csv")), None)
    assert output is None or (strange / output).stat().st_size > 0


@pytest.mark.parametrize(
    "command",
    [
        ["infer", "chair é.npy", "--model", "bit ü.gguf", "--trace", "gone/t.npz"],
        ["render", "chair é.npy", "--model", "bit ü.gguf", "-o", "gone/p.png"],
        ["compare", "chair é.npy", "--model", "bit ü.gguf", "--model", "real ß.gguf", "--csv", "gone/t.csv"],
        ["convert", "bit ü.gguf", "-o", "gone/h.h"],
        ["convert", "real ß.gguf", "-o", "gone/s.pt"],
        ["history", "export", "--format", "csv", "-o", "gone/runs.csv"],
        ["train", "--config", "demo", "--out", "gone/run"],
    ],
    ids=lambda command: command[0] + " " + command[-1],
)
def test_what_cannot_be_written_is_said_in_one_line(strange: Path, command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    (strange / "gone").symlink_to("/proc/nowhere")  # no user, root included, can make a file there
    before = {path: path.read_bytes() for path in strange.iterdir() if path.is_file()}
    assert main(command) == 2
    said = capsys.readouterr().err
    assert said.startswith("bgnn-studio: ")
    assert said.count("\n") == 1
    assert "gone" in said
    assert {path: path.read_bytes() for path in strange.iterdir() if path.is_file()} == before


@pytest.mark.parametrize("name", ["loop.npy", "loop.gguf"])
def test_a_link_to_itself_is_no_file(strange: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    (strange / name).symlink_to(name)
    shutil.copy("chair é.npy", "cloud.npy")
    cloud, model = (name, "bit ü.gguf") if name.endswith(".npy") else ("cloud.npy", name)
    assert main(["infer", cloud, "--model", model]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"bgnn-studio: {name}: ")
    assert said.count("\n") == 1
