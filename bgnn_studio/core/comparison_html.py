"""A comparison as one HTML file that needs no other: pictures of the graphs, plots, the table and its notes, in light and in dark."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from bgnn_studio import __version__
from bgnn_studio.core.comparison import Comparison
from bgnn_studio.core.comparison_rows import section_of
from bgnn_studio.core.comparison_style import STYLE
from bgnn_studio.core.comparison_table import Cell, Row, Table
from bgnn_studio.core.edge_difference import CHANGES
from bgnn_studio.core.scatter_svg import Dot, scatter_svg

_FOOTER = (
    f"<footer>Made by bgnn-studio {__version__}. <em>measured</em>: on the machine that made this report. <em>computed</em>: from the "
    "spec of the model. <em>model file</em>: as the file says. A dot marks the best of a row, where one is better and all measure "
    "the same.</footer>"
)


@dataclass(frozen=True)
class Picture:
    """The graphs of a layer side by side as PNG, for light and for dark pages; `alt` says what is seen."""

    layer: int
    light: bytes
    dark: bytes
    alt: str


@dataclass(frozen=True)
class Plot:
    """Accuracy against another figure: the dots of the models that have both, and what there is to say of the others."""

    x_label: str
    dots: tuple[Dot, ...]
    missing: str


def as_html(table: Table, comparison: Comparison, pictures: Sequence[Picture]) -> str:
    """Return the report; with no pictures, the figures alone."""
    title = f"{table.cloud}: {', '.join(table.names)}"
    points = len(comparison.runs[0].points)
    lead = f"{len(table.names)} models on {points:,} points of {table.cloud}. The reference is {table.names[0]}."
    body = [
        f"<header><h1>{escape(title)}</h1><p>{escape(lead)}</p></header>",
        *_pictures(pictures),
        *_plots(table),
        *_figures(table),
        _FOOTER,
    ]
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="color-scheme" content="light dark">',
            f"<title>{escape(title)}</title>\n<style>\n{STYLE}{_tab_rules(pictures)}</style>\n</head>\n<body>\n<main>",
            *body,
            "</main>\n</body>\n</html>\n",
        ]
    )


def accuracy_plots(table: Table) -> tuple[Plot, ...]:
    """Return accuracy against latency and against size; a model without one of the two figures is not in the plot but in its text."""
    accuracy = table.row("Accuracy")
    found = []
    for name, label, unit in (("Median", "Latency p50 [ms]", 1), ("Model file", "Model file [KiB]", 1024)):
        row = table.row(name)
        dots, without = [], []
        for i, model in enumerate(table.names):
            x, y = row.cells[i].value, accuracy.cells[i].value
            if isinstance(x, (int, float)) and isinstance(y, (int, float)):
                dots.append(Dot(x / unit, y, model, marked=i == 0))
            else:
                what = "accuracy in its file" if y is None else "latency"
                without.append(f"{model} has no {what}.")
        found.append(Plot(label, tuple(dots), " ".join([*without, *([accuracy.unfair] if accuracy.unfair else [])])))
    return tuple(found)


def _pictures(pictures: Sequence[Picture]) -> list[str]:
    if not pictures:
        return []
    legend = " ".join(f'<span class="{change}">{change}</span>' for change in CHANGES)
    parts = [f'<section class="graphs"><h2>Graphs</h2><p>Edges against the reference: {legend}</p>']
    for i, picture in enumerate(pictures):
        checked = " checked" if i == len(pictures) - 1 else ""
        parts.append(f'<input type="radio" name="layer" id="layer{picture.layer}"{checked}>')
        parts.append(f'<label for="layer{picture.layer}">{escape(section_of(picture.layer))}</label>')
    for picture in pictures:
        light, dark = (f"data:image/png;base64,{b64encode(data).decode()}" for data in (picture.light, picture.dark))
        parts.append(f'<picture id="picture{picture.layer}"><source media="(prefers-color-scheme: dark)" srcset="{dark}">')
        parts.append(f'<img src="{light}" alt="{escape(picture.alt)}"></picture>')
    return [*parts, "</section>"]


def _tab_rules(pictures: Sequence[Picture]) -> str:
    shown = ", ".join(f"#layer{p.layer}:checked ~ #picture{p.layer}" for p in pictures)
    return f"{shown} {{ display: block; }}\n" if pictures else ""


def _plots(table: Table) -> list[str]:
    parts = ["<section><h2>What it costs, and what it buys</h2>", '<div class="plots">']
    for plot in accuracy_plots(table):
        drawn = scatter_svg(plot.dots, plot.x_label, "Accuracy [%]") if plot.dots else "<p>No model has both figures.</p>"
        missing = f"<p>{escape(plot.missing)}</p>" if plot.missing else ""
        parts.append(f"<figure>{drawn}{missing}</figure>")
    return [*parts, "</div></section>"]


def _figures(table: Table) -> list[str]:
    parts = []
    for section, rows in table.sections():
        names = "".join(f'<th scope="col">{escape(name)}</th>' for name in table.names)
        parts.append(f'<section><h2>{escape(section)}</h2><div class="wide"><table>')
        parts.append(f'<thead><tr><th scope="col">Figure</th>{names}<th scope="col">Kind</th></tr></thead><tbody>')
        parts += [_row(row) for row in rows]
        parts.append("</tbody></table></div>")
        notes = [f"<li><b>{escape(row.name)}</b>: {escape(text)}</li>" for row in rows for text in (row.how, *table.notes(row))]
        parts.append(f"<details><summary>Conditions and notes</summary><ul>{''.join(notes)}</ul></details></section>")
    return parts


def _row(row: Row) -> str:
    cells = "".join(_cell(cell, best=i in row.best) for i, cell in enumerate(row.cells))
    better = f'<span class="better">{row.better} is better</span>' if row.better else ""
    return f'<tr><th scope="row" title="{escape(row.how)}">{escape(row.name)}{better}</th>{cells}<td class="kind">{row.kind}</td></tr>'


def _cell(cell: Cell, *, best: bool) -> str:
    kind = ' class="best"' if best else ""
    note = f' title="{escape(cell.note)}"' if cell.note else ""
    mark = '<span class="mark" role="img" aria-label="best"></span>' if best else ""
    return f"<td{kind}{note}>{mark}{escape(cell.text)}</td>"
