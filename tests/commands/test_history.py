"""`bgnn-studio history` and `bench --save` on a real file of runs, against the store itself."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

from bgnn_studio.cli import main
from bgnn_studio.core.digests import file_sha256
from bgnn_studio.core.machine import this_machine
from bgnn_studio.history import History
from tests.history.make_run import make_run
from tests.random_model import random_model, small_spec
from tests.requirements import ROOT

MESH = ROOT / "tests" / "data" / "clouds" / "mesh.off"


@pytest.fixture
def history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> History:
    monkeypatch.setenv("BGNN_HISTORY", str(tmp_path / "runs.sqlite3"))
    return History()


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]):
    def say(*arguments: object, code: int = 0) -> str:
        assert main(["history", *map(str, arguments)]) == code
        said = capsys.readouterr()
        return said.out if code == 0 else said.err

    return say


def test_an_empty_history_says_how_to_fill_it(history: History, say) -> None:
    assert "bench --save" in say()
    assert json.loads(say("--json")) == json.loads(say("list", "--json")) == []
    assert "there is no run 4" in say("show", 4, code=2)
    assert not history.path.exists()


def test_list_filters_and_limits(history: History, say) -> None:
    ids = [history.add(make_run(n, variant="bfr" if n == 2 else "bf2", tags=frozenset({"x"} if n == 1 else ()))) for n in range(4)]
    assert [row["id"] for row in json.loads(say("list", "--json"))] == ids[::-1]
    assert [row["id"] for row in json.loads(say("list", "--json", "--variant", "bfr"))] == [ids[2]]
    assert [row["id"] for row in json.loads(say("list", "--tag", "x", "--json"))] == [ids[1]]
    assert [row["id"] for row in json.loads(say("list", "--limit", 2, "--json"))] == ids[:1:-1]
    lines = say().splitlines()
    assert len(lines) == 5
    assert lines[0].split()[:3] == ["id", "time", "badge"]
    median = np.median(history.get(ids[3]).run.samples_ns) / 1e6
    assert f" {median:.3f} " in lines[1]


def test_show_has_everything(history: History, say) -> None:
    made = make_run(3)
    found = json.loads(say("show", history.add(made), "--json"))
    assert found["samples_ns"] == made.samples_ns.tolist()
    assert found["layers"][0]["steps"] == [{"name": "knn", "p50_ns": 1.5e6}, {"name": "conv", "p50_ns": 0.5e6}]
    assert (found["machine_facts"], found["details"], found["checksum"]) == (made.machine_facts, made.details, made.checksum)
    text = say("show", found["id"])
    assert "not counted" in text
    assert "1,000,002 a pass on one thread" in say("show", history.add(make_run(2)))
    for word in ("Größe", "knn 1.500", made.conditions.model_sha256, "tag3", "run 3"):
        assert word in text


def test_compare_says_what_differs(history: History, say) -> None:
    slow = history.add(make_run(0, samples_ns=np.arange(2000, 2100)))
    fast = history.add(make_run(1, samples_ns=np.arange(1000, 1100), checksum=f"{0:016x}"))
    found = json.loads(say("compare", slow, fast, "--json"))
    assert (found["p50_difference_ns"], found["difference_shown"], found["same_output"]) == (-1000, True, True)
    assert found["ratio_interval"][0] < found["ratio"] == 1049.5 / 2049.5 < found["ratio_interval"][1] < 1
    assert found["conditions_that_differ"]["threads"] == ["1", "2"]
    text = say("compare", slow, fast)
    assert "faster: 0.512 times as long" in text
    assert "threads differs: 1 against 2" in text
    assert "no difference shown" in say("compare", slow, slow)
    few = history.add(make_run(0, samples_ns=np.array([1, 2, 3]), checksum=None))
    assert "too few passes" in say("compare", slow, few)
    emulated = history.add(make_run(0, badge="emulated"))
    assert "not comparable: emulated against measured" in say("compare", slow, emulated)
    assert "DIFFERENT" in say("compare", slow, history.add(make_run(8)))


def test_exports_read_back(history: History, say, tmp_path: Path) -> None:
    ids = [history.add(make_run(n, notes='a "b", c\nd', machine="a|b")) for n in range(3)]
    whole = json.loads(say("export"))
    assert [row["id"] for row in whole] == ids[::-1]
    assert whole[0]["samples_ns"] == make_run(2).samples_ns.tolist()
    rows = list(csv.DictReader(io.StringIO(say("export", ids[0], ids[2], "--format", "csv"))))
    assert [int(row["id"]) for row in rows] == [ids[0], ids[2]]
    assert rows[0]["notes"] == 'a "b", c\nd'
    assert float(rows[1]["p50_ns"]) == np.median(make_run(2).samples_ns)
    assert [row["instructions"] for row in csv.DictReader(io.StringIO(say("export", "--format", "csv")))] == ["1000002", "", "1000000"]
    assert [row["instructions"] for row in whole] == [1000002, None, 1000000]
    path = tmp_path / "runs.md"
    assert say("export", "-o", path) == f"{path}: 3 runs\n"
    lines = path.read_text().splitlines()
    assert len({line.replace("\\|", "").count("|") for line in lines}) == 1
    assert len(lines) == 5
    assert [line.split("|")[-2].strip() for line in lines[2:]] == ["1000002", "", "1000000"]
    assert "could not be written" in say("export", "-o", tmp_path / "no" / "where.csv", code=2)
    assert json.loads(say("export", "--tag", "nobody")) == []
    assert say("export", "--tag", "nobody", "--format", "csv") == ""


def test_tag_and_delete(history: History, say) -> None:
    ids = [history.add(make_run(n)) for n in range(3)]
    found = json.loads(say("tag", *ids[:2], "--add", "paper", "--remove", "tag0", "--note", "fan on", "--json"))
    assert [row["tags"] for row in found] == [["paper"], ["paper", "tag1"]]
    assert {row["notes"] for row in found} == {"fan on"}
    assert "paper" in say("tag", ids[2], "--add", "paper")
    assert "something to change" in say("tag", ids[0], code=2)
    assert "there is no run 77" in say("delete", ids[0], 77, code=2)
    assert len(history.entries()) == 3
    assert json.loads(say("delete", ids[0], ids[1], "--json")) == {"deleted": ids[:2]}
    assert say("delete", ids[2]) == f"deleted run {ids[2]}\n"
    assert history.entries() == []


@pytest.mark.parametrize("arguments", [["show"], ["show", "x"], ["compare", "1"], ["list", "--variant", "zz"], ["burn"]])
def test_bad_options_end_with_2(history: History, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["history", *arguments])
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_bench_saves_what_it_measured(history: History, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = random_model(tmp_path / "m.gguf", small_spec("bf2"))
    bench = ["bench", "--model", str(model), "--cloud", str(MESH), "--repeat", "9"]
    assert main([*bench, "--save", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    (row,), (identity,) = said["models"], said["saved_runs"]
    record, figures = history.get(identity), row["engine_ms"]
    conditions, summary = record.run.conditions, record.entry.summary
    assert (conditions.model_sha256, conditions.cloud, conditions.points) == (file_sha256(model), "mesh", 32)
    assert (conditions.kind, conditions.badge, conditions.machine) == ("local", "measured", this_machine().name)
    assert (conditions.engine, conditions.isa) == ("native", row["isa"])
    assert [summary.n, summary.p50_ns / 1e6, summary.p99_ns / 1e6] == pytest.approx([9, figures["p50"], figures["p99"]])
    assert [ns / 1e6 for ns in summary.interval_ns] == pytest.approx(figures["p50_interval"])
    assert record.run.details["first_ns"] == pytest.approx(figures["first"] * 1e6)
    assert [layer.p50_ns / 1e6 for layer in record.run.layers] == pytest.approx([layer["ms"] for layer in figures["layers"]])
    assert main(bench) == 0  # without --save nothing is stored
    capsys.readouterr()
    assert len(history.entries()) == 1


def test_bench_tells_its_figures_even_when_they_cannot_be_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("BGNN_HISTORY", str(tmp_path / "file" / "runs.sqlite3"))
    model = random_model(tmp_path / "m.gguf", small_spec("bf2"))
    assert main(["bench", "--model", str(model), "--cloud", str(MESH), "--seconds", "0.05", "--save"]) == 2
    said = capsys.readouterr()
    assert said.out.startswith("model")
    assert "the folder of the run history cannot be made" in said.err
