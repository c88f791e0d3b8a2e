"""FNV-1a against its published vectors; the checksum of an inference against the definition, byte by byte."""

import numpy as np
import pytest

from bgnn_studio.native import Model
from bgnn_studio.native.checksum import checksum, fnv1a
from tests.native import runner_program
from tests.random_model import random_cloud, random_model, small_spec


@pytest.mark.parametrize(("text", "digits"), [(b"", "cbf29ce484222325"), (b"a", "af63dc4c8601ec8c"), (b"foobar", "85944171f73967e8")])
def test_fnv1a(text: bytes, digits: str):
    assert f"{fnv1a(np.frombuffer(text, np.uint8)):016x}" == digits
    assert f"{fnv1a(np.frombuffer(text[:2], np.uint8), np.frombuffer(text[2:], np.uint8)):016x}" == digits


def test_elements_are_little_endian_and_in_order():
    values = np.arange(12, dtype=np.int32).reshape(3, 4)
    assert fnv1a(values.astype(">i4")) == fnv1a(values) == fnv1a(np.frombuffer(values.tobytes(), np.uint8))
    assert fnv1a(values.T) == fnv1a(values.T.copy()) != fnv1a(values)


@pytest.mark.parametrize("variant", ["dgcnn", "bf2", "bfr"])
def test_of_an_inference(variant: str, tmp_path):
    model = Model.open(random_model(tmp_path / "model.gguf", small_spec(variant)))
    inference = model.infer(random_cloud(32), trace=True)
    assert checksum(inference) == runner_program.checksum(inference)
    with pytest.raises(ValueError, match="with its trace"):
        checksum(model.infer(random_cloud(32)))
