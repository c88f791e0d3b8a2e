"""`compare`, and `render` of several models: the pictures as a user makes them, with no display, the rest in this process."""

import csv
import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bgnn_studio import cli
from bgnn_studio.core.clouds import preprocess
from bgnn_studio.native import Model
from tests.random_model import random_cloud, random_model, small_spec
from tests.test_cli import output


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("compare")
    np.save(folder / "ball.npy", random_cloud(60, 1))
    np.save(folder / "tiny.npy", random_cloud(3, 1))
    for name, variant, options in (
        ("real", "dgcnn", {}),
        ("bits", "bf2", {}),
        ("wide", "bf1", {"k": 40}),
        ("shallow", "bf2", {"widths": (16, 32), "classes": ("a", "b")}),
        ("fifth", "rf", {}),
    ):
        random_model(folder / f"{name}.gguf", small_spec(variant, **options), seed=len(name))
    (folder / "bad.gguf").write_bytes(b"GGUF and then nonsense")
    return {path.stem if path.suffix == ".gguf" else path.name: str(path) for path in folder.iterdir()}


def models(files: dict[str, str], *names: str) -> list[str]:
    return [part for name in names for part in ("--model", files[name])]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Return a function that runs a command here and returns what it printed, or its error where it fails."""

    def run(*arguments: str) -> str:
        try:
            code = cli.main(arguments)
        except SystemExit as stopped:  # argparse's own errors
            code = stopped.code
        printed = capsys.readouterr()
        assert (code, printed.out) == (2, "") if printed.err else code == 0
        return printed.err or printed.out

    return run


def values(figures: list[dict], name: str, layer: int | None = None) -> list[object]:
    figure = next(f for f in figures if (f["name"], f["layer"]) == (name, layer))
    return [value["value"] for value in figure["values"]]


def test_json_has_the_engines_figures_and_says_what_is_missing(said: Callable[..., str], files: dict[str, str]) -> None:
    read = json.loads(said("compare", files["ball.npy"], *models(files, "real", "bits", "wide", "shallow"), "--repeat", "3", "--json"))
    points = preprocess(np.load(files["ball.npy"]), 32)
    traces = [Model.open(files[name]).infer(points, k=None, trace=True) for name in ("real", "bits")]
    assert (read["points"], read["reference"], [m["passes"] for m in read["models"]]) == (32, "real", [3, 3, 0, 3])
    sets = [[{*row} for row in inference.trace.knn[2].tolist()] for inference in traces]
    kept = sum(len(a & b) for a, b in zip(*sets, strict=True))
    assert values(read["figures"], "Edges kept", 3) == ["reference", kept, None, None]
    classes = [("cone", "cube", "ring")[int(inference.logits.argmax())] for inference in traces]
    assert values(read["figures"], "Class")[:2] == classes
    assert values(read["figures"], "Model file") == [Path(files[n]).stat().st_size for n in ("real", "bits", "wide", "shallow")]
    assert "32 points, but k is 40" in read["models"][2]["reason"]


def test_every_file_is_written_and_parses(files: dict[str, str], tmp_path: Path) -> None:
    paths = {kind: tmp_path / f"out.{kind}" for kind in ("csv", "markdown", "html")}
    options = [part for kind, path in paths.items() for part in (f"--{kind}", str(path))]
    said = output("compare", files["ball.npy"], *models(files, "real", "bits"), "--layer", "2", "--repeat", "2", *options)
    rows = list(csv.DictReader(StringIO(paths["csv"].read_text())))
    assert {row["layer"] for row in rows} == {"", "2"}
    assert all(row["figure"] in said for row in rows)
    assert paths["markdown"].read_text().count("\n| Edges kept |") == 1
    html = paths["html"].read_text()
    assert html.count("data:image/png;base64,") == 2
    assert html.count("No model has both figures.") == 2  # random models have no accuracy


def test_points_k_and_raw_reach_every_model(said: Callable[..., str], files: dict[str, str]) -> None:
    read = json.loads(
        said("compare", files["ball.npy"], *models(files, "bits", "wide"), "--points", "50", "--k", "4", "--repeat", "1", "--json")
    )
    assert (read["points"], [m["k"] for m in read["models"]]) == (50, [4, 4])
    assert values(read["figures"], "Edges kept", 1) == ["reference", 50 * 4]
    raw = json.loads(said("compare", files["ball.npy"], *models(files, "bits", "real"), "--raw", "--repeat", "1", "--json"))
    assert raw["points"] == 60


@pytest.mark.parametrize(
    ("names", "options", "words"),
    [
        (["real"], [], "2 to 4 models to compare (got 1)"),
        (["real", "bits", "wide", "shallow", "fifth"], [], "2 to 4 models to compare (got 5)"),
        (["real", "real"], [], "real.gguf twice"),
        (["real", "bad"], [], "bad.gguf"),
        (["real", "bits"], ["--layer", "4"], "between 1 and 3 (got 4)"),
        (["real", "bits"], ["--layer", "0"], "whole number from 1"),
        (["real", "bits"], ["--repeat", "0"], "whole number from 1"),
        (["real", "bits"], ["--k", "99"], "k is 99"),
        (["real", "bits"], ["--raw", "--points", "9"], "not both"),
        (["real", "bits"], ["--csv", "/nowhere/x.csv"], "could not be written"),
        (["real", "bits"], ["--markdown", "/nowhere/x.md"], "could not be written"),
    ],
)
def test_bad_input_is_one_line(said: Callable[..., str], files: dict[str, str], names: list[str], options: list[str], words: str) -> None:
    assert words in said("compare", files["ball.npy"], *models(files, *names), *options)


def test_a_cloud_that_is_too_small_for_all_is_refused(said: Callable[..., str], files: dict[str, str]) -> None:
    assert "3 points, but k is 5" in said("compare", files["tiny.npy"], *models(files, "real", "bits"))


def test_render_draws_models_side_by_side(said: Callable[..., str], files: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "two.png"
    printed = output("render", files["ball.npy"], *models(files, "real", "bits"), "--layer", "3", "--size", "320x160", "-o", str(path))
    assert "real, bits" in printed
    assert Image.open(path).size == (320, 160)
    assert "first is the reference" in said(
        "render", files["ball.npy"], *models(files, "real", "bits"), "--reference", files["fifth"], "-o", str(path)
    )
    assert "got 5" in said("render", files["ball.npy"], *models(files, "real", "bits", "wide", "shallow", "fifth"), "-o", str(path))
    assert "picked point" in said("render", files["ball.npy"], *models(files, "real", "bits"), "--color", "distance", "-o", str(path))
