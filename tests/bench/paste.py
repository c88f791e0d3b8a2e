"""`python -m tests.bench.paste RUN [RUN ...]`: put the tables of saved runs where README.md and native/README.md show them.

A table is found by its title, on a line of its own that ends with a colon. The first run replaces tables; the others, of other instruction
sets, fill in their column of what was asked, and the row of the floor that is theirs.
"""

import argparse
import re
from pathlib import Path

from tests.requirements import ROOT

Rows = list[list[str]]
PAGES = (ROOT / "README.md", ROOT / "native" / "README.md")
MERGED = ("In short", "The floor of")  # titles of tables that several runs fill


def tables(text: str) -> dict[str, Rows]:
    """Return the tables of a run by their titles, headings first and without the rule below them."""
    found = re.findall(r"^## (.*)\n\n((?:\|.*\n)+)", text, re.MULTILINE)
    return {title: parse(lines) for title, lines in found}


def parse(lines: str) -> Rows:
    """Return the cells of a table in Markdown."""
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines.splitlines()]
    return [rows[0], *rows[2:]]


def write(rows: Rows) -> str:
    """Return a table in Markdown."""
    return "".join("| " + " | ".join(row) + " |\n" for row in (rows[0], ["---"] * len(rows[0]), *rows[1:]))


def merged(shown: Rows, new: Rows) -> Rows:
    """Return what is shown with the figures of another run: rows without gaps, or, where headings differ, its last column."""
    by_name = {row[0]: row for row in new[1:]}
    if shown[0] == new[0]:
        return [shown[0], *(by_name[row[0]] if "-" not in by_name.get(row[0], ["-"]) else row for row in shown[1:])]
    heading = new[0][-1]
    head = shown[0] if heading in shown[0] else [*shown[0], heading]
    column, rows = head.index(heading), [head]
    for row in shown[1:]:
        cells = [*row, *[""] * (len(head) - len(row))]
        cells[column] = by_name[row[0]][-1] if row[0] in by_name else cells[column]
        rows.append(cells)
    return rows


def paste(page: str, run: dict[str, Rows], *, first: bool) -> str:
    """Return a page with the tables of a run."""
    for title, new in run.items():
        place = re.search(rf"^{re.escape(title)}:\n\n((?:\|.*\n)+)", page, re.MULTILINE)
        if place is None or not (first or title.startswith(MERGED)):
            continue
        rows = merged(parse(place[1]), new) if title.startswith(MERGED) else new
        page = page[: place.start(1)] + write(rows) + page[place.end(1) :]
    return page


def main() -> None:
    """Read the runs, write the pages."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.paste", description="Put the tables of saved runs into the READMEs.")
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="what 'python -m tests.bench' or tests.bench.arm printed")
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for i, run in enumerate(parser.parse_args().runs):
            text = paste(text, tables(run.read_text(encoding="utf-8")), first=i == 0)
        page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
