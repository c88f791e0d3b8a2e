"""Growth of bf2 with the number of points and of neighbours, at two small sizes."""

import json

import pytest

from bgnn_studio.commands import bench_growth


def test_growth_measures_every_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_growth, "POINTS", (30, 300))
    monkeypatch.setattr(bench_growth, "USUAL_POINTS", 64)
    monkeypatch.setattr(bench_growth, "NEIGHBOURS", (5,))
    rows = bench_growth.grow(threads=2, repeat=2)
    assert [(row.points, row.k, len(row.latency.samples_ns)) for row in rows] == [(30, 20, 2), (300, 20, 2), (64, 5, 2)]
    assert all(0 < row.graph_ms < row.latency.percentile_ms(100) for row in rows)
    assert rows[1].arena_bytes > rows[0].arena_bytes
    found = json.loads(bench_growth.as_json(rows, threads=2))
    assert [row["points"] for row in found["rows"]] == [30, 300, 64]
    head, *cells, blank, note = bench_growth.as_text(rows, threads=2).splitlines()
    assert (len(cells), blank) == (3, "")
    assert head.split()[:2] == ["N", "k"]
    assert note.endswith("2 threads")
