"""The bars of the stages, for accuracies that fall, rise, and are not all known."""

from types import SimpleNamespace
from typing import Any

import pytest

from bgnn_studio.ui.panels.accuracy.stages import stage_bars
from tests.random_model import small_spec


def results(variant: str = "bf1", **overall: float) -> list[Any]:
    specs = {stage: small_spec("dgcnn") if stage == "teacher" else small_spec(variant, stage=stage) for stage in overall}
    return [
        (SimpleNamespace(spec=specs[stage]), SimpleNamespace(figures=SimpleNamespace(overall=value))) for stage, value in overall.items()
    ]


@pytest.mark.parametrize(
    ("overall", "segments"),
    [
        ({"teacher": 0.9, "tanh": 0.8, "sign": 0.7, "binary": 0.5}, [(0.5, 0), (0.2, 3), (0.1, 2), (0.1, 1)]),
        ({"teacher": 0.9, "tanh": 0.8, "sign": 0.6, "binary": 0.75}, [(0.75, 0), (0.05, 2), (0.1, 1)]),  # won back by binary
        ({"tanh": 0.7, "sign": 0.7}, [(0.7, 0)]),
        ({"teacher": 0.9, "sign": 0.95, "binary": 0.9}, [(0.9, 0), (0.05, 3)]),  # no tanh; sign above the teacher
        ({"tanh": 0.0, "binary": 1.0}, [(1.0, 0)]),
    ],
)
def test_a_bar_ends_at_the_best_stage(overall: dict[str, float], segments: list[tuple[float, int]]) -> None:
    (bar,), legend = stage_bars(results(**dict(reversed(overall.items()))))  # in any order
    assert [segment.series for segment in bar.segments] == [series for _, series in segments]
    assert [segment.value for segment in bar.segments] == pytest.approx([value for value, _ in segments])
    assert {series for _, series in legend} == {series for _, series in segments}
    assert bar.total == pytest.approx(max(overall.values()))


def test_one_stage_alone_has_no_bar() -> None:
    assert stage_bars([]) == ([], [])
    assert stage_bars(results(teacher=0.9, binary=0.8)) == ([], [])
    assert stage_bars(results("bf1", tanh=0.9) + results("bf2", binary=0.8)) == ([], [])
    assert [bar.label for bar in stage_bars(results("bf1", tanh=0.9, binary=0.8) + results("rf", sign=0.7, binary=0.8))[0]] == ["bf1", "rf"]
