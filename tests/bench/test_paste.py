"""Tables of runs get into pages, whole or column by column."""

from tests.bench.paste import paste, tables

PAGE = """Before.

One pass:

| engine | ms |
| --- | --- |
| a | 1 |

In short:

| figure | asked | avx512 | avx2 |
| --- | --- | --- | --- |
| speed | 8x | 9x | 7x |
| only here |  | 1 | 2 |

The floor of x:

| technique | rate | ms |
| --- | --- | --- |
| words | 1 | - |
| tables | 2 | 5 |

After.
"""
RUN = """words

## One pass

| engine | ms |
| --- | --- |
| a | 3 |
|  | 4 |

## In short

| figure | asked | avx2 |
| --- | --- | --- |
| speed | 8x | 10x |

## The floor of x

| technique | rate | ms |
| --- | --- | --- |
| words | 7 | - |
| tables | 2 | 4 |
"""


def test_the_first_run_replaces_and_others_fill_in() -> None:
    first, other = (paste(PAGE, tables(RUN), first=first) for first in (True, False))
    assert "| a | 3 |\n|  | 4 |\n\nIn short" in first
    assert "| a | 1 |\n\nIn short" in other
    for page in (first, other):
        assert "| speed | 8x | 9x | 10x |\n| only here |  | 1 | 2 |" in page
        assert "| words | 1 | - |\n| tables | 2 | 4 |\n\nAfter." in page
        assert page.startswith("Before.\n\nOne pass:\n\n| engine | ms |\n| --- | --- |\n")


def test_a_page_keeps_what_no_run_has() -> None:
    assert paste(PAGE, {}, first=True) == PAGE
    assert paste(PAGE, tables(PAGE), first=True) == PAGE
