"""What a run tells while it goes on."""

from dataclasses import dataclass

from bgnn_studio.core.spec import Stage


@dataclass(frozen=True)
class EpochReport:
    """What one epoch gave: mean loss over its batches, validation accuracy (fraction), wall time in seconds."""

    variant: str
    stage: Stage
    epoch: int
    epochs: int
    loss: float
    validation: float
    seconds: float


@dataclass(frozen=True)
class StepReport:
    """How far a stage has come: batches done of all its epochs, and the loss of the last one."""

    variant: str
    stage: Stage
    done: int
    total: int
    loss: float
