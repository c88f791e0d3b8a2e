"""CSV, Markdown and JSON parse back to the table."""

import csv
import json
from dataclasses import replace
from io import StringIO

import pytest

from bgnn_studio.core.card import Accuracy
from bgnn_studio.core.comparison import Comparison, compare, run_model
from bgnn_studio.core.comparison_rows import comparison_table
from bgnn_studio.core.comparison_table import Table
from bgnn_studio.core.comparison_text import as_csv, as_json, as_markdown
from tests.core.test_comparison import POINTS, complete, opened


@pytest.fixture(scope="module")
def found() -> Comparison:
    card = Accuracy("a|b", "test", 10, 0.9, 0.8)
    runs = [
        complete(replace(opened("first"), accuracy=card)),
        complete(opened("a_b, *c*", seed=1)),
        run_model(opened("none", k=97), POINTS),
    ]
    return compare('cloud "x"', runs)


@pytest.fixture(scope="module")
def table(found: Comparison) -> Table:
    return comparison_table(found)


def test_csv(table: Table) -> None:
    lines = list(csv.DictReader(StringIO(as_csv(table))))
    assert len(lines) == len(table.rows)
    for line, row in zip(lines, table.rows, strict=True):
        assert (line["section"], line["figure"], line["unit"], line["kind"], line["how"]) == (
            row.section,
            row.name,
            row.unit,
            row.kind,
            row.how,
        )
        assert line["layer"] == ("" if row.layer is None else str(row.layer))
        assert line["best"] == "; ".join(table.names[i] for i in sorted(row.best))
        for name, cell in zip(table.names, row.cells, strict=True):
            assert line[name] == ("" if cell.value is None else str(cell.value))
        assert all(cell.note in line["notes"] for cell in row.cells)


def test_json(found: Comparison, table: Table) -> None:
    read = json.loads(as_json(table, found))
    assert (read["cloud"], read["points"], read["reference"]) == ('cloud "x"', 96, "first")
    assert [model["name"] for model in read["models"]] == list(table.names)
    assert [model["passes"] for model in read["models"]] == [3, 3, 0]
    assert read["models"][2]["reason"] == "The cloud has 96 points, but k is 97."
    for figure, row in zip(read["figures"], table.rows, strict=True):
        assert [value["value"] for value in figure["values"]] == [cell.value for cell in row.cells]
        assert figure["best"] == [table.names[i] for i in sorted(row.best)]
        assert (figure["name"], figure["layer"], figure["better"]) == (row.name, row.layer, row.better)


def test_markdown(table: Table) -> None:
    text = as_markdown(table)
    lines = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| figure")]
    assert len(lines) == len(table.rows)
    for line, row in zip(lines, table.rows, strict=True):
        parts = [part.strip() for part in line.replace("\\|", "¦").strip("|").split("|")]
        assert (parts[0], parts[-1]) == (row.name, row.kind)
        assert [part.startswith("**") for part in parts[1:-1]] == [i in row.best for i in range(3)]
        assert [part.strip("*").replace("\\", "").replace("¦", "|") for part in parts[1:-1]] == [cell.text for cell in row.cells]
    assert text.count("| figure |") == len(dict.fromkeys(row.section for row in table.rows))
    assert "- Median: none: The cloud has 96 points, but k is 97." in text
