"""Lines as events: whole ones with every member, everything else as noise."""

import json
from dataclasses import dataclass, fields, is_dataclass
from types import NoneType
from typing import Any, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bgnn_studio.boards.messages import Heartbeat, Message, Noise, Result, Temperature, parse_line, typed
from tests.native.runner_program import SCHEMA

BEAT = {
    "type": "heartbeat",
    "elapsed_s": 2,
    "phase": "measure",
    "runs": 7,
    "layers_ns": [4, 5],
    "temperatures": [{"zone": "cpu", "celsius": 48.3}, {"zone": "gpu", "celsius": None}],
    "frequencies": None,
    "throttled": "0x0",
    "load_average": [0.25, 0.5, 1],
    "new": "of a later version",
}


def test_a_heartbeat():
    temperatures = (Temperature("cpu", 48.3), Temperature("gpu", None))
    assert parse_line(json.dumps(BEAT)) == Heartbeat(2, "measure", 7, (4, 5), temperatures, None, "0x0", (0.25, 0.5, 1))


@pytest.mark.parametrize(
    "change",
    [
        {"runs": 7.5},
        {"runs": True},
        {"phase": None},
        {"type": "heart"},
        {"type": []},
        {"temperatures": [{"zone": "cpu"}]},
        {"temperatures": {}},
        {"load_average": ["0.1"]},
    ],
)
def test_other_types_are_noise(change: dict[str, Any]):
    text = json.dumps(BEAT | change)
    assert parse_line(text) == Noise(text)


@pytest.mark.parametrize("text", ["", "welcome", "{", "[]", "7", '{"type":"heartbeat"}', json.dumps(BEAT)[:-1], "[" * 100_000])
def test_damaged_lines_are_noise(text: str):
    assert parse_line(text) == Noise(text)


@settings(max_examples=30)
@given(st.text())
def test_any_text_is_an_event(text: str):
    assert isinstance(parse_line(text), Message)


def test_every_member_is_one_that_the_runner_documents():
    """The schema of the runner's own tests, member by member; `result` is asked for its samples."""
    from bgnn_studio.boards.messages import _KINDS

    assert _KINDS.keys() == SCHEMA.keys()
    for name, kind in _KINDS.items():
        documented = SCHEMA[name] | ({"samples_ns": [(int,)]} if kind is Result else {})
        for field in fields(kind):
            assert _fits(get_type_hints(kind)[field.name], documented[field.name]), (name, field.name)


def _fits(hint: Any, documented: Any) -> bool:
    """Whether each type that the runner may write for a member is one that the event takes."""
    options = getattr(hint, "__args__", (hint,)) if NoneType in getattr(hint, "__args__", ()) else (hint,)
    if isinstance(documented, tuple):
        return all(kind in options or (kind is int and float in options) for kind in documented)
    inner = next(option for option in options if option is not NoneType)
    if isinstance(documented, list):
        return (None not in documented or NoneType in options) and _fits(inner.__args__[0], documented[0])
    return is_dataclass(inner) and all(_fits(get_type_hints(inner)[f.name], documented[f.name]) for f in fields(inner))


def test_typed_names_what_it_expected():
    @dataclass(frozen=True)
    class One:
        n: int

    with pytest.raises(ValueError, match=r"Expected <class 'int'> \(got '7'\)"):
        typed(One, {"n": "7"})
