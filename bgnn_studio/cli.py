"""The command line: argument parsing only. Each command imports what it needs when it runs, so that start-up stays fast."""

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

from bgnn_studio import __version__
from bgnn_studio.core.spec import VARIANTS
from bgnn_studio.errors import BgnnError

COMMANDS = ("open", "infer", "render", "convert", "evaluate", "bench", "doctor")
EXIT_ERROR, EXIT_INTERRUPTED, EXIT_BROKEN_PIPE = 2, 130, 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return the exit code: 0, 1 (doctor found problems), 2 (an error, in one line), 130 (Ctrl-C)."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # libraries' own; PYTHONWARNINGS brings them back
    try:
        given = list(sys.argv[1:] if arguments is None else arguments)
        if not given or (given[0] not in COMMANDS and given[0] not in ("-h", "--help", "--version")):
            given.insert(0, "open")
        options = _parser().parse_args(given)
        code: int = options.run(options)
        print(end="", flush=True)  # an output that cannot be written fails here, not at exit
    except KeyboardInterrupt:
        return _fail("interrupted.", EXIT_INTERRUPTED)
    except BrokenPipeError:  # the reader of our output has left
        _drop_output()
        return EXIT_BROKEN_PIPE
    except BgnnError as error:
        message = str(error)
    except OSError as error:  # commands turn those of their files into BgnnError: what is left is our own output
        _drop_output()
        message = f"The output could not be written ({error.strerror}). Free some space, or send it elsewhere."
    except ImportError as error:
        message = f"A library could not be loaded ({error}). 'bgnn-studio doctor' names what is missing."
    except MemoryError:
        message = "Not enough memory. Use fewer points (--points)."
    else:
        return code
    return _fail(message)


def _drop_output() -> None:
    """Let the interpreter's last flush go nowhere: it would fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(message: str, code: int = EXIT_ERROR) -> int:
    print(f"bgnn-studio: {' '.join(message.split())}", file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bgnn-studio",
        description="Inspect, compare and measure Binary Graph Neural Networks on point clouds. Without a command: the window.",
        epilog="bgnn-studio [CLOUD ...] [MODEL ...] opens the window on these files; 'bgnn-studio COMMAND --help' explains a command.",
    )
    parser.add_argument("--version", action="version", version=f"bgnn-studio {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, help_text, add in (
        ("open", "the window (the default)", _add_open),
        ("infer", "classify a cloud; latency per layer, memory, trace", _add_infer),
        ("render", "draw a cloud and a layer's graph to a PNG file; needs no display", _add_render),
        ("convert", "convert a published checkpoint to a model file", _add_convert),
        ("evaluate", "measure accuracy on a labelled set", _add_evaluate),
        ("bench", "measure latency, against torch if asked", _add_bench),
        ("doctor", "say what this installation has and lacks", _add_doctor),
    ):
        add(commands.add_parser(name, help=help_text, description=help_text[0].upper() + help_text[1:] + "."))
    return parser


def _add_open(command: argparse.ArgumentParser) -> None:
    command.add_argument("files", metavar="FILE", nargs="*", type=Path, help="point clouds and models, in any order; default: bundled ones")
    command.set_defaults(run=_open)


def _open(options: argparse.Namespace) -> int:
    from bgnn_studio.commands.window import open_window

    return open_window(options.files, COMMANDS)


def _add_infer(command: argparse.ArgumentParser) -> None:
    _add_input(command)
    command.add_argument("--model", type=Path, required=True, metavar="MODEL", help="model file (*.gguf)")
    _add_repeat(command, 10)
    command.add_argument("--json", action="store_true", help="write JSON")
    command.add_argument("--trace", type=Path, metavar="NPZ", help="write graphs, features and logits of every layer")
    command.set_defaults(run=_infer)


def _infer(options: argparse.Namespace) -> int:
    from bgnn_studio.commands import infer

    report = infer.infer(
        options.cloud,
        options.model,
        raw=options.raw,
        count=options.points,
        k=options.k,
        threads=options.threads,
        repeat=options.repeat,
        trace_path=options.trace,
    )
    print(infer.as_json(report) if options.json else infer.as_text(report))
    return 0


def _add_render(command: argparse.ArgumentParser) -> None:
    _add_input(command)
    command.add_argument("--model", type=Path, metavar="MODEL", help="model file; without one, the cloud alone")
    command.add_argument("--reference", type=Path, metavar="MODEL", help="model that --color drift compares with")
    command.add_argument("--layer", type=_positive, default=1, help="graph layer, 1: the input graph (default: 1)")
    command.add_argument("--edges", choices=("all", "none", "picked"), default="all", help="edges to draw (default: all)")
    command.add_argument("--pick", type=int, metavar="I", help="picked point, by index")
    command.add_argument("--color", default="height", help="color by height, distance, bit, in-degree, drift or critical (default: height)")
    command.add_argument("--bit", type=int, default=0, help="bit plane for --color bit (default: 0)")
    command.add_argument("--up", choices=("x", "y", "z"), default="z", help="axis that points up (default: z)")
    command.add_argument("--theme", choices=("dark", "light"), default="dark", help="colors (default: dark)")
    command.add_argument("--size", type=_size, default=(1200, 800), metavar="WxH", help="pixels (default: 1200x800)")
    command.add_argument("-o", "--output", type=Path, required=True, metavar="PNG", help="file to write")
    command.set_defaults(run=_render)


def _render(options: argparse.Namespace) -> int:
    from bgnn_studio.commands.render import render

    said = render(
        options.cloud,
        options.model,
        options.output,
        reference_path=options.reference,
        raw=options.raw,
        count=options.points,
        k=options.k,
        threads=options.threads,
        layer=options.layer,
        edges=options.edges,
        colour=options.color,
        pick=options.pick,
        bit=options.bit,
        theme=options.theme,
        size=options.size,
        up=options.up,
    )
    print(said)
    return 0


def _add_convert(command: argparse.ArgumentParser) -> None:
    command.add_argument("checkpoint", type=Path, metavar="CKPT", help="state dict in the published layout (*.t7, *.pt)")
    command.add_argument("--variant", choices=VARIANTS, help="needed to tell bf1 from bf2, unless the file name does")
    command.add_argument("--k", type=_positive, default=20, help="neighbours it was trained with (default: 20)")
    command.add_argument("--points", type=_positive, default=1024, metavar="N", help="points it was trained with (default: 1024)")
    command.add_argument("--classes", type=Path, metavar="TXT", help="class names, one a line; default: ModelNet40's for 40 classes")
    command.add_argument("-o", "--output", type=Path, required=True, metavar="GGUF", help="model file to write")
    command.set_defaults(run=_convert)


def _convert(options: argparse.Namespace) -> int:
    from bgnn_studio.commands.convert import convert

    print(
        convert(options.checkpoint, options.output, variant=options.variant, k=options.k, points=options.points, class_file=options.classes)
    )
    return 0


def _add_evaluate(command: argparse.ArgumentParser) -> None:
    command.add_argument("models", metavar="MODEL", nargs="+", type=Path, help="model files (*.gguf)")
    command.add_argument(
        "--data",
        default="shapes",
        metavar="PATH",
        help="folder CLASS/SPLIT/FILE or CLASS/FILE, modelnet40_normal_resampled, or an NPZ of points (n, N, 3), labels (n,) and "
        "classes; default: shapes, the bundled set",
    )
    command.add_argument("--split", help="default: test, or all of a set without splits")
    command.add_argument("--limit", type=_positive, metavar="N", help="N clouds drawn at random, the same ones each time; default: all")
    _add_threads(command)
    command.add_argument("--json", action="store_true", help="write JSON")
    command.set_defaults(run=_evaluate)


def _evaluate(options: argparse.Namespace) -> int:
    from bgnn_studio.commands import evaluate

    report = evaluate.evaluate(options.models, data=options.data, split=options.split, limit=options.limit, threads=options.threads)
    print(evaluate.as_json(report) if options.json else evaluate.as_text(report))
    return 0


def _add_bench(command: argparse.ArgumentParser) -> None:
    command.add_argument("--model", type=Path, action="append", default=[], help="model file, repeatable; default: the bundled ones")
    command.add_argument("--cloud", type=Path, help="point cloud to measure on; default: a bundled one")
    command.add_argument("--full", action="store_true", help="every variant at its published size, random weights")
    command.add_argument("--points", type=_positive, metavar="N", help="resample to N points; default: what each model was trained with")
    _add_threads(command)
    _add_repeat(command, 20)
    command.add_argument("--against", choices=("torch",), help="measure the torch module too, with as many threads")
    command.add_argument("--json", action="store_true", help="write JSON")
    command.set_defaults(run=_bench)


def _bench(options: argparse.Namespace) -> int:
    from bgnn_studio.commands import bench

    report = bench.bench(
        options.model,
        cloud_path=options.cloud,
        full=options.full,
        count=options.points,
        threads=options.threads,
        repeat=options.repeat,
        against_torch=options.against == "torch",
    )
    print(bench.as_json(report) if options.json else bench.as_text(report))
    return 0


def _add_doctor(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="write JSON")
    command.set_defaults(run=_doctor)


def _doctor(options: argparse.Namespace) -> int:
    from bgnn_studio.commands import doctor

    report = doctor.examine()
    print(doctor.as_json(report) if options.json else doctor.as_text(report))
    return 1 if report["problems"] else 0


def _add_input(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "cloud", type=Path, metavar="CLOUD", help="point cloud or mesh (README.md lists the formats); clouds.h5#12 is cloud 12 of a file"
    )
    command.add_argument("--raw", action="store_true", help="take the points as they are: no centring, scaling or resampling")
    command.add_argument(
        "--points",
        type=_positive,
        metavar="N",
        help="resample to N points (farthest point); default: what the model was trained with, at most all",
    )
    command.add_argument("--k", type=_positive, help="neighbours; default: the model's")
    _add_threads(command)


def _add_threads(command: argparse.ArgumentParser) -> None:
    command.add_argument("--threads", type=_positive, default=1, metavar="T", help="threads (default: 1); results do not depend on it")


def _add_repeat(command: argparse.ArgumentParser, default: int) -> None:
    command.add_argument(
        "--repeat", type=_positive, default=default, metavar="R", help=f"measured runs, warm-up apart (default: {default})"
    )


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 (got {text!r})")
    return int(text)


def _size(text: str) -> tuple[int, int]:
    width, cross, height = text.partition("x")
    if not cross:
        raise argparse.ArgumentTypeError(f"expected WIDTHxHEIGHT, as 1200x800 (got {text!r})")
    return _positive(width), _positive(height)
