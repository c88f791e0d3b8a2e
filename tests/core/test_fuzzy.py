"""Fuzzy search: what matches, against a regular expression, and what comes first."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bgnn_studio.core.fuzzy import fuzzy_match

LETTERS = st.text(alphabet="abcAB -", max_size=8)


@given(LETTERS, LETTERS)
def test_every_word_is_in_the_text_in_order(query: str, text: str) -> None:
    words = query.split()
    expected = all(re.search(".*?".join(map(re.escape, word)), text, re.IGNORECASE) for word in words)
    found = fuzzy_match(query, text)
    assert (found is not None) == expected
    if found is not None:
        assert {text[place].lower() for place in found.places} == {letter.lower() for word in words for letter in word}
        assert list(found.places) == sorted(set(found.places))


@pytest.mark.parametrize(
    ("query", "first", "second"),
    [
        ("bi", "Colour by Bit", "Colour by In-degree"),
        ("gl3", "Graph of layer 3", "Graph of layer 2 (of 3)"),
        ("open", "Open", "Open session"),
        ("open", "Open recent", "Do pen things"),
        ("bit colour", "Colour by Bit", "Colour by In-degree, bit by bit"),
        ("st", "Switch theme", "Reset camera"),
    ],
)
def test_what_comes_first(query: str, first: str, second: str) -> None:
    assert fuzzy_match(query, first).score > fuzzy_match(query, second).score


def test_places_are_those_that_count_most() -> None:
    assert fuzzy_match("bi", "Colour by Bit").places == (10, 11)
    assert fuzzy_match("co", "Colour by Bit  Colour").places == (0, 1)
    assert fuzzy_match("", "anything").places == ()
    assert fuzzy_match("x", "") is None
