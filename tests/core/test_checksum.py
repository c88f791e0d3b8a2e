"""FNV-1a against its published vectors; the checksum of an inference against the definition, byte by byte."""

import pytest

from bgnn_studio.core.checksum import checksum, fnv1a
from bgnn_studio.native import Model
from tests.native import runner_program
from tests.random_model import random_cloud, random_model, small_spec


@pytest.mark.parametrize(("text", "digits"), [(b"", "cbf29ce484222325"), (b"a", "af63dc4c8601ec8c"), (b"foobar", "85944171f73967e8")])
def test_fnv1a(text: bytes, digits: str):
    assert f"{fnv1a(text):016x}" == digits


@pytest.mark.parametrize("variant", ["dgcnn", "bf2", "bfr"])
def test_of_an_inference(variant: str, tmp_path):
    model = Model.open(random_model(tmp_path / "model.gguf", small_spec(variant)))
    inference = model.infer(random_cloud(32), trace=True)
    assert checksum(inference) == runner_program.checksum(inference)
    with pytest.raises(ValueError, match="with its trace"):
        checksum(model.infer(random_cloud(32)))
