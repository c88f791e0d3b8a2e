"""The shipped models measured and checked: the native engine runs the file itself on the frozen test split."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from bgnn_studio.core.card import Accuracy
from bgnn_studio.core.evaluation import Evaluation, LabelledSet, evaluate
from bgnn_studio.errors import ModelFileError
from bgnn_studio.native import Model

HEADER = "| file | variant | sha256 | bytes | overall | class mean | clouds |\n|---|---|---|---|---|---|---|"


def run_file(path: Path, data: LabelledSet) -> Evaluation:
    """Run every cloud through the model file; raises `ModelFileError` for another list of classes."""
    with Model.open(path) as model:
        return evaluate([model], data)[0]


def measure(path: Path, data: LabelledSet) -> Accuracy:
    """Return the accuracy that `run_file` finds."""
    return run_file(path, data).card


def row(path: Path, folder: Path) -> str:
    """Return the line of a model in the README of the shipped models' folder, from the file alone."""
    with Model.open(path) as model:
        card = model.accuracy
        if card is None:
            raise ModelFileError(f"{path}: says nothing of its accuracy. Measure it with 'bgnn-studio train --resume --test'.")
        title, size = model.spec.title, model.file_bytes
    name, digest = path.relative_to(folder).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest()
    return f"| `{name}` | {title} | `{digest}` | {size:,} | {card.overall:.1%} | {card.class_mean:.1%} | {card.count:,} |"


def check(folder: Path, sets: Mapping[str, LabelledSet]) -> list[str]:
    """Return what is wrong with a folder of shipped models: a line of its README that is not the file's, a figure not reached.

    `sets` has test splits by the names that the files give them; models of other sets are not run.
    """
    readme, wrong = (folder / "README.md").read_text(), []
    for path in sorted(folder.rglob("*.gguf")):
        if row(path, folder) not in readme:
            wrong.append(f"{path.name}: README.md should say {row(path, folder)}")
        with Model.open(path) as model:
            claimed = model.accuracy
        if claimed is None or claimed.dataset not in sets:
            continue
        measured = measure(path, sets[claimed.dataset])
        if not np.allclose((claimed.overall, claimed.class_mean), (measured.overall, measured.class_mean), atol=1e-6):
            wrong.append(f"{path.name}: the file says {claimed}, the engine reaches {measured}")
    return wrong
