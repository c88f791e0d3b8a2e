"""Recipes: what TOML and --set say reaches the dataclass with its types, and what is wrong is named."""

import os
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bgnn_studio.errors import BgnnError
from bgnn_studio.training.config import CascadeConfig, StageSettings
from bgnn_studio.training.recipes import PRESETS, as_json, from_json, known_keys, read_recipe

TEXT = """
variants = ["dgcnn", "bfr"]
widths = [8, 16]
dropout = 0
[binary]
epochs = 4
lr = 2e-3
[bfr]
batch_size = 8
binary.epochs = 6
"""


@pytest.fixture
def recipe(tmp_path: Path) -> str:
    path = tmp_path / "mine.toml"
    path.write_text(TEXT)
    return str(path)


def test_a_variants_own_table_is_laid_over_the_rest(recipe: str) -> None:
    configs = read_recipe(recipe)
    assert list(configs) == ["dgcnn", "bfr"]
    assert configs["bfr"] == CascadeConfig("bfr", widths=(8, 16), binary=StageSettings(6, 2e-3), batch_size=8)
    assert configs["dgcnn"].binary == StageSettings(4, 2e-3)
    assert isinstance(configs["bfr"].dropout, float)


def test_changes_win_over_the_file_for_all_variants_or_one(recipe: str) -> None:
    configs = read_recipe(recipe, ["binary.epochs=9", "bfr.binary.lr=1e-2", "widths=[4]", "data=some where", "bfr.seed=7"])
    assert (configs["bfr"].binary, configs["dgcnn"].binary) == (StageSettings(9, 1e-2), StageSettings(9, 2e-3))
    assert configs["bfr"].widths == (4,)
    assert configs["dgcnn"].data == "some where"
    assert (configs["dgcnn"].seed, configs["bfr"].seed) == (0, 7)


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_can_be_read_and_said_again(preset: str) -> None:
    for variant, config in read_recipe(preset).items():
        assert config.variant == variant
        assert from_json(as_json(config)) == config
        assert "\n" not in as_json(config)


def test_the_paper_is_as_published() -> None:
    paper = read_recipe("paper")["bf2"]
    assert [paper.settings(s).epochs for s in paper.stages()] == [250, 250, 350, 350]
    assert [paper.settings(s).lr for s in paper.stages()] == [1e-3, 1e-3, 2.5e-4, 1e-3]
    assert [paper.settings(s).weight_decay for s in paper.stages()] == [1e-5, 1e-5, 1e-5, 0]
    assert (paper.alpha, paper.temperature, paper.lsp_weight, paper.points, paper.k) == (0.1, 3, 100, 1024, 20)
    assert (paper.binary.schedule, paper.binary.step_epochs) == ("step", 50)


def test_every_key_is_known() -> None:
    keys = [line.split(" = ")[0] for line in known_keys()]
    assert {key.split(".")[0] for key in keys} == {field.name for field in fields(CascadeConfig)} - {"variant"}
    assert "binary.epochs = 350" in known_keys()
    assert 'data = "shapes"' in known_keys()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("epochs=3", r"mine\.toml, dgcnn: unknown key 'epochs'. Expected one of variant, data"),
        ("binary.epoch=3", r"unknown key 'binary\.epoch'. Expected one of binary\.epochs, binary\.lr"),
        ("binary=3", r"'binary': expected a table \(got 3\)"),
        ("k=2.5", r"'k': expected a whole number \(got 2\.5\)"),
        ("k=true", r"'k': expected a whole number"),
        ("alpha=much", r"'alpha': expected a number \(got 'much'\)"),
        ("widths=8", r"'widths': expected a list of whole numbers"),
        ("head=[8]", "two head widths"),
        ("binary.schedule=1", r"'binary\.schedule': expected 'cosine' or 'step'"),
        ("data=3", r"'data': expected a word"),
        ("tanh", "Expected --set KEY=VALUE"),
        ("bfr=3", "Expected --set KEY=VALUE"),
        ("a..b=3", "Expected --set KEY=VALUE"),
        ("alpha=2", r"mine\.toml, dgcnn: Expected alpha from 0 to 1"),
    ],
)
def test_what_is_wrong_is_named(recipe: str, change: str, message: str) -> None:
    with pytest.raises(BgnnError, match=message):
        read_recipe(recipe, [change])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("k = ", "expected a recipe in TOML"),
        ("k = 3", "expected 'variants', a list of networks"),
        ("variants = ['bf9']", "expected 'variants'"),
        ("variants = ['bf1']\nbf1 = 3", "Expected a table of settings"),
        ("variants = ['bf1']\n[tanh]\nlr = 1", r"'tanh' has no epochs"),
    ],
)
def test_a_file_that_is_no_recipe_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(BgnnError, match=message) as caught:
        read_recipe(str(path))
    assert "bad.toml" in str(caught.value)


def test_a_name_that_is_no_preset_is_a_path(tmp_path: Path) -> None:
    with pytest.raises(BgnnError, match="expected one of demo, small, paper, or a recipe in TOML"):
        read_recipe(str(tmp_path / "none.toml"))
    with pytest.raises(BgnnError, match="Expected a configuration in JSON"):
        from_json("tanh 2 epochs")


ANY = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
VALUES = ("[[1]]", "{}", "[]", "nan", "-inf", "1" * 400, "1" * 5000, "true", '"x"', "1e400", "[" * 3000, "2026-01-01", "[{a = 1}]", "0")


@ANY
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)), st.booleans())
def test_any_bytes_are_a_recipe_or_refused(tmp_path: Path, content: bytes, appended: bool) -> None:
    reads_or_says_why(tmp_path / "mine.toml", TEXT.encode() + content if appended else content)


@ANY
@given(
    st.sampled_from(["variants", *(line.partition(" ")[0] for line in known_keys()), "binary", "bfr", "bfr.bfr"]), st.sampled_from(VALUES)
)
def test_any_value_of_any_key(tmp_path: Path, key: str, value: str) -> None:
    reads_or_says_why(tmp_path / "mine.toml", f'variants = ["bfr"]\n{key} = {value}\n'.encode())
    reads_or_says_why(tmp_path / "mine.toml", b'variants = ["bfr"]', f"{key}={value}")


def reads_or_says_why(path: Path, content: bytes, *changes: str) -> None:
    path.write_bytes(content)
    try:
        assert read_recipe(str(path), changes)
    except BgnnError as error:
        assert len(str(error)) < 1000  # noqa: PT017


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, reason in (("pipe", "a device"), ("/dev/zero", "a device"), (".", "Is a directory"), ("a\0b", "not a file name")):
        with pytest.raises(BgnnError, match=reason):
            read_recipe(str(tmp_path / name))
