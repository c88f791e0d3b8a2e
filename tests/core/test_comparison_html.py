"""The HTML report parses, says every figure, loads nothing from elsewhere, and escapes names."""

import re
from base64 import b64decode
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from bgnn_studio.core.card import Accuracy
from bgnn_studio.core.comparison import Comparison, compare
from bgnn_studio.core.comparison_html import Picture, accuracy_plots, as_html
from bgnn_studio.core.comparison_rows import comparison_table
from bgnn_studio.core.comparison_table import Table
from tests.core.test_comparison import complete, opened

CARD = Accuracy("shapes", "test", 10, 0.9, 0.8)
VOID = {"meta", "img", "input", "source", "link", "br"}
PICTURES = [Picture(2, b"light-2", b"dark-2", "second"), Picture(3, b"light-3", b"dark-3", '"third"')]


class Page(HTMLParser):
    """Rows of the tables, pictures, addresses, and whether every element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open, self.rows, self.addresses, self.best = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = dict(attributes)
        self.addresses += [named[key] for key in ("src", "srcset", "href") if key in named]
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.best.append(named.get("class") == "best")

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        pass  # of the plots: closed where they open

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.rows and self.open and self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data


@pytest.fixture(scope="module")
def found() -> Comparison:
    models = [
        replace(opened("first"), accuracy=CARD),
        replace(opened("<script>&", seed=1), accuracy=replace(CARD, overall=0.7)),
        opened("third"),
    ]
    return compare('cloud "x" <b>', [complete(model) for model in models])


@pytest.fixture(scope="module")
def table(found: Comparison) -> Table:
    return comparison_table(found)


def test_every_figure_is_in_a_table_with_its_best(found: Comparison, table: Table) -> None:
    page = Page(as_html(table, found, PICTURES))
    assert page.open == []
    figures = [row for row in page.rows if row[0] != "Figure"]
    assert figures == [[row.name, *(cell.text for cell in row.cells), row.kind] for row in table.rows]
    assert sum(page.best) == sum(len(row.best) for row in table.rows)
    assert [row[1:4] for row in page.rows if row[0] == "Figure"] == [list(table.names)] * 7


def test_the_file_needs_no_other(found: Comparison, table: Table) -> None:
    text = as_html(table, found, PICTURES)
    addresses = Page(text).addresses
    data = [b64decode(address.removeprefix("data:image/png;base64,")) for address in addresses]
    assert data == [b"dark-2", b"light-2", b"dark-3", b"light-3"]
    assert "prefers-color-scheme: dark" in text
    assert not re.search(r"https?://|@import|url\(", text)
    assert "<script" not in text
    assert "&lt;script&gt;&amp;" in text


def test_without_pictures_there_are_figures_and_plots(found: Comparison, table: Table) -> None:
    text = as_html(table, found, [])
    assert "<picture" not in text
    assert text.count("<svg") == 2


def test_a_model_without_accuracy_is_named_beside_the_plot(table: Table) -> None:
    latency, size = accuracy_plots(table)
    assert [dot.label for dot in latency.dots] == [dot.label for dot in size.dots] == ["first", "<script>&"]
    assert [dot.y for dot in size.dots] == pytest.approx([90, 70])
    assert [dot.x for dot in size.dots] == [1000 / 1024] * 2
    assert [dot.x for dot in latency.dots] == [cell.value for cell in table.row("Median").cells[:2]]
    assert [dot.marked for dot in size.dots] == [True, False]
    assert size.missing == "third has no accuracy in its file."
    other = [complete(replace(opened(name), accuracy=replace(CARD, count=count))) for name, count in (("a", 10), ("b", 20))]
    assert "different clouds" in accuracy_plots(comparison_table(compare("x", other)))[0].missing
