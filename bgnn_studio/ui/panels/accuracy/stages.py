"""A bar for each variant whose stages were evaluated: what its last stage gets right, then what each stage before it had more."""

from itertools import pairwise
from typing import TYPE_CHECKING

from bgnn_studio.core.spec import STAGES, NetworkSpec, at_stage
from bgnn_studio.ui.widgets.bars import Bar, Segment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bgnn_studio.core.evaluation import Evaluation
    from bgnn_studio.native import Model

_STEPS = {"tanh": "tanh activations in the student's layers", "sign": "signs of activations", "binary": "signs of weights"}


def stage_bars(results: "Sequence[tuple[Model, Evaluation]]") -> tuple[list[Bar], list[tuple[str, int]]]:
    """Return the bars, as in figure 1 of Bahri et al. 2021, and their legend; none where no variant was evaluated at two stages.

    A stage is compared with the one before it that was evaluated, the first of a variant with the float teacher. Its segment is what it
    lost and no later stage won back, so that a bar ends at the best stage, usually the teacher.
    """
    teacher = next((found.figures.overall for model, found in results if model.spec.stage == "teacher"), None)
    networks: dict[NetworkSpec, dict[str, float]] = {}
    for model, found in results:
        if model.spec.stage != "teacher":
            networks.setdefault(at_stage(model.spec, "binary"), {}).setdefault(model.spec.stage, found.figures.overall)
    bars = [_bar(spec.variant, reached, teacher) for spec, reached in networks.items() if len(reached) > 1]
    used = {segment.series for bar in bars for segment in bar.segments}
    legend = [("right", 0), *((stage, i) for i, stage in enumerate(STAGES) if i)]
    return bars, [(text, series) for text, series in legend if series in used]


def _bar(variant: str, reached: dict[str, float], teacher: float | None) -> Bar:
    path = [*([("teacher", teacher)] if teacher is not None else []), *((stage, reached[stage]) for stage in STAGES if stage in reached)]
    name, last = path[-1]
    segments, level = [Segment(last, 0, f"{variant}, stage {name}: {100 * last:.1f} % right")], last
    for (_, before), (stage, overall) in reversed(list(pairwise(path))):
        if before > level:
            tip = f"{variant}: {_points(overall - before)} percentage points by {_STEPS[stage]}"
            segments.append(Segment(before - level, STAGES.index(stage), tip))
            level = before
    said = [f"{path[0][0]} {100 * path[0][1]:.1f} %"]
    said += [f"{stage} {100 * overall:.1f} % ({_points(overall - before)})" for (_, before), (stage, overall) in pairwise(path)]
    return Bar(variant, tuple(segments), f"{100 * last:.1f} %", f"{variant} by stage: {', '.join(said)}")


def _points(change: float) -> str:
    return f"{100 * change:+.1f}".replace("-", "\N{MINUS SIGN}")
