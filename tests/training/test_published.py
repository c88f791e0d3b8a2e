"""Model files back to published checkpoints: the same layout, and the same model file when it is converted again."""

from pathlib import Path

import numpy as np
import pytest
import torch
from gguf import GGUFReader

from bgnn_studio.core.evaluation import evaluate
from bgnn_studio.errors import ModelFileError
from bgnn_studio.native import Model
from bgnn_studio.training.checkpoints import load_checkpoint
from bgnn_studio.training.export import export_model
from bgnn_studio.training.published import TOLERANCE, save_published
from bgnn_studio.training.shapes import as_labelled, make_dataset
from tests.random_model import random_cloud
from tests.requirements import ROOT
from tests.training.random_network import random_network, small_spec

torch.set_num_threads(1)

OWN = ROOT / "tests" / "data" / "conformance"


@pytest.mark.parametrize("variant", ["dgcnn", "rf", "bf1", "bf2"])
def test_layout_and_values_come_back(variant: str, tmp_path: Path) -> None:
    published = OWN / f"{variant}.t7"
    model, back, again = tmp_path / "m.gguf", tmp_path / f"{variant}.pt", tmp_path / "again.gguf"
    export_model(model, load_checkpoint(published, k=7, points=90))
    moved = save_published(model, Model.open(model).spec, back)
    state, expected = (torch.load(file, weights_only=True) for file in (back, published))
    assert {name: t.shape for name, t in state.items()} == {name: t.shape for name, t in expected.items()}
    exact = ("conv1.0.weight", "linear3.weight") if variant == "dgcnn" else ("linear3.core_op.weights_real", "linear2.rescale.scale_a")
    assert all(torch.equal(state[name], expected[name]) for name in exact)
    export_model(again, load_checkpoint(back, k=7, points=90))
    tensors, others = ({t.name: np.array(t.data) for t in GGUFReader(file).tensors} for file in (model, again))
    changed = {name for name, values in tensors.items() if not np.array_equal(others[name], values)}
    assert all(name.endswith(".threshold") for name in changed)
    assert all(np.allclose(others[name], values, rtol=TOLERANCE, atol=0) for name, values in tensors.items())
    assert moved == sum(int((others[name] != values).sum()) for name, values in tensors.items())
    assert (moved == 0) == (variant == "dgcnn")
    cloud = random_cloud(90)
    np.testing.assert_allclose(Model.open(again).infer(cloud).logits, Model.open(model).infer(cloud).logits, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["dgcnn", "rf", "bf1", "bf2"])
def test_the_bundled_models_come_back(name: str, tmp_path: Path) -> None:
    file = ROOT / "models" / f"{name}.gguf"
    spec = Model.open(file).spec
    save_published(file, spec, tmp_path / "back.pt")
    network = load_checkpoint(tmp_path / "back.pt", variant=name, k=spec.k, points=spec.points, classes=spec.classes)
    assert network.spec == spec
    export_model(tmp_path / "again.gguf", network)
    clouds = make_dataset("validation", 48, 40)
    before, after = (evaluate([Model.open(path)], as_labelled(clouds, "validation"))[0] for path in (file, tmp_path / "again.gguf"))
    np.testing.assert_array_equal(after.predictions, before.predictions)


@pytest.mark.parametrize(("variant", "options"), [("bfr", {}), ("bf2", {"first_layer": "float"}), ("rf", {"head_inputs": "real"})])
def test_what_has_no_published_layout_is_refused(variant: str, options: dict[str, str], tmp_path: Path) -> None:
    spec = small_spec(variant, **options)
    export_model(tmp_path / "m.gguf", random_network(spec, 1))
    with pytest.raises(ModelFileError, match=f"a {variant} with these options has no published layout: only dgcnn, rf, bf1 and bf2"):
        save_published(tmp_path / "m.gguf", spec, tmp_path / "m.pt")
    assert not (tmp_path / "m.pt").exists()
