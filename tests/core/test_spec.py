"""The network spec: presets say what DESIGN says, impossible combinations are refused."""

from dataclasses import replace

import pytest

from bgnn_studio.core.spec import VARIANTS, at_stage, network_spec
from bgnn_studio.errors import ModelFileError

CLASSES = ("a", "b")


@pytest.mark.parametrize("variant", VARIANTS)
def test_presets_have_the_published_sizes(variant: str) -> None:
    spec = network_spec(variant, CLASSES)
    assert (spec.points, spec.k, spec.widths, spec.embedding, spec.head) == (1024, 20, (64, 64, 128, 256), 1024, (512, 256))
    assert spec.in_channels == (3, 64, 64, 128)
    assert spec.on_bits == variant.startswith("bf")
    assert spec.stage == ("teacher" if variant == "dgcnn" else "binary")


def test_bf1_and_bf2_differ_in_the_order_of_max_and_norm_only() -> None:
    bf1, bf2 = network_spec("bf1", CLASSES), network_spec("bf2", CLASSES)
    assert (bf1.max_order, bf2.max_order) == ("before_norm", "after_norm")
    assert replace(bf1, variant="bf2", max_order="after_norm") == bf2


@pytest.mark.parametrize(
    ("variant", "overrides", "word"),
    [
        ("bf3", {}, "variant"),
        ("bf2", {"widths": ()}, "layers"),
        ("bf2", {"widths": (8,) * 9}, "layers"),
        ("bf2", {"k": 0}, "positive"),
        ("bf2", {"classes": ()}, "positive"),
        ("bf2", {"edge_op": "diff"}, "edge op"),
        ("rf", {"edge_op": "xor"}, "edge op"),
        ("rf", {"skip": "real"}, "skip"),
        ("bfr", {"widths": (64, 96)}, "multiple"),
        ("dgcnn", {"stage": "binary"}, "Stage"),
        ("dgcnn", {"first_layer": "binary"}, "real throughout"),
        ("dgcnn", {"head_inputs": "sign"}, "real throughout"),
        ("bf2", {"stage": "half"}, "stage"),
        ("bf2", {"max_order": "never"}, "max_order"),
    ],
)
def test_impossible_combinations_are_refused(variant: str, overrides: dict, word: str) -> None:
    with pytest.raises(ModelFileError, match=word):
        network_spec(variant, overrides.pop("classes", CLASSES), **overrides)


def test_at_stage_changes_the_stage_only() -> None:
    spec = network_spec("bf2", CLASSES)
    assert at_stage(at_stage(spec, "tanh"), "binary") == spec


def test_features_are_bits_where_there_are_signs_between_layers() -> None:
    spec = network_spec("bf2", CLASSES)
    assert [at_stage(spec, stage).on_bits for stage in ("tanh", "sign", "binary")] == [False, True, True]
    assert not at_stage(network_spec("rf", CLASSES), "sign").on_bits
