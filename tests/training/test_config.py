"""A configuration names the network of each stage and refuses what cannot be trained."""

import pytest

from bgnn_studio.errors import BgnnError
from bgnn_studio.training.config import CascadeConfig, StageSettings

CLASSES = ("cone", "cube")


def test_specs_follow_the_stage() -> None:
    config = CascadeConfig(variant="bf1", widths=(8, 16), k=7, width_factor=3)
    teacher, student = config.spec("teacher", CLASSES), config.spec("sign", CLASSES)
    assert (teacher.variant, teacher.conv, teacher.stage) == ("dgcnn", "EdgeConv", "teacher")
    assert (student.variant, student.conv, student.stage) == ("bf1", "XorEdgeConv", "sign")
    assert (teacher.widths, student.widths) == ((8, 16), (24, 48))
    assert teacher.k == student.k == 7


def test_options_are_the_students_alone() -> None:
    config = CascadeConfig("bf1", skip="real", edge_op="cat", head_inputs="real", first_layer="float", max_order="after_norm")
    student = config.spec("binary", CLASSES)
    assert (student.skip, student.edge_op, student.head_inputs, student.first_layer) == ("real", "cat", "real", "float")
    assert student.max_order == "after_norm"
    assert config.spec("teacher", CLASSES) == CascadeConfig("bf1").spec("teacher", CLASSES)
    assert config.recipe("teacher") == CascadeConfig("bf1").recipe("teacher")
    with pytest.raises(BgnnError, match="does not take the edge op 'cat'"):
        CascadeConfig("rf", edge_op="cat")


def test_stages_without_epochs_are_left_out_and_the_teacher_where_nobody_learns_from_it() -> None:
    assert CascadeConfig(sign=StageSettings(0)).stages() == ("teacher", "tanh", "binary")
    assert CascadeConfig(alpha=0).stages() == ("tanh", "sign", "binary")
    assert CascadeConfig(alpha=0, lsp_weight=1).stages() == ("teacher", "tanh", "sign", "binary")
    assert CascadeConfig(variant="dgcnn", alpha=0, binary=StageSettings(0)).stages() == ("teacher",)


def test_the_teachers_recipe_has_nothing_of_the_student() -> None:
    one = CascadeConfig(variant="rf", batch_size=8, alpha=0.5, width_factor=2, tanh=StageSettings(3))
    assert one.recipe("teacher") == CascadeConfig().recipe("teacher")
    assert one.recipe("tanh") != CascadeConfig().recipe("tanh")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"binary": StageSettings(0)}, "at least one epoch"),
        ({"teacher": StageSettings(0)}, "A teacher of 0 epochs teaches nothing"),
        ({"variant": "dgcnn", "alpha": 0, "teacher": StageSettings(0)}, "A teacher of 0 epochs"),
        ({"batch_size": 1}, "at least 2 clouds"),
        ({"variant": "bf3"}, "Expected a variant among"),
        ({"widths": (8, 12)}, "each width must be a multiple"),
        ({"alpha": 1.5}, r"Expected alpha from 0 to 1 \(got 1.5\)"),
        ({"temperature": 0.0}, "temperature above 0"),
        ({"validation_share": 1.0}, "validation_share between 0 and 1"),
        ({"seed": -1}, "seed from 0"),
        ({"points": 16, "k": 17}, r"Expected k up to points, 16 \(got 17\)"),
    ],
)
def test_what_cannot_be_trained_is_refused(settings: dict, message: str) -> None:
    with pytest.raises(BgnnError, match=message):
        CascadeConfig(**settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"schedule": "linear"}, "'cosine' or 'step'"),
        ({"lr": 0.0}, "rate above 0"),
        ({"lr": float("nan")}, "rate above 0"),
        ({"epochs": -1}, "epochs from 0"),
    ],
)
def test_stages_that_cannot_be_trained_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(BgnnError, match=message):
        StageSettings(**{"epochs": 1} | settings)
