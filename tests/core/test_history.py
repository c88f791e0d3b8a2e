"""Undo and redo: against a plain list of all states, and what joins."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bgnn_studio.core.history import LIMIT, PAUSE_SECONDS, History


class Clock:
    """Seconds that pass when told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def history(clock: Clock) -> History[int]:
    return History(clock)


@given(st.lists(st.sampled_from(["undo", "redo", "set"]), max_size=60))
def test_it_is_a_list_of_states_with_a_place_in_it(actions: list[str]) -> None:
    history: History[int] = History()
    states, at, value = [0], 0, 0
    for number, action in enumerate(actions, start=1):
        if action == "set":
            history.record(value, number, f"set {number}")
            states, at = [*states[: at + 1], number], at + 1
            value = number
        elif action == "undo":
            at, moved = max(at - 1, 0), history.undo()
            value = value if moved is None else moved
        else:
            at, moved = min(at + 1, len(states) - 1), history.redo()
            value = value if moved is None else moved
        assert value == states[at]
        assert history.undo_label == (f"set {states[at]}" if at else None)
        assert history.redo_label == (f"set {states[at + 1]}" if at + 1 < len(states) else None)


def test_fast_changes_of_one_kind_are_one_step(history: History[int], clock: Clock) -> None:
    for value in range(5):
        history.record(value, value + 1, f"bit {value + 1}", "bit")
        clock.now += PAUSE_SECONDS / 2
    assert history.undo_label == "bit 5"
    assert history.undo() == 0
    assert history.undo() is None


@pytest.mark.parametrize("between", ["pause", "other kind", "undo"])
def test_what_ends_a_step(history: History[int], clock: Clock, between: str) -> None:
    history.record(0, 1, "bit 1", "bit")
    if between == "pause":
        clock.now += PAUSE_SECONDS
    elif between == "other kind":
        history.record(1, 5, "layer")
        history.record(5, 1, "brush", "brush")
    else:
        history.undo()
        history.redo()
    history.record(1, 2, "bit 2", "bit")
    assert history.undo() == 1


def test_a_step_that_ends_where_it_began_is_none(history: History[int]) -> None:
    history.record(0, 1, "layer")
    history.record(1, 2, "bit 2", "bit")
    history.record(2, 1, "bit 1", "bit")
    assert history.undo_label == "layer"


def test_a_group_is_one_step(history: History[int]) -> None:
    history.record(0, 1, "before")
    with history.group("outer"):
        history.record(1, 2, "a")
        with history.group("inner"):
            history.record(2, 3, "b", "bit")
        history.record(3, 4, "c")
    history.record(4, 5, "d", "bit")
    assert [history.undo(), history.undo_label, history.undo(), history.undo()] == [4, "outer", 1, 0]


def test_an_empty_group_and_one_that_fails(history: History[int]) -> None:
    with history.group("nothing"):
        pass
    assert history.undo_label is None
    with suppress(ZeroDivisionError), history.group("half"):
        history.record(0, 1, "a")
        raise ZeroDivisionError
    history.record(1, 2, "b")
    assert [history.undo(), history.undo()] == [1, 0]


def test_it_keeps_a_bounded_number_of_steps(history: History[int]) -> None:
    for value in range(LIMIT + 10):
        history.record(value, value + 1, "count")
    undone = []
    while (value := history.undo()) is not None:
        undone.append(value)
    assert undone == list(range(LIMIT + 9, 9, -1))
    history.clear()
    assert (history.undo(), history.redo(), history.redo_label) == (None, None, None)
