"""What an evaluation is written as: JSON for programs, CSV for spreadsheets."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass

from bgnn_studio.core.accuracy import CONFIDENCE
from bgnn_studio.core.evaluation import Evaluation, LabelledSet
from bgnn_studio.core.timing import WARMUP


@dataclass(frozen=True, eq=False)
class EvaluationReport:
    """What the models made of one set: `total` clouds are in its split, `data` has those that ran."""

    rows: list[Evaluation]
    data: LabelledSet
    total: int
    threads: int


def as_json(report: EvaluationReport) -> str:
    """Write a report for programs: labels and predictions are indices of the classes, rows of the confusion are true classes."""
    data = report.data
    return json.dumps(
        {
            "data": data.name,
            "split": data.split,
            "classes": data.classes,
            "count": len(data.labels),
            "count_of_split": report.total,
            "clouds": data.clouds,
            "labels": data.labels.tolist(),
            "threads": report.threads,
            "warmup": WARMUP,
            "models": [_row(row) for row in report.rows],
        },
        indent=2,
    )


def _row(row: Evaluation) -> dict[str, object]:
    figures, counts = row.figures, row.figures.confusion.sum(axis=1)
    return {
        "model": str(row.model.path),
        "variant": row.model.spec.variant,
        "stage": row.model.spec.stage,
        "points": row.model.spec.points,
        "isa": row.isa,
        "overall": figures.overall,
        "interval": {"confidence": CONFIDENCE, "low": figures.interval[0], "high": figures.interval[1]},
        "class_mean": figures.class_mean,
        "count": figures.count,
        "per_class": [float(part) if n else None for part, n in zip(figures.per_class, counts, strict=True)],
        "confusion": figures.confusion.tolist(),
        "predictions": row.predictions.tolist(),
        "latency_ms": {"p50": row.latency.p50_ms, "p90": row.latency.p90_ms, "min": row.latency.min_ms},
    }


def predictions_csv(rows: Sequence[Evaluation]) -> str:
    """Write one line for each model and cloud, with names of classes; the confidence is the softmax of the logits."""
    lines: list[Sequence[object]] = [("model", "index", "cloud", "true", "predicted", "right", "confidence")]
    for row in rows:
        name, data = str(row.model.path or row.model.name), row.data
        for i, (label, said, sure) in enumerate(zip(data.labels, row.predictions, row.confidences, strict=True)):
            lines.append((name, i, data.clouds[i], data.classes[label], data.classes[said], int(label == said), f"{sure:.6f}"))
    return _csv(lines)


def confusion_csv(row: Evaluation) -> str:
    """Write counts of clouds: a line for each true class, a column for each predicted one."""
    classes, confusion = row.data.classes, row.figures.confusion.tolist()
    return _csv([("true \\ predicted", *classes), *([name, *counts] for name, counts in zip(classes, confusion, strict=True))])


def _csv(lines: Sequence[Sequence[object]]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(lines)
    return stream.getvalue()
