"""`bgnn-studio convert`: a published checkpoint to a model file; a model file to a checkpoint, or to a C header."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from bgnn_studio.commands.arguments import positive
from bgnn_studio.core.files import read_plain
from bgnn_studio.core.spec import VARIANTS
from bgnn_studio.core.units import size_text
from bgnn_studio.errors import BgnnError

CHECKPOINTS = (".pt", ".pth", ".t7")
MAX_CLASSES_BYTES = 1 << 20


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    command.add_argument(
        "checkpoint", type=Path, metavar="CKPT", help="state dict in the published layout (*.t7, *.pt, *.safetensors), or a .gguf model"
    )
    command.add_argument("--variant", choices=VARIANTS, help="needed to tell bf1 from bf2, unless the file name does")
    command.add_argument("--k", type=positive, help="neighbours it was trained with, which no checkpoint says (published: 20)")
    command.add_argument("--points", type=positive, metavar="N", help="points it was trained with (published: 1024)")
    command.add_argument("--classes", type=Path, metavar="TXT", help="class names, one a line; default: ModelNet40's for 40 classes")
    command.add_argument("--describe", action="store_true", help="print what the checkpoint says of itself, as JSON; convert nothing")
    command.add_argument(
        *("-o", "--output"),
        type=Path,
        metavar="OUT",
        help="model file to write; of a model: checkpoint (*.pt, *.t7), C header (*.h) or, of dgcnn, ONNX (*.onnx)",
    )


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
    from bgnn_studio.io.readers import is_model_file

    if options.describe:
        from bgnn_studio.training.checkpoints import describe_checkpoint

        print(json.dumps(asdict(describe_checkpoint(options.checkpoint))))
        return 0
    if options.output is None:
        raise BgnnError("Expected a file to write. Give -o OUT, as in -o model.gguf.")
    if is_model_file(options.checkpoint):
        print(convert_model(options.checkpoint, options.output))
        return 0
    print(
        convert(options.checkpoint, options.output, variant=options.variant, k=options.k, points=options.points, class_file=options.classes)
    )
    return 0


def convert(
    checkpoint: Path, output: Path, *, variant: str | None = None, k: int | None, points: int | None, class_file: Path | None = None
) -> str:
    """Convert a checkpoint and open the result once; return what was written, and what names its classes got."""
    from bgnn_studio.native import Model
    from bgnn_studio.training.checkpoints import load_checkpoint
    from bgnn_studio.training.export import export_model

    if k is None or points is None:
        raise BgnnError(_what_is_missing(checkpoint, variant, k, points))
    classes = None if class_file is None else read_classes(class_file)
    export_model(output, load_checkpoint(checkpoint, variant=variant, k=k, points=points, classes=classes))
    model = Model.open(output)
    spec = model.spec
    named = "" if classes else f" named {spec.classes[0]}, {spec.classes[1]}, ... (--classes names others)" if spec.classes[1:] else ""
    return (
        f"{output}: {spec.variant}, {len(spec.classes)} classes{named}, {spec.points} points, k = {spec.k}, {size_text(model.file_bytes)}"
    )


def _what_is_missing(checkpoint: Path, variant: str | None, k: int | None, points: int | None) -> str:
    """Return one question for all that a checkpoint does not say of itself; raises `ModelFileError` for what is none."""
    from bgnn_studio.training.checkpoints import describe_checkpoint

    facts = describe_checkpoint(checkpoint)
    needed = []
    if variant is None and len(facts.variants) > 1 and facts.named is None:
        needed.append("--variant bf1 or bf2 (the order of max and norm)")
    if k is None:
        needed.append("--k (neighbours; published: 20)")
    if points is None:
        needed.append("--points (of a cloud; published: 1024)")
    sizes = f"widths {', '.join(map(str, facts.widths))}, embedding {facts.embedding}, {facts.classes} classes"
    return f"{checkpoint}: {' or '.join(facts.variants)}, {sizes}; how it was trained it does not say. Give {' and '.join(needed)}."


def convert_model(model_file: Path, output: Path) -> str:
    """Convert a model file by the suffix of the output; return what was written."""
    suffix = output.suffix.lower()
    if suffix == ".h":
        return _convert_to_header(model_file, output)
    if suffix not in (*CHECKPOINTS, ".onnx"):
        raise BgnnError(
            f"{output}: a model becomes a checkpoint ({', '.join(CHECKPOINTS)}), ONNX (.onnx) or a C header (.h). Name the output so."
        )
    from bgnn_studio.native import Model

    spec = Model.open(model_file).spec
    if suffix == ".onnx":
        from bgnn_studio.io.onnx_file import OPSET, write_onnx

        write_onnx(model_file, spec, output)
        return f"{output}: ONNX (opset {OPSET}) of {spec.variant}, {size_text(output.stat().st_size)}; points (batch, N, 3) to logits"
    from bgnn_studio.training.published import save_published

    moved = save_published(model_file, spec, output)
    how = f"--k {spec.k} --points {spec.points}" + (f" --variant {spec.variant}" if spec.on_bits else "")
    lost = f"; latent weights are signs, {moved} thresholds differ in their last digits" if spec.variant != "dgcnn" else ""
    return f"{output}: state dict of {spec.variant}, {size_text(output.stat().st_size)}{lost}; to read it again: {how}"


def _convert_to_header(model_file: Path, output: Path) -> str:
    from bgnn_studio.io.c_header import write_c_header
    from bgnn_studio.native import Model

    data = model_file.read_bytes()
    spec = Model.from_bytes(data, str(model_file)).spec
    described = f"{model_file.name}: {spec.variant}, {len(spec.classes)} classes, {spec.points} points, k = {spec.k}"
    name = write_c_header(output, data, described)
    return f"{output}: {name}, {size_text(len(data))} of {described}"


def read_classes(path: Path) -> tuple[str, ...]:
    """Read class names, one a line in the order of the logits; raises `BgnnError`."""
    try:
        names = tuple(line.strip() for line in read_plain(path, MAX_CLASSES_BYTES).decode().splitlines() if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BgnnError(f"{path}: expected a text file with one class name a line ({reason}).") from error
    if not names:
        raise BgnnError(f"{path}: expected one class name a line (found none).")
    return names
