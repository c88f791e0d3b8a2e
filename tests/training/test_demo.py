"""The command that makes the shipped models, on tiny recipes and sets: train, measure, print, check, go on."""

from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from bgnn_studio.native import Model  # noqa: E402
from bgnn_studio.training import demo, shipped  # noqa: E402
from bgnn_studio.training.cascade import TrainingData  # noqa: E402
from bgnn_studio.training.config import StageSettings  # noqa: E402
from bgnn_studio.training.shapes import CLASSES, as_labelled, make_dataset  # noqa: E402
from bgnn_studio.training.stage import Clouds  # noqa: E402

TINY = replace(demo.TEACHER, points=32, k=4, widths=(8, 8), embedding=16, head=(8, 8), teacher=StageSettings(1, 1e-2), batch_size=8)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    student = replace(TINY, variant="bf1", tanh=StageSettings(1, 1e-2), sign=StageSettings(0, 0), binary=StageSettings(2, 1e-2))
    train, validation, test = (make_dataset(split, 32, 20) for split in ("train", "validation", "test"))
    sets = (Clouds(torch.from_numpy(data.points), torch.from_numpy(data.labels)) for data in (train, validation))
    data = TrainingData(*sets, CLASSES)
    monkeypatch.setattr(demo, "TEACHER", TINY)
    monkeypatch.setattr(demo, "RECIPES", {"dgcnn": TINY, "bf1": student})
    monkeypatch.setattr(demo, "training_data", lambda: data)
    for module in (demo, shipped):
        monkeypatch.setattr(module, "labelled_shapes", lambda split: as_labelled(test, split))


def run(monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["demo", "--out", str(folder), "--runs", str(folder / "runs"), *arguments])
    return demo.main()


@pytest.mark.usefixtures("tiny")
def test_models_are_trained_measured_and_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, tmp_path, "--variant", "dgcnn", "bf1") == 0
    table = capsys.readouterr().out
    with Model.open(tmp_path / "bf1.gguf") as model:
        assert model.training == demo.card(demo.RECIPES["bf1"])
        assert model.training.epochs == 3
        assert model.training.recipe.startswith("tanh 1 epochs from rate 0.01, binary 2 epochs")
        assert model.accuracy is not None
        assert model.accuracy.count == 20
    log = (tmp_path / "runs" / "bf1.log").read_text()
    assert [line.split()[1:3] for line in log.splitlines()] == [["tanh", "1/1"], ["binary", "1/2"], ["binary", "2/2"]]
    (tmp_path / "README.md").write_text(table)
    assert run(monkeypatch, tmp_path, "--check") == 0
    (tmp_path / "README.md").write_text("nothing")
    assert run(monkeypatch, tmp_path, "--check") == 1
    assert "bf1.gguf: README.md should say" in capsys.readouterr().out


@pytest.mark.usefixtures("tiny")
def test_a_finished_run_gives_the_same_file_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(monkeypatch, tmp_path, "--variant", "dgcnn")
    first = (tmp_path / "dgcnn.gguf").read_bytes()
    run(monkeypatch, tmp_path, "--variant", "dgcnn")
    assert (tmp_path / "dgcnn.gguf").read_bytes() == first
    assert len((tmp_path / "runs" / "dgcnn.log").read_text().splitlines()) == 1
