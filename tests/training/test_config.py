"""A configuration names the network of each stage and refuses what cannot be trained."""

import pytest

from bgnn_studio.errors import BgnnError
from bgnn_studio.training.config import CascadeConfig, StageSettings

CLASSES = ("cone", "cube")


def test_specs_follow_the_stage() -> None:
    config = CascadeConfig(variant="bf1", widths=(8, 16), k=7)
    teacher, student = config.spec("teacher", CLASSES), config.spec("sign", CLASSES)
    assert (teacher.variant, teacher.conv, teacher.stage) == ("dgcnn", "EdgeConv", "teacher")
    assert (student.variant, student.conv, student.stage) == ("bf1", "XorEdgeConv", "sign")
    assert teacher.widths == student.widths == (8, 16)
    assert teacher.k == student.k == 7


def test_stages_without_epochs_are_left_out() -> None:
    assert CascadeConfig(sign=StageSettings(0, 0)).student_stages() == ("tanh", "binary")
    assert CascadeConfig().student_stages() == ("tanh", "sign", "binary")
    assert CascadeConfig(variant="dgcnn", binary=StageSettings(0, 0)).student_stages() == ()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"schedule": "linear"}, "'cosine' or 'step'"),
        ({"binary": StageSettings(0, 1e-3)}, "at least one epoch"),
        ({"batch_size": 1}, "at least 2 clouds"),
    ],
)
def test_what_cannot_be_trained_is_refused(settings: dict, message: str) -> None:
    with pytest.raises(BgnnError, match=message):
        CascadeConfig(**settings)
