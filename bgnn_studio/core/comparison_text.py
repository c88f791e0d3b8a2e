"""The table of a comparison as CSV, Markdown and JSON."""

import csv
import json
from io import StringIO
from typing import Any

from bgnn_studio.core.comparison import Comparison
from bgnn_studio.core.comparison_table import Row, Table


def as_csv(table: Table) -> str:
    """Return one line for each figure under a header: unrounded values, and empty where there are none; `notes` says why."""
    text = StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["section", "layer", "figure", "unit", "kind", "better", "best", *table.names, "how", "notes"])
    for row in table.rows:
        best = "; ".join(_best(table, row))
        values = [cell.value for cell in row.cells]
        notes = "; ".join(table.notes(row))
        lines.writerow([row.section, row.layer, row.name, row.unit, row.kind, row.better, best, *values, row.how, notes])
    return text.getvalue()


def as_markdown(table: Table) -> str:
    """Return a heading, and for each section a table with the best in bold and its notes below it."""
    lines = [f"# {_escape(table.cloud)}: {' against '.join(_escape(name) for name in (', '.join(table.names[1:]), table.names[0]))}", ""]
    lines += ["The best of a row is bold, where one is better and all measure the same.", ""]
    for section, rows in table.sections():
        lines += [f"## {section}", "", f"| figure | {' | '.join(map(_escape, table.names))} | kind |"]
        lines.append(f"|---|{'--:|' * len(table.names)}---|")
        for row in rows:
            cells = [f"**{_escape(cell.text)}**" if i in row.best else _escape(cell.text) for i, cell in enumerate(row.cells)]
            lines.append(f"| {row.name} | {' | '.join(cells)} | {row.kind} |")
        said = [f"- {row.name}: {_escape(text)}" for row in rows for text in (row.how, *table.notes(row))]
        lines += ["", *said, ""]
    return "\n".join(lines)


def as_json(table: Table, comparison: Comparison) -> str:
    """Return the models and every figure, with values unrounded in their units."""
    models = [_model(name, comparison, i) for i, name in enumerate(table.names)]
    figures = [_figure(table, row) for row in table.rows]
    points = len(comparison.runs[0].points)
    content = {"cloud": table.cloud, "points": points, "reference": table.names[0], "models": models, "figures": figures}
    return json.dumps(content, indent=2, allow_nan=False)


def _model(name: str, comparison: Comparison, i: int) -> dict[str, Any]:
    run = comparison.runs[i]
    spec = run.model.spec
    return {
        "name": name,
        "path": None if run.model.path is None else str(run.model.path),
        "variant": spec.variant,
        "stage": spec.stage,
        "classes": spec.classes,
        "trained_points": spec.points,
        "trained_k": spec.k,
        "k": run.k,
        "isa": run.inference.isa if run.inference else None,
        "threads": run.inference.threads if run.inference else None,
        "passes": len(run.latency.samples_ns) if run.latency else 0,
        "reason": run.reason or None,
    }


def _figure(table: Table, row: Row) -> dict[str, Any]:
    return {
        "section": row.section,
        "layer": row.layer,
        "name": row.name,
        "unit": row.unit,
        "kind": row.kind,
        "better": row.better,
        "best": _best(table, row),
        "how": row.how,
        "unfair": row.unfair or None,
        "values": [
            {"model": name, "value": cell.value, "text": cell.text, "note": cell.note or None}
            for name, cell in zip(table.names, row.cells, strict=True)
        ],
    }


def _best(table: Table, row: Row) -> list[str]:
    return [name for i, name in enumerate(table.names) if i in row.best]


def _escape(text: str) -> str:
    """Keep what Markdown would read as its own."""
    return "".join(f"\\{c}" if c in "\\|*_`<>[]" else c for c in " ".join(text.split()))
