"""ONNX of the float network: what ONNX Runtime makes of it against the engine, for batches and other numbers of points."""

from pathlib import Path

import numpy as np
import pytest

from bgnn_studio.commands.convert import convert_model
from bgnn_studio.core.clouds import preprocess
from bgnn_studio.core.resources import bundled_clouds
from bgnn_studio.errors import BgnnError, ModelFileError
from bgnn_studio.io.readers import read_cloud
from bgnn_studio.native import Model
from tests.random_model import random_cloud, random_model, small_spec
from tests.requirements import ROOT, needs


def logits_of(path: Path, points: np.ndarray) -> np.ndarray:
    import onnxruntime

    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(["logits"], {"points": points})[0]


def test_the_trained_model_says_the_same_of_every_bundled_cloud(tmp_path: Path) -> None:
    needs("onnx", "onnxruntime")
    source, output = ROOT / "models" / "dgcnn.gguf", tmp_path / "my dgcnn é.onnx"
    assert "points (batch, N, 3) to logits" in convert_model(source, output)
    model = Model.open(source)
    clouds = np.stack([preprocess(read_cloud(path).points, model.spec.points) for path in bundled_clouds()])
    expected = np.stack([model.infer(cloud).logits for cloud in clouds])
    found = logits_of(output, clouds)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)  # a neighbour of rank k may be another of the same distance
    np.testing.assert_allclose(logits_of(output, clouds[2:3]), found[2:3], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("count", [5, 33, 70])
def test_random_weights_with_gains_below_zero_at_any_number_of_points(count: int, tmp_path: Path) -> None:
    needs("onnx", "onnxruntime")
    source = random_model(tmp_path / "m.gguf", small_spec("dgcnn", k=5))
    convert_model(source, tmp_path / "m.onnx")
    clouds = np.stack([random_cloud(count, seed) for seed in range(3)])
    clouds[1, 1::2] = clouds[1, 0]  # more equal distances than neighbours: the lower index wins in both
    expected = np.stack([Model.open(source).infer(cloud).logits for cloud in clouds])
    np.testing.assert_allclose(logits_of(tmp_path / "m.onnx", clouds), expected, rtol=1e-4, atol=1e-4)


def test_the_file_says_what_it_is(tmp_path: Path) -> None:
    needs("onnx")
    import onnx

    convert_model(random_model(tmp_path / "m.gguf", small_spec("dgcnn")), tmp_path / "m.onnx")
    network = onnx.load(tmp_path / "m.onnx")
    assert {entry.key: entry.value for entry in network.metadata_props} == {"classes": "cone\ncube\nring", "points": "32", "k": "5"}
    assert {node.domain for node in network.graph.node} == {""}
    shape = network.graph.input[0].type.tensor_type.shape
    assert [d.dim_param or d.dim_value for d in shape.dim] == ["batch", "N", 3]


@pytest.mark.parametrize("variant", ["rf", "bf1", "bf2", "bfr"])
def test_binary_networks_are_refused(variant: str, tmp_path: Path) -> None:
    source = random_model(tmp_path / "m.gguf", small_spec(variant))
    with pytest.raises(ModelFileError, match=rf"m\.gguf: a {variant} counts bits of packed words, and ONNX has no operator that"):
        convert_model(source, tmp_path / "m.onnx")


def test_a_missing_package_and_a_bad_folder_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = random_model(tmp_path / "m.gguf", small_spec("dgcnn"))
    with monkeypatch.context() as without:
        without.setitem(__import__("sys").modules, "onnx", None)
        with pytest.raises(BgnnError, match=r"Writing ONNX needs a package that is missing .*pip install onnx"):
            convert_model(source, tmp_path / "m.onnx")
    needs("onnx")
    with pytest.raises(ModelFileError, match="could not write the network"):
        convert_model(source, tmp_path / "absent" / "m.onnx")
