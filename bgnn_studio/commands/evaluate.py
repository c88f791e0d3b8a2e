"""`bgnn-studio evaluate`: accuracy of models on a labelled set, by the native engine."""

import argparse
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

from bgnn_studio.commands.arguments import add_threads, positive
from bgnn_studio.commands.progress import progress
from bgnn_studio.commands.text import table
from bgnn_studio.core import evaluation
from bgnn_studio.core.accuracy import CONFIDENCE
from bgnn_studio.core.evaluation import Evaluation, LabelledSet
from bgnn_studio.core.evaluation_report import EvaluationReport, as_json
from bgnn_studio.io.datasets import DEFAULT_SPLIT, read_labelled
from bgnn_studio.native import Model

SHAPES = "shapes"
WORST = 5


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    command.add_argument("models", metavar="MODEL", nargs="+", type=Path, help="model files (*.gguf)")
    command.add_argument(
        "--data",
        default="shapes",
        metavar="PATH",
        help="folder CLASS/SPLIT/FILE or CLASS/FILE, modelnet40_ply_hdf5_2048 or _normal_resampled, or an NPZ of points (n, N, 3), "
        "labels (n,) and classes; default: shapes, the bundled set",
    )
    command.add_argument("--split", help="default: test, or all of a set without splits")
    command.add_argument("--limit", type=positive, metavar="N", help="N clouds drawn at random, the same ones each time; default: all")
    add_threads(command)
    command.add_argument("--json", action="store_true", help="write JSON")


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
    report = evaluate(options.models, data=options.data, split=options.split, limit=options.limit, threads=options.threads)
    print(as_json(report) if options.json else as_text(report))
    return 0


def evaluate(
    model_paths: Sequence[Path], *, data: str = SHAPES, split: str | None = None, limit: int | None = None, threads: int = 1
) -> EvaluationReport:
    """Run a labelled set, or `limit` clouds of it drawn at random, through the models; ``shapes`` is the bundled set."""
    models = [Model.open(path) for path in model_paths]
    whole = _shapes(split or DEFAULT_SPLIT) if data == SHAPES else read_labelled(data, split)
    chosen = whole if limit is None else whole.sample(limit)
    with progress("clouds") as show:
        rows = evaluation.evaluate(models, chosen, threads=threads, progress=show)
    return EvaluationReport(rows, chosen, len(whole.labels), threads)


def _shapes(split: str) -> LabelledSet:
    from bgnn_studio.training.shapes import labelled_shapes

    return labelled_shapes(split)


def as_text(report: EvaluationReport) -> str:
    """Write a report for people: one row for each model, then where each errs."""
    data, ran = report.data, len(report.data.labels)
    split = "" if data.split is None else f", split '{data.split}'"
    drawn = "" if ran == report.total else f" drawn at random from {report.total:,}"
    rows = [["model", "variant", "overall", f"{100 * CONFIDENCE:.0f} % interval", "class mean", "clouds", "median [ms]"]]
    for row, name in zip(report.rows, _names(report), strict=True):
        figures = row.figures
        low, high = figures.interval
        rows.append(
            [
                name,
                row.model.spec.title,
                f"{100 * figures.overall:.1f} %",
                f"{100 * low:.1f} to {100 * high:.1f} %",
                f"{100 * figures.class_mean:.1f} %",
                f"{figures.count:,}",
                f"{row.latency.p50_ms:.3f}",
            ]
        )
    isas = ", ".join(sorted({row.isa for row in report.rows}))
    return "\n".join(
        [
            f"{data.name}{split}: {ran:,} clouds{drawn}, {len(data.classes)} classes",
            "",
            table(rows, right=range(2, len(rows[0]))),
            *(line for row, name in zip(report.rows, _names(report), strict=True) for line in ("", _errors(row, name))),
            "",
            f"median: wall time of a cloud; {report.threads} thread{'s' if report.threads > 1 else ''}; engine on {isas}",
        ]
    )


def _names(report: EvaluationReport) -> list[str]:
    """Return the models' names, or their paths where names come twice."""
    names = [row.model.name for row in report.rows]
    return names if len(set(names)) == len(names) else [str(row.model.path) for row in report.rows]


def _errors(row: Evaluation, name: str) -> str:
    """Say what a model gets wrong: its worst classes, and beside them what is most often taken for what."""
    figures, classes = row.figures, row.data.classes
    counts = figures.confusion.sum(axis=1)
    worst = [
        [classes[i], f"{figures.confusion[i, i]} of {counts[i]}", f"{100 * figures.per_class[i]:.1f} %"]
        for i in figures.worst_classes()[:WORST]
    ]
    if not worst:
        return f"{name}: no errors"
    taken = [[f"{classes[i]} as {classes[j]}", str(n)] for i, j, n in figures.confusions()[:WORST]]
    rows = [
        [f"{name}: worst classes", "right", "", "  most frequent confusions", "clouds"],
        *([*(left or ["", "", ""]), *([f"  {right[0]}", right[1]] if right else ["", ""])] for left, right in zip_longest(worst, taken)),
    ]
    return table(rows, right=(1, 2, 4))
