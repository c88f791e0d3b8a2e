"""Contenders measured in turns, so that whatever else runs on the machine hits all of them; tables in Markdown."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from bgnn_studio.core.units import ms_text

LONG_S = 1.0  # a call that takes longer is its own warm-up and is measured once


@dataclass
class Contender:
    """A call to measure, and its samples in nanoseconds."""

    name: str
    call: Callable[[], object]
    samples_ns: list[int] = field(default_factory=list)

    @property
    def p50_ms(self) -> float:
        return float(np.median(self.samples_ns)) / 1e6

    @property
    def min_ms(self) -> float:
        return min(self.samples_ns) / 1e6


@dataclass
class Short:
    """What a run comes to: README's table of kernels, and its table of figures beside their targets."""

    kernels: list[list[str]] = field(default_factory=list)  # name, ours in ms, the best peer and its ms, ratio
    figures: list[list[str]] = field(default_factory=list)  # figure, target, reached

    def add_kernel(self, name: str, own: Sequence[Contender], peer: str, rivals: Sequence[Contender]) -> list[str]:
        """Add a row over several sizes; return the ratios."""
        ratios = [f"{rival.p50_ms / mine.p50_ms:.1f}x" for mine, rival in zip(own, rivals, strict=True)]
        ours, theirs = (", ".join(ms_text(c.p50_ms) for c in contest) for contest in (own, rivals))
        self.kernels.append([name, ours, f"{peer}: {theirs}", ", ".join(ratios)])
        return ratios


def hold(contenders: Sequence[Contender], *, threads: int = 1, budget_s: float, turn_s: float = 0.06) -> None:
    """Measure every contender, a turn each, until the budget is spent and each has had three turns.

    One thread is measured on the CPU clock of the process, which stops while others have the core; more threads on the wall clock.
    A turn begins with an unmeasured call that brings the contender's data back into the caches.
    """
    clock = time.process_time_ns if threads == 1 else time.perf_counter_ns
    start, turns = time.perf_counter(), 0
    while turns < 3 or time.perf_counter() - start < budget_s:
        for contender in contenders:
            if contender.samples_ns and contender.min_ms > 1e3 * LONG_S:
                continue
            before = clock()
            contender.call()
            first_ns = clock() - before
            if first_ns > LONG_S * 1e9:
                contender.samples_ns.append(first_ns)
                continue
            end = time.perf_counter() + turn_s
            while True:
                before = clock()
                contender.call()
                contender.samples_ns.append(clock() - before)
                if time.perf_counter() > end:
                    break
        turns += 1


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a Markdown table."""
    print(f"\n## {title}\n")
    for line in (head, ["---"] * len(head), *rows):
        print("| " + " | ".join(line) + " |", flush=True)


def figures(contender: Contender, own: Contender) -> list[str]:
    """Return p50, min, n and the ratio to ours, for a table."""
    ratio = "1" if contender is own else f"{contender.p50_ms / own.p50_ms:.2f}x"
    return [ms_text(contender.p50_ms), ms_text(contender.min_ms), str(len(contender.samples_ns)), ratio]
