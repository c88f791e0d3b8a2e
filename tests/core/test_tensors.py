"""The tensor table against lists written by hand from native/README.md."""

import numpy as np

from bgnn_studio.core.spec import network_spec
from bgnn_studio.core.tensors import expected_tensors, packed_channels
from tests.random_model import small_spec


def parts(variant: str, layer: str, **overrides: str) -> set[str]:
    """Return the parts of one layer's tensors."""
    names = expected_tensors(small_spec(variant, **overrides))
    return {name.partition(".")[2] for name in names if name.startswith(f"{layer}.")}


def test_parts_of_the_float_network():
    for layer in ("conv1", "conv3", "embedding", "linear1", "linear2"):
        assert parts("dgcnn", layer) == {"weight", "post_gain", "post_offset"}
    assert parts("dgcnn", "linear3") == {"weight", "post_offset"}
    assert not packed_channels(small_spec("dgcnn"))


def test_parts_of_bin_edge_conv():
    assert parts("rf", "conv1") == {"weight", "pre_gain", "pre_offset", "scale", "slope"}
    for layer in ("conv2", "conv3", "embedding", "linear1", "linear2"):
        assert parts("rf", layer) == {"weight", "pre_gain", "pre_offset", "threshold", "flip", "scale", "slope"}
    assert parts("rf", "linear3") == {"weight", "pre_gain", "pre_offset", "scale"}


def test_parts_of_xor_edge_conv():
    for variant in ("bf1", "bf2"):
        assert parts(variant, "conv1") == {"weight", "scale", "slope", "post_gain", "post_offset"}
        assert parts(variant, "conv2") == {"weight", "scale", "slope", "post_gain", "post_offset", "hit_low", "hit_span", "hit_bit"}
        assert parts(variant, "embedding") == {"weight", "scale", "slope", "post_gain", "post_offset"}
        assert parts(variant, "linear1") == {"weight", "pre_gain", "pre_offset", "threshold", "flip", "scale", "slope"}
    assert parts("bfr", "conv2") == {"weight", "scale", "slope", "post_gain", "post_offset", "table", "table_min"}
    assert parts("bfr", "linear2") == {"weight", "pre_gain", "pre_offset", "scale", "slope"}


def test_shapes_at_the_published_sizes():
    classes = tuple(f"c{i}" for i in range(40))
    bf2, rf, dgcnn = (expected_tensors(network_spec(v, classes)) for v in ("bf2", "rf", "dgcnn"))
    assert bf2["conv1.weight"] == ((64, 1), np.dtype(np.uint64))
    assert bf2["conv2.weight"] == ((64, 2), np.dtype(np.uint64))
    assert bf2["conv4.weight"] == ((256, 4), np.dtype(np.uint64))
    assert bf2["conv4.hit_low"] == ((256,), np.dtype(np.int32))
    assert bf2["conv4.hit_bit"] == ((4,), np.dtype(np.uint64))
    assert bf2["embedding.weight"] == ((1024, 8), np.dtype(np.uint64))
    assert bf2["linear1.weight"] == ((512, 32), np.dtype(np.uint64))
    assert bf2["linear3.weight"] == ((40, 256), np.dtype(np.float32))
    assert rf["conv1.pre_gain"] == ((6,), np.dtype(np.float32))
    assert rf["conv2.threshold"] == ((128,), np.dtype(np.float32))
    assert rf["embedding.flip"] == ((8,), np.dtype(np.uint64))
    assert dgcnn["conv1.weight"] == ((64, 6), np.dtype(np.float32))
    assert dgcnn["linear1.weight"] == ((512, 2048), np.dtype(np.float32))


def test_options_change_the_first_layer_and_the_tables():
    assert expected_tensors(small_spec("bf2"))["conv1.weight"].dtype == np.uint64
    real = expected_tensors(small_spec("bf2", first_layer="float"))
    assert real["conv1.weight"] == ((16, 6), np.dtype(np.float32))
    assert expected_tensors(small_spec("bfr"))["conv3.table"] == ((64, 65), np.dtype(np.float32))


def test_packed_channels_are_the_used_bits_of_a_row():
    bits = packed_channels(small_spec("bf2"))
    assert bits["conv1.weight"] == 6
    assert bits["conv2.weight"] == 32
    assert bits["conv2.hit_bit"] == 32
    assert bits["embedding.weight"] == 112
    assert bits["linear1.flip"] == 140
    assert "linear3.weight" not in bits
