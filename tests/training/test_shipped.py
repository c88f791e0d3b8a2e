"""The shipped models are what models/README.md says, reach the figures in their files, and a false one is found."""

import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bgnn_studio.core.card import Accuracy
from bgnn_studio.core.evaluation import LabelledSet
from bgnn_studio.core.preparation import DEFAULT_POINTS
from bgnn_studio.core.resources import bundled_models, models_dir
from bgnn_studio.core.spec import VARIANTS
from bgnn_studio.errors import ModelFileError
from bgnn_studio.io.datasets import read_labelled
from bgnn_studio.io.model_file import write_model
from bgnn_studio.native import Model
from bgnn_studio.training import shipped
from bgnn_studio.training.recipes import from_json, read_recipe
from bgnn_studio.training.shapes import CLASSES, DATASET, as_labelled, labelled_shapes, make_dataset
from bgnn_studio.training.shapes.__main__ import SAMPLES, sample_cloud
from tests.random_model import random_model, random_tensors, small_spec

MODELNET = "modelnet40_ply_hdf5_2048"


@pytest.fixture(scope="module")
def few() -> LabelledSet:
    return as_labelled(make_dataset("validation", 48, 40), "test")


def test_every_shipped_model_is_the_one_described_and_reaches_its_figure() -> None:
    assert sorted(path.stem for path in bundled_models()) == sorted(VARIANTS)
    assert shipped.check(models_dir(), {DATASET: labelled_shapes("test")}) == []


def test_those_of_modelnet40_reach_their_figures(shared_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run([sys.executable, shared_dir / "tools" / "unpack_modelnet40.py", tmp_path], check=True)
    monkeypatch.chdir(tmp_path)
    assert shipped.check(models_dir(), {MODELNET: read_labelled(MODELNET, "test")}) == []


def test_shipped_models_say_how_they_were_made_and_are_small() -> None:
    demo, small = read_recipe("demo"), read_recipe("small", [f"data={MODELNET}"])
    found, total = set(), 0
    for path in models_dir().rglob("*.gguf"):
        folder = path.parent.relative_to(models_dir()).as_posix()
        with Model.open(path) as model:
            variant, stage = model.spec.variant, model.spec.stage
            assert model.training is not None
            assert model.accuracy is not None
            assert (model.training.dataset, model.accuracy.split) == (MODELNET if folder == "modelnet40" else DATASET, "test")
            assert from_json(model.training.recipe) == (small if folder == "modelnet40" else demo)[variant]
            assert path.stem == {".": variant, "stages": f"{variant}-{stage}", "modelnet40": f"{variant}-modelnet40"}[folder]
        found.add((folder, path.stem))
        assert path.stat().st_size < (2_000_000 if folder == "modelnet40" else 1_000_000)
        total += path.stat().st_size
    stages = {("stages", f"{variant}-{stage}") for variant in ("rf", "bf1", "bf2", "bfr") for stage in ("tanh", "sign")}
    assert found == {(".", name) for name in VARIANTS} | stages | {("modelnet40", f"{name}-modelnet40") for name in small}
    assert total < 12_000_000


@pytest.mark.parametrize("name", SAMPLES)
def test_models_know_the_sample_clouds(name: str) -> None:
    cloud = DEFAULT_POINTS.apply(sample_cloud(name), 256).points
    for path in bundled_models():
        with Model.open(path) as model:
            assert model.spec.classes[int(model.infer(cloud).logits.argmax())] == name, path.name


def test_measuring_counts_what_the_engine_predicts(tmp_path: Path, few: LabelledSet) -> None:
    path = random_model(tmp_path / "random.gguf", replace(small_spec(), classes=CLASSES))
    with Model.open(path) as model:
        labels = np.array([model.infer(cloud).logits.argmax() for cloud in map(few.load, range(40))])
    assert shipped.measure(path, replace(few, labels=labels)).overall == 1
    labels[:10] = (labels[:10] + 1) % len(CLASSES)
    assert shipped.measure(path, replace(few, labels=labels)).overall == pytest.approx(30 / 40)
    with pytest.raises(ModelFileError, match="expected a model of the classes of bgnn-studio shapes"):
        shipped.measure(random_model(tmp_path / "other.gguf", small_spec()), few)


def test_a_false_figure_and_a_wrong_line_are_found(tmp_path: Path, few: LabelledSet) -> None:
    spec, path = replace(small_spec(), classes=CLASSES), tmp_path / "a.gguf"
    truth = shipped.measure(random_model(path, spec), few)
    (tmp_path / "README.md").write_text("")
    with pytest.raises(ModelFileError, match="says nothing of its accuracy"):
        shipped.check(tmp_path, {DATASET: few})
    write_model(path, spec, random_tensors(spec), accuracy=truth)
    assert shipped.check(tmp_path, {DATASET: few}) == [f"a.gguf: README.md should say {shipped.row(path, tmp_path)}"]
    assert hashlib.sha256(path.read_bytes()).hexdigest() in shipped.row(path, tmp_path)
    (tmp_path / "README.md").write_text(f"{shipped.HEADER}\n{shipped.row(path, tmp_path)}\n")
    assert shipped.check(tmp_path, {DATASET: few}) == []
    write_model(path, spec, random_tensors(spec), accuracy=replace(truth, overall=truth.overall + 0.025))
    (tmp_path / "README.md").write_text(shipped.row(path, tmp_path))
    assert ["the engine reaches" in line for line in shipped.check(tmp_path, {DATASET: few})] == [True]


def test_accuracy_card_names_the_set_and_the_split(tmp_path: Path, few: LabelledSet) -> None:
    path = random_model(tmp_path / "random.gguf", replace(small_spec(), classes=CLASSES))
    card = shipped.measure(path, few)
    assert card == Accuracy(DATASET, "test", 40, card.overall, card.class_mean)
