"""`bgnn-studio bench --growth`: how the latency and the memory of bf2 at its published size grow with N and with k."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from bgnn_studio.commands.text import table
from bgnn_studio.core.clouds import normalise
from bgnn_studio.core.timing import Latency, measure
from bgnn_studio.core.units import ms_text, size_text
from bgnn_studio.native import Model

VARIANT = "bf2"
POINTS, NEIGHBOURS = (256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536), (5, 10, 20, 40)
USUAL_POINTS, USUAL_K = 1024, 20
BUDGET_POINTS = 16384  # passes over one cloud of this many points, or as many over smaller ones


@dataclass(frozen=True)
class Growth:
    """One size: its latency, the time of the k-NN graphs in it, and the memory that a pass works in."""

    points: int
    k: int
    latency: Latency
    graph_ms: float  # median
    arena_bytes: int  # computed by the library, besides the model


def grow(threads: int, repeat: int) -> list[Growth]:
    """Measure seeded random clouds of every N at the usual k, then every k at the usual N; few passes where one takes long."""
    from bgnn_studio.training.timing import write_full_size

    with TemporaryDirectory() as folder:
        path, _ = write_full_size(VARIANT, Path(folder))
        model = Model.open(path)
        return [_measured(model, N, k, threads, repeat) for N, k in sizes()]


def sizes() -> Iterator[tuple[int, int]]:
    """Give N and k of each measurement."""
    yield from ((N, USUAL_K) for N in POINTS)
    yield from ((USUAL_POINTS, k) for k in NEIGHBOURS)


def passes(N: int, repeat: int) -> int:
    """Return how many passes over N points fit the budget, at most `repeat`."""
    return max(1, min(repeat, BUDGET_POINTS // N))


def _measured(model: Model, N: int, k: int, threads: int, repeat: int) -> Growth:
    cloud = normalise(np.random.default_rng(N).normal(size=(N, 3)))
    few = passes(N, repeat)
    latency, runs = measure(lambda: model.infer(cloud, k=k, threads=threads), few, warmup=min(2, few))
    graph_ms = float(np.median([sum(step.nanoseconds for step in run.steps if step.name == "knn") for run in runs])) / 1e6
    return Growth(N, k, latency, graph_ms, model.arena_bytes(N, k, threads))


def as_json(rows: list[Growth], threads: int) -> str:
    """Write the rows for programs."""
    figures = [
        {
            "points": row.points,
            "k": row.k,
            "p50_ms": row.latency.p50_ms,
            "min_ms": row.latency.min_ms,
            "n": len(row.latency.samples_ns),
            "knn_ms": row.graph_ms,
            "arena_bytes": row.arena_bytes,
        }
        for row in rows
    ]
    return json.dumps({"variant": VARIANT, "threads": threads, "rows": figures}, indent=2)


def as_rows(rows: list[Growth]) -> list[list[str]]:
    """Return table cells, the heading first."""
    head = ["N", "k", "p50 [ms]", "min", "n", "of which k-NN", "us per point", "arena (computed)"]
    cells = [
        [
            str(row.points),
            str(row.k),
            ms_text(row.latency.p50_ms),
            ms_text(row.latency.min_ms),
            str(len(row.latency.samples_ns)),
            ms_text(row.graph_ms),
            ms_text(1e3 * row.latency.p50_ms / row.points),
            size_text(row.arena_bytes),
        ]
        for row in rows
    ]
    return [head, *cells]


def as_text(rows: list[Growth], threads: int) -> str:
    """Write the rows for people."""
    note = f"{VARIANT}, random weights at the published size, random clouds; {threads} thread{'s' if threads > 1 else ''}"
    cells = as_rows(rows)
    return f"{table(cells, right=range(len(cells[0])))}\n\n{note}"
