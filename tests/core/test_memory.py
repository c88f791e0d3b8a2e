"""Memory figures against numbers worked out by hand for the published sizes."""

import re

import pytest

from bgnn_studio.core.memory import Activation, Figure, LayerParameters, activation_memory, parameter_memory
from bgnn_studio.core.spec import VARIANTS, network_spec
from bgnn_studio.core.tensors import expected_tensors
from tests.random_model import small_spec

CLASSES = tuple(f"class {i}" for i in range(40))


def parameters(variant: str, **options: str) -> dict[str, LayerParameters]:
    return {p.layer: p for p in parameter_memory(network_spec(variant, CLASSES, **options))}


def activations(variant: str, **options: str) -> dict[tuple[str, str], Activation]:
    return {(a.layer, a.tensor): a for a in activation_memory(network_spec(variant, CLASSES, **options), 1024, 20)}


def test_parameters_of_bf2():
    layers = parameters("bf2")
    assert list(layers) == ["layer1", "layer2", "layer3", "layer4", "embedding", "head"]
    third = layers["layer3"]  # 128 inputs (twice 64), 128 outputs
    assert third.weights.bytes == 128 * 128 // 8 == 2048
    assert third.norms.bytes == 4 * 128 * 4 == 2048
    assert third.thresholds.bytes == 2 * 128 * 4 + 16 == 1040
    assert third.packed.bytes == 5136
    assert third.float32.bytes == 128 * 128 * 4 + 2048 == 67584
    assert layers["layer1"].weights.bytes == 64 * 8  # 6 bits in a word of 64
    assert layers["embedding"].weights.bytes == 1024 * 512 // 8 == 65536
    # linear1 2048 -> 512 and linear2 512 -> 256 in bits, linear3 256 -> 40 in floats
    assert layers["head"].weights.bytes == 131072 + 16384 + 40960
    assert layers["head"].float32.bytes == 4 * (2048 * 512 + 512 * 256 + 256 * 40) + layers["head"].norms.bytes


def test_a_table_costs_more_than_hits():
    third = parameters("bfr")["layer3"]
    assert third.thresholds.bytes == 128 * 129 * 4 + 16 == 66064


def test_the_float_network_has_one_form():
    for layer in parameters("dgcnn").values():
        assert layer.thresholds == Figure(0, "none")
        if layer.layer != "head":
            assert layer.packed == layer.float32
    # The bias of the last linear is an offset of its own in the norms.
    assert parameters("dgcnn")["head"].packed.bytes == 4 * (2048 * 512 + 512 * 256 + 256 * 40 + 2 * (512 + 256) + 40)


@pytest.mark.parametrize("variant", VARIANTS)
def test_packed_figures_sum_to_the_file_s_tensors(variant: str):
    spec = small_spec(variant)
    tensors = sum(dtype.itemsize * (shape[0] * (shape[1] if len(shape) > 1 else 1)) for shape, dtype in expected_tensors(spec).values())
    assert sum(p.packed.bytes for p in parameter_memory(spec)) == tensors


def test_activations_of_bf2():
    found = activations("bf2")
    assert found["layer1", "graph"].packed.bytes == 1024 * 20 * 4 == 81920
    assert found["layer1", "edges"].packed.bytes == 1024 * 20 * 6 * 4  # xyz is real
    assert found["layer4", "edges"].float32.bytes == 1024 * 20 * 256 * 4 == 20971520
    assert found["layer4", "edges"].packed.bytes == 1024 * 20 * 256 // 8 == 655360
    assert not found["layer4", "edges"].kept
    assert found["layer4", "output"].float32.bytes == 1024 * 256 * 4
    assert found["layer4", "output"].packed.bytes == 1024 * 256 // 8 == 32768
    assert found["embedding", "input"].packed.bytes == 1024 * 512 // 8
    assert found["embedding", "output"].packed.bytes == 1024 * 1024 * 4
    assert found["head", "input"].float32.bytes == 4 * (2048 + 512 + 256)
    assert found["head", "input"].packed.bytes == 2048 // 8 + 512 // 8 + 256 * 4


def test_activations_where_values_stay_real():
    dgcnn, rf, bfr = activations("dgcnn"), activations("rf"), activations("bfr")
    assert all(a.packed == a.float32 for a in dgcnn.values())
    assert rf["layer2", "edges"].packed.bytes == 1024 * 20 * 128 // 8
    assert rf["layer2", "output"].packed.bytes == 1024 * 64 * 4
    # A real skip keeps bits and values, but for the last layer, whose values nobody adds.
    assert bfr["layer2", "output"].packed.bytes == 1024 * (8 + 64 * 4)
    assert bfr["layer4", "output"].packed.bytes == 1024 * 256 // 8
    assert bfr["head", "input"].packed == bfr["head", "input"].float32


def test_activations_of_the_stages_before_binary():
    tanh, sign, bfr = (activations(v, stage=s) for v, s in (("bf2", "tanh"), ("bf2", "sign"), ("bfr", "sign")))
    assert all(a.packed == a.float32 for a in tanh.values())
    # At stage sign the engine keeps +-1 as floats for its real products, and bits for the graphs.
    assert sign["layer2", "output"].packed.bytes == 1024 * (8 + 64 * 4)
    assert sign["layer2", "edges"].packed == sign["layer2", "edges"].float32
    assert sign["head", "input"].packed == sign["head", "input"].float32
    assert not sign["embedding", "input"].kept
    assert bfr["layer2", "output"].packed.bytes == 1024 * (8 + 2 * 64 * 4)


@pytest.mark.parametrize(("variant", "stage"), [*((v, None) for v in VARIANTS), ("rf", "sign"), ("bfr", "tanh"), ("bfr", "sign")])
def test_every_formula_gives_its_bytes(variant: str, stage: str | None):
    spec = small_spec(variant, **({"stage": stage} if stage else {}))
    figures = [f for p in parameter_memory(spec) for f in (p.float32, p.weights, p.norms, p.thresholds, p.packed)]
    figures += [f for a in activation_memory(spec, 33, 7) for f in (a.float32, a.packed)]
    for figure in figures:
        terms = [re.findall(r"(?<![\w])\d+(?![\w])", re.sub(r"\(.*?\)", "", t)) for t in figure.formula.split(" + ")]
        total = 0
        for numbers in terms:
            product = 1 if numbers else 0
            for n in numbers:
                product *= int(n)
            total += product
        assert total == figure.bytes, figure
