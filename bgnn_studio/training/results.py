"""What a finished cascade gives: a model file, measured by the native engine on validation, and on the test split once if asked."""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from bgnn_studio.core.card import Accuracy, Training
from bgnn_studio.core.evaluation import LabelledSet
from bgnn_studio.core.spec import STAGES, Stage
from bgnn_studio.errors import BgnnError
from bgnn_studio.training.cascade import TrainingData
from bgnn_studio.training.config import CascadeConfig
from bgnn_studio.training.datasets import open_test_split
from bgnn_studio.training.evaluate import predict
from bgnn_studio.training.export import export_model
from bgnn_studio.training.networks import Network
from bgnn_studio.training.recipes import as_json
from bgnn_studio.training.shipped import run_file


@dataclass(frozen=True)
class Result:
    """A model file and what was measured with it; `agreed` clouds got the same class from the engine and from torch."""

    path: Path
    accuracy: Accuracy
    agreed: int


def measure_on_validation(config: CascadeConfig, network: Network, data: TrainingData, folder: Path) -> Result:
    """Write a trained variant, with its accuracy on the validation clouds, as ``folder/VARIANT.gguf`` or ``folder/VARIANT-STAGE.gguf``."""
    names = tuple(f"cloud {i}" for i in range(len(data.validation.labels)))
    points, labels = data.validation.points.numpy(), data.validation.labels.numpy()
    validation = LabelledSet(data.name, "validation", data.classes, labels, names, points.__getitem__, prepared=True)
    return _measured(config, network, validation, folder)


def measure_on_test(config: CascadeConfig, network: Network, folder: Path, progress: Callable[[int, int], None] | None = None) -> Result:
    """Measure a trained variant on the test split and write the figure into its model file and ``folder/test.jsonl``.

    Weights that the log knows are not measured again: their figure is taken from it. Raises `BgnnError` for a set without a test split.
    """
    log, weights = folder / "test.jsonl", _digest(network)
    lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    known = next((line for line in lines if line["weights_sha256"] == weights), None)
    if known is not None:
        accuracy = Accuracy(**known["accuracy"])
        return Result(_export(config, network, folder, accuracy.dataset, accuracy), accuracy, known["agreed"])
    result = _measured(config, network, open_test_split(config, progress), folder)
    figures = {"accuracy": asdict(result.accuracy), "agreed": result.agreed}
    line = {
        "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "variant": config.variant,
        "stage": network.spec.stage,
        "weights_sha256": weights,
    } | figures
    append_line(log, line)
    return result


def append_line(path: Path, line: dict[str, object]) -> None:
    """Append a line of JSON to a log; raises `BgnnError` where it cannot be written."""
    try:
        with path.open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")
    except OSError as error:
        raise BgnnError(f"{path}: could not be written ({error.strerror}). Free some space, then --resume.") from error


def card(config: CascadeConfig, dataset: str, last: Stage = "binary") -> Training:
    """Return what a model file says of its training: the whole configuration, and the epochs of the variant's own stages up to `last`."""
    stages = [stage for stage in config.student_stages() or ("teacher",) if STAGES.index(stage) <= STAGES.index(last)]
    return Training(dataset, as_json(config), config.seed, sum(config.settings(stage).epochs for stage in stages))


def _measured(config: CascadeConfig, network: Network, data: LabelledSet, folder: Path) -> Result:
    path = _export(config, network, folder, data.name)
    data = data.prepared_for(config.points)
    evaluation = run_file(path, data)
    network.engine_graphs = False  # an oracle apart from the engine
    torch_says = [int(predict(network, torch.from_numpy(np.array(data.load(i)))[None]).argmax()) for i in range(len(data.labels))]
    agreed = int((evaluation.predictions == np.array(torch_says)).sum())
    return Result(_export(config, network, folder, data.name, evaluation.card), evaluation.card, agreed)


def _export(config: CascadeConfig, network: Network, folder: Path, dataset: str, accuracy: Accuracy | None = None) -> Path:
    stage = network.spec.stage
    path = folder / (f"{config.variant}-{stage}.gguf" if stage in config.student_stages()[:-1] else f"{config.variant}.gguf")
    export_model(path, network, training=card(config, dataset, stage), accuracy=accuracy)
    return path


def _digest(network: Network) -> str:
    digest = hashlib.sha256()
    for name, value in sorted(network.state_dict().items()):
        digest.update(name.encode() + value.numpy().tobytes())
    return digest.hexdigest()
