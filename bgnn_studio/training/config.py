"""One frozen dataclass says everything about a cascade; the window's form and the command line read its fields."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from bgnn_studio.core.spec import NetworkSpec, Stage, at_stage, network_spec
from bgnn_studio.errors import BgnnError


@dataclass(frozen=True)
class StageSettings:
    """How long and how fast one stage is trained: Adam; `epochs` 0 leaves the stage out."""

    epochs: int
    lr: float
    weight_decay: float = 0.0


@dataclass(frozen=True)
class CascadeConfig:
    """A cascade: teacher, then student with tanh, with sign, with sign and binary weights (DESIGN section 2).

    Attributes
    ----------
    variant : str
        The student: ``rf``, ``bf1``, ``bf2`` or ``bfr``; ``dgcnn`` stops after the teacher.
    points, k, widths, embedding, head
        Sizes of teacher and student, see `NetworkSpec`.
    teacher, tanh, sign, binary : StageSettings
        The four stages; the last one cannot be left out of a student.
    schedule : str
        ``cosine``: one warm-up twentieth, then down to zero. ``step``: halved every `step_epochs`.
    alpha, temperature : float
        Share and softness of the distillation on logits.
    lsp_weight : float
        Weight of the local-structure-preserving loss; 0 leaves it out.
    label_smoothing : float
        Of the teacher's cross-entropy.
    scale, shift : float
        Augmentation per axis: scaled by U(1 / scale, scale), shifted by U(-shift, shift).
    dropout : float
        After the hidden blocks of the head.
    batch_size, seed : int
    """

    variant: str = "bfr"
    points: int = 1024
    k: int = 20
    widths: tuple[int, ...] = (64, 64, 128, 256)
    embedding: int = 1024
    head: tuple[int, int] = (512, 256)
    teacher: StageSettings = StageSettings(250, 1e-3, 1e-5)
    tanh: StageSettings = StageSettings(250, 1e-3, 1e-5)
    sign: StageSettings = StageSettings(350, 2.5e-4, 1e-5)
    binary: StageSettings = StageSettings(350, 1e-3)
    schedule: Literal["cosine", "step"] = "cosine"
    step_epochs: int = 50
    alpha: float = 0.1
    temperature: float = 3.0
    lsp_weight: float = 0.0
    label_smoothing: float = 0.2
    scale: float = 1.5
    shift: float = 0.2
    dropout: float = 0.0
    batch_size: int = 32
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse settings that cannot be trained; raises `BgnnError`."""
        if self.schedule not in ("cosine", "step"):
            raise BgnnError(f"Expected the schedule 'cosine' or 'step' (got {self.schedule!r}).")
        if self.variant != "dgcnn" and self.binary.epochs < 1:
            raise BgnnError(f"A {self.variant} network ends with the stage 'binary': expected at least one epoch of it (got 0).")
        if self.batch_size < 2:
            raise BgnnError(f"Batch norm needs at least 2 clouds in a batch (got batch_size = {self.batch_size}).")

    def spec(self, stage: Stage, classes: tuple[str, ...]) -> NetworkSpec:
        """Return the network of a stage: the teacher's, or the student's."""
        variant = "dgcnn" if stage == "teacher" else self.variant
        sizes = {"points": self.points, "k": self.k, "widths": self.widths, "embedding": self.embedding, "head": self.head}
        return at_stage(network_spec(variant, classes, **sizes), stage)

    def settings(self, stage: Stage) -> StageSettings:
        """Return the settings of a stage."""
        return {"teacher": self.teacher, "tanh": self.tanh, "sign": self.sign, "binary": self.binary}[stage]

    def student_stages(self) -> tuple[Stage, ...]:
        """Return the student's stages that are not left out, in order; none for ``dgcnn``."""
        stages: tuple[Stage, ...] = () if self.variant == "dgcnn" else ("tanh", "sign", "binary")
        return tuple(stage for stage in stages if self.settings(stage).epochs)

    def recipe(self, stage: Stage) -> dict[str, Any]:
        """Return every setting that bears on a stage; a checkpoint goes on only under an equal one."""
        apart = {"teacher", "tanh", "sign", "binary"}
        if stage == "teacher":
            apart |= {"variant", "alpha", "temperature", "lsp_weight"}
        shared = {name: value for name, value in asdict(self).items() if name not in apart}
        return shared | {"stage": stage, **asdict(self.settings(stage))}
