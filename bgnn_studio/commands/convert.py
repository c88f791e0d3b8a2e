"""`bgnn-studio convert`: a published checkpoint to a model file."""

import argparse
from pathlib import Path

from bgnn_studio.commands.arguments import positive
from bgnn_studio.core.spec import VARIANTS
from bgnn_studio.core.units import size_text
from bgnn_studio.errors import BgnnError


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    command.add_argument("checkpoint", type=Path, metavar="CKPT", help="state dict in the published layout (*.t7, *.pt)")
    command.add_argument("--variant", choices=VARIANTS, help="needed to tell bf1 from bf2, unless the file name does")
    command.add_argument("--k", type=positive, default=20, help="neighbours it was trained with (default: 20)")
    command.add_argument("--points", type=positive, default=1024, metavar="N", help="points it was trained with (default: 1024)")
    command.add_argument("--classes", type=Path, metavar="TXT", help="class names, one a line; default: ModelNet40's for 40 classes")
    command.add_argument("-o", "--output", type=Path, required=True, metavar="GGUF", help="model file to write")


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
    print(
        convert(options.checkpoint, options.output, variant=options.variant, k=options.k, points=options.points, class_file=options.classes)
    )
    return 0


def convert(checkpoint: Path, output: Path, *, variant: str | None, k: int, points: int, class_file: Path | None) -> str:
    """Convert a checkpoint and open the result once; return what was written."""
    from bgnn_studio.native import Model
    from bgnn_studio.training.checkpoints import load_checkpoint
    from bgnn_studio.training.export import export_model

    classes = None if class_file is None else read_classes(class_file)
    export_model(output, load_checkpoint(checkpoint, variant=variant, k=k, points=points, classes=classes))
    model = Model.open(output)
    spec = model.spec
    return f"{output}: {spec.variant}, {len(spec.classes)} classes, {spec.points} points, k = {spec.k}, {size_text(model.file_bytes)}"


def read_classes(path: Path) -> tuple[str, ...]:
    """Read class names, one a line in the order of the logits; raises `BgnnError`."""
    try:
        names = tuple(line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        raise BgnnError(f"{path}: expected a text file with one class name a line ({error}).") from error
    if not names:
        raise BgnnError(f"{path}: expected one class name a line (found none).")
    return names
