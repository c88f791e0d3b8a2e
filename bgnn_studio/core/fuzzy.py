"""Fuzzy search: the letters of each word typed occur in this order, best where they start words or stand together."""

from dataclasses import dataclass
from operator import itemgetter

_WORD_START, _TOGETHER, _GAP = 10, 10, 4  # points; a gap costs as many letters as it has, up to this


@dataclass(frozen=True)
class Match:
    """How well a text matches, more is better, and the places of the letters that did."""

    score: float
    places: tuple[int, ...]


def fuzzy_match(query: str, text: str) -> Match | None:
    """Match a query against a text; None where a word of the query is not in it. Words may come in any order, case does not count."""
    score, places = 0.0, set[int]()
    for word in query.casefold().split():
        found = _best(word, text)
        if found is None:
            return None
        score += found.score
        places |= set(found.places)
    return Match(score - len(text) / 100, tuple(sorted(places)))


def _best(word: str, text: str) -> Match | None:
    """Match one word: for each letter the best way to come to each of its places."""
    where: dict[str, list[int]] = {}
    for place, letter in enumerate(text):
        where.setdefault(letter.casefold(), []).append(place)
    ways: list[tuple[int, tuple[int, ...]]] = [(0, ())]
    for letter in word:
        reached = []
        for place in where.get(letter, ()):
            before = [(score + _gain(text, places, place), places) for score, places in ways if places[-1:] < (place,)]
            if before:
                score, places = max(before, key=itemgetter(0))  # the first of equals
                reached.append((score, (*places, place)))
        ways = reached
    return Match(*max(ways, key=itemgetter(0))) if ways else None


def _gain(text: str, places: tuple[int, ...], place: int) -> int:
    """Return the points of a further letter after those at `places`."""
    start = _WORD_START if place == 0 or not text[place - 1].isalnum() else 0
    if not places:
        return start
    gap = place - places[-1] - 1
    return start + (-min(gap, _GAP) if gap else _TOGETHER)
