"""Boards as users write them."""

from pathlib import Path

import pytest

from bgnn_studio.boards.target import Target, parse_target
from bgnn_studio.errors import RemoteError


@pytest.mark.parametrize(
    ("text", "host", "user", "port"),
    [
        ("pi@10.0.0.7", "10.0.0.7", "pi", None),
        ("pi@10.0.0.7:2222", "10.0.0.7", "pi", 2222),
        ("board", "board", None, None),
        ("board.local:22", "board.local", None, 22),
        ("me@corp@jump", "jump", "me@corp", None),
        ("[fe80::1%eth0]:2222", "fe80::1%eth0", None, 2222),
        ("pi@[::1]", "::1", "pi", None),
    ],
)
def test_what_is_a_board(text: str, host: str, user: str | None, port: int | None):
    target = parse_target(text, key=Path("id"))
    assert target == Target(text, host, user, port, Path("id"))
    assert not target.is_local


def test_this_machine():
    assert parse_target("local").is_local


@pytest.mark.parametrize(
    "text", ["", "@", "pi@", "pi@host:", "pi@host:0", "host:65536", "host:ssh", "a b", "-oProxyCommand=x", "::1", "[::1", "x\n"]
)
def test_what_is_none(text: str):
    with pytest.raises(RemoteError, match="Expected a board as user@host"):
        parse_target(text)
