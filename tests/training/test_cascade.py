"""The cascade end to end: from clouds to a model file whose predictions are those of the torch network."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from bgnn_studio.errors import BgnnError  # noqa: E402
from bgnn_studio.native import Model  # noqa: E402
from bgnn_studio.training.cascade import TrainingData, choose_device, train_cascade, trained_stages  # noqa: E402
from bgnn_studio.training.config import CascadeConfig, StageSettings  # noqa: E402
from bgnn_studio.training.evaluate import predict  # noqa: E402
from bgnn_studio.training.export import export_model  # noqa: E402
from bgnn_studio.training.shapes import make_cloud  # noqa: E402
from bgnn_studio.training.stage import Clouds, EpochReport, Watch  # noqa: E402

CLASSES = ("airplane", "bowl", "torus")
SIZES = {"points": 48, "k": 6, "widths": (16, 16), "embedding": 32, "head": (16, 16), "batch_size": 12, "teacher_batch_size": 12}
STAGES = {
    "teacher": StageSettings(12, 1e-2),
    "tanh": StageSettings(3, 1e-2),
    "sign": StageSettings(1, 5e-3),
    "binary": StageSettings(6, 1e-2),
}


def clouds(seed: int, count: int) -> Clouds:
    labels = torch.arange(count) % len(CLASSES)
    points = np.stack([make_cloud(CLASSES[label], 48, np.random.default_rng([seed, i])) for i, label in enumerate(labels)])
    return Clouds(torch.from_numpy(points), labels)


@pytest.fixture(scope="module")
def data() -> TrainingData:
    return TrainingData(clouds(0, 96), clouds(1, 30), CLASSES)


@pytest.fixture(scope="module")
def runs(data: TrainingData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the teacher is trained."""
    folder, seen = tmp_path_factory.mktemp("runs"), []
    train_cascade(CascadeConfig("dgcnn", **SIZES, **STAGES), data, folder, Watch(seen.append))
    assert max(report.validation for report in seen) > 0.8
    return folder


@pytest.mark.parametrize("variant", ["rf", "bf1", "bf2", "bfr"])
def test_cascade_learns_and_its_model_file_predicts_the_same(tmp_path: Path, variant: str, data: TrainingData, runs: Path) -> None:
    seen: list[EpochReport] = []
    config = CascadeConfig(variant=variant, lsp_weight=0.1, **SIZES, **STAGES)
    student = train_cascade(config, data, runs, Watch(seen.append))
    assert list(dict.fromkeys(report.stage for report in seen)) == ["tanh", "sign", "binary"]  # the teacher is there already
    assert [path.stem for path in trained_stages(config, runs)] == ["teacher", "tanh", "sign", "binary"]
    assert max(report.validation for report in seen if report.stage == "binary") > 0.55  # a third by chance
    fresh = clouds(2, 60)
    student.engine_graphs = False
    expected = predict(student, fresh.points).numpy()
    export_model(tmp_path / "student.gguf", student)
    with Model.open(tmp_path / "student.gguf") as model:
        logits = np.stack([model.infer(cloud).logits for cloud in fresh.points.numpy()])
    assert (logits.argmax(1) == expected.argmax(1)).mean() > 0.98  # a bit flipped by float rounding may cost one


def test_labels_alone_need_no_teacher_and_the_student_may_be_wider(tmp_path: Path, data: TrainingData) -> None:
    stages = {"binary": StageSettings(1, 1e-2), "tanh": StageSettings(0), "sign": StageSettings(0)}
    config = CascadeConfig("bfr", alpha=0, width_factor=2, **SIZES, **stages)
    assert train_cascade(config, data, tmp_path).spec.widths == (32, 32)
    assert [path.name for path in tmp_path.iterdir()] == ["bfr"]


def test_a_device_that_is_not_there_is_refused() -> None:
    assert choose_device().type in ("cuda", "mps", "cpu")
    assert choose_device("cpu").type == "cpu"
    with pytest.raises(BgnnError, match=r"Expected a device among auto, .*cpu"):
        choose_device("abacus")
