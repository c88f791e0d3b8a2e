"""Fuzzy search: the letters of each word typed occur in this order, best where they start words or stand together."""

from dataclasses import dataclass

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
    ways: dict[int, Match] = {-1: Match(0, ())}
    for letter in word:
        reached: dict[int, Match] = {}
        for place, other in enumerate(text):
            before = [(way.score + _gain(text, last, place), way.places) for last, way in ways.items() if last < place]
            if other.casefold() == letter and before:
                score, places = max(before)
                reached[place] = Match(score, (*places, place))
        ways = reached
    return max(ways.values(), key=lambda way: way.score, default=None)


def _gain(text: str, last: int, place: int) -> int:
    start = _WORD_START if place == 0 or not text[place - 1].isalnum() else 0
    if last < 0:
        return start
    return start + (_TOGETHER if place == last + 1 else -min(place - last - 1, _GAP))
