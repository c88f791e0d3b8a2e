"""Train, measure and check the models that are shipped: ``python -m bgnn_studio.training.demo --help``."""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from bgnn_studio.core.card import Training
from bgnn_studio.core.spec import VARIANTS
from bgnn_studio.training.cascade import TrainingData, train_student, train_teacher
from bgnn_studio.training.config import CascadeConfig, StageSettings
from bgnn_studio.training.export import export_model
from bgnn_studio.training.networks import Network
from bgnn_studio.training.shapes import CLASSES, DATASET, POINTS, labelled_shapes, make_dataset
from bgnn_studio.training.shipped import HEADER, SPLIT, check, measure, row
from bgnn_studio.training.stage import Clouds, EpochReport

TEACHER = CascadeConfig(
    variant="dgcnn",
    points=POINTS,
    k=10,
    widths=(32, 32, 64, 64),
    embedding=256,
    head=(128, 64),
    teacher=StageSettings(14, 3e-3, 1e-5),
    seed=1,
)
# No distillation: in the pilots it changed nothing, and here it is 40 % of a step.
_STUDENT = replace(
    TEACHER, tanh=StageSettings(2, 3e-3, 1e-5), sign=StageSettings(0, 0), binary=StageSettings(8, 8e-3), batch_size=16, alpha=0.0
)
RECIPES = {variant: TEACHER if variant == "dgcnn" else replace(_STUDENT, variant=variant) for variant in VARIANTS}


def training_data() -> TrainingData:
    """Return the training and validation splits of the shape set."""
    train, validation = (make_dataset(split) for split in ("train", "validation"))
    return TrainingData(
        *(Clouds(torch.from_numpy(data.points), torch.from_numpy(data.labels)) for data in (train, validation)),
        CLASSES,
    )


def card(config: CascadeConfig) -> Training:
    """Return what a model file says of its training."""
    stages = config.student_stages() or ("teacher",)
    spans = ", ".join(f"{stage} {config.settings(stage).epochs} epochs from rate {config.settings(stage).lr:g}" for stage in stages)
    taught = (
        f", distilled from dgcnn (alpha {config.alpha:g}, T {config.temperature:g})" if config.student_stages() and config.alpha else ""
    )
    recipe = f"{spans}; Adam, {config.schedule}, batch {config.batch_size}{taught}"
    return Training(DATASET, recipe, config.seed, sum(config.settings(stage).epochs for stage in stages))


def train(variant: str, runs: Path) -> Network:
    """Train a variant, its teacher first, or go on from the checkpoints under `runs`."""
    data = training_data()
    runs.mkdir(parents=True, exist_ok=True)
    teacher = train_teacher(TEACHER, data, runs / "dgcnn", _log(runs / "dgcnn.log"))
    if variant == "dgcnn":
        return teacher
    return train_student(RECIPES[variant], teacher, data, runs / variant, _log(runs / f"{variant}.log"))


def ship(network: Network, path: Path) -> None:
    """Write a model file with the accuracy that the native engine reaches with it on the test split."""
    training = card(RECIPES[network.spec.variant])
    export_model(path, network, training=training)
    export_model(path, network, training=training, accuracy=measure(path, labelled_shapes(SPLIT)))


def _log(path: Path) -> Callable[[EpochReport], None]:
    """Return a report that appends a line for every epoch."""

    def report(epoch: EpochReport) -> None:
        with path.open("a") as log:
            log.write(
                f"{time.strftime('%H:%M:%S')} {epoch.stage} {epoch.epoch}/{epoch.epochs} loss {epoch.loss:.3f} "
                f"validation {epoch.validation:.4f} {epoch.seconds:.0f} s\n"
            )

    return report


def main() -> int:
    """Run the command; 1 when a check fails."""
    parser = argparse.ArgumentParser(prog="python -m bgnn_studio.training.demo", description="Train, measure and check the shipped models.")
    parser.add_argument("--variant", choices=VARIANTS, nargs="+", default=VARIANTS, help="which models to train (default: all)")
    parser.add_argument("--out", type=Path, default=Path("models"), help="folder of the model files")
    parser.add_argument("--runs", type=Path, default=Path("runs/demo"), help="folder of checkpoints and logs; a run goes on from them")
    parser.add_argument("--check", action="store_true", help="train nothing: compare the files with README.md and measure them again")
    parser.add_argument("--threads", type=int, default=1, help="threads of torch")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    if args.check:
        wrong = check(args.out)
        sys.stdout.write("\n".join(wrong or ["Every file is what README.md says, and reaches its figure."]) + "\n")
        return bool(wrong)
    for variant in args.variant:
        ship(train(variant, args.runs), args.out / f"{variant}.gguf")
    sys.stdout.write("\n".join([HEADER, *(row(path) for path in sorted(args.out.glob("*.gguf")))]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
