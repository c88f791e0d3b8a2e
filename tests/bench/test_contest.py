"""Contenders take turns; what is long is measured once."""

import time

from tests.bench.contest import Contender, figures, hold


def test_contenders_take_turns_and_are_warmed_up() -> None:
    calls: list[str] = []
    contest = [Contender(name, lambda name=name: calls.append(name) or time.sleep(0.002)) for name in "ab"]
    hold(contest, threads=2, budget_s=0, turn_s=0)
    assert "".join(calls) == 3 * "aabb"
    assert [len(c.samples_ns) for c in contest] == [3, 3]
    assert all(2 <= c.min_ms <= c.p50_ms for c in contest)


def test_a_long_call_is_measured_once(monkeypatch) -> None:
    monkeypatch.setattr("tests.bench.contest.LONG_S", 0.01)
    slow, fast = Contender("slow", lambda: time.sleep(0.02)), Contender("fast", lambda: time.sleep(0.001))
    hold([slow, fast], threads=2, budget_s=0, turn_s=0)
    assert len(slow.samples_ns) == 1
    assert len(fast.samples_ns) == 3
    assert float(figures(slow, fast)[3].removesuffix("x")) > 5
    assert figures(fast, fast)[3] == "1"
