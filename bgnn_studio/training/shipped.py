"""The shipped models measured and checked: the native engine runs the file itself on the frozen test split."""

import hashlib
from pathlib import Path

import numpy as np

from bgnn_studio.core.accuracy import accuracy
from bgnn_studio.core.card import Accuracy
from bgnn_studio.errors import BgnnError, ModelFileError
from bgnn_studio.native import Model
from bgnn_studio.training.shapes import GENERATOR_VERSION, TEST_SHA256, ShapeSet, make_dataset

DATASET = f"bgnn-studio shapes, generator version {GENERATOR_VERSION}"
SPLIT = "test"
HEADER = "| file | variant | sha256 | bytes | overall | class mean | clouds |\n|---|---|---|---|---|---|---|"


def test_split() -> ShapeSet:
    """Make the frozen test split; raises `BgnnError` where this machine's numpy makes other bytes."""
    data = make_dataset(SPLIT)
    if data.sha256 != TEST_SHA256:
        raise BgnnError(f"Expected the test split {TEST_SHA256[:12]} (got {data.sha256[:12]}): figures measured on it would not compare.")
    return data


def measure(path: Path, data: ShapeSet) -> Accuracy:
    """Run every cloud through the model file; raises `ModelFileError` for another list of classes."""
    with Model.open(path) as model:
        if model.spec.classes != data.classes:
            raise ModelFileError(f"{path}: expected the classes of the shape set, {', '.join(data.classes)}.")
        predicted = np.array([model.infer(cloud).logits.argmax() for cloud in data.points])
    overall, class_mean = accuracy(predicted, data.labels)
    return Accuracy(DATASET, SPLIT, len(data.labels), overall, class_mean)


def row(path: Path) -> str:
    """Return the model's line of the table in models/README.md, from the file alone."""
    with Model.open(path) as model:
        card = model.accuracy
        if card is None:
            raise ModelFileError(f"{path}: says nothing of its accuracy. Ship it with bgnn_studio.training.demo.")
        variant, size = model.spec.variant, model.file_bytes
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"| `{path.name}` | {variant} | `{digest}` | {size:,} | {card.overall:.1%} | {card.class_mean:.1%} | {card.count:,} |"


def check(folder: Path) -> list[str]:
    """Return what is wrong with a folder of shipped models: a line of its README that is not the file's, a figure not reached."""
    readme, data, wrong = (folder / "README.md").read_text(), test_split(), []
    for path in sorted(folder.glob("*.gguf")):
        if row(path) not in readme:
            wrong.append(f"{path.name}: README.md should say {row(path)}")
        with Model.open(path) as model:
            claimed = model.accuracy
        measured = measure(path, data)
        if claimed is None or not np.allclose((claimed.overall, claimed.class_mean), (measured.overall, measured.class_mean), atol=1e-6):
            wrong.append(f"{path.name}: the file says {claimed}, the engine reaches {measured}")
    return wrong
