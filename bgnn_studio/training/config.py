"""One frozen dataclass says everything about a cascade; recipe files, the command line and model files hold its fields."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from bgnn_studio.core.spec import NetworkSpec, Stage, at_stage, network_spec
from bgnn_studio.errors import BgnnError

STAGES: tuple[Stage, ...] = ("teacher", "tanh", "sign", "binary")
SHAPES = "shapes"
OPTIONS = ("first_layer", "edge_op", "max_order", "skip", "head_inputs")


@dataclass(frozen=True)
class StageSettings:
    """How long and how fast one stage is trained: Adam; `epochs` 0 leaves the stage out.

    Attributes
    ----------
    schedule : str
        ``cosine``: one warm-up twentieth, then down to zero. ``step``: halved every `step_epochs`.
    """

    epochs: int
    lr: float = 1e-3
    weight_decay: float = 0.0
    schedule: Literal["cosine", "step"] = "cosine"
    step_epochs: int = 50

    def __post_init__(self) -> None:
        """Refuse settings that cannot be trained; raises `BgnnError`."""
        if self.schedule not in ("cosine", "step"):
            raise BgnnError(f"Expected the schedule 'cosine' or 'step' (got {self.schedule!r}).")
        if self.epochs < 0 or self.step_epochs < 1 or not self.lr > 0 or self.weight_decay < 0:
            raise BgnnError(f"Expected epochs from 0, step_epochs from 1, a learning rate above 0 and a weight decay from 0 (got {self}).")


@dataclass(frozen=True)
class CascadeConfig:
    """A cascade: teacher, then student with tanh, with sign, with sign and binary weights.

    Attributes
    ----------
    variant : str
        The student: ``rf``, ``bf1``, ``bf2`` or ``bfr``; ``dgcnn`` stops after the teacher.
    data : str
        ``shapes``, the bundled set, or the path of a labelled set with a split ``train``.
    validation_share : float
        Part of the split ``train`` that picks the checkpoints, drawn by the seed; a set with a split ``validation`` uses that.
    points, k, widths, embedding, head
        Sizes of teacher and student, see `NetworkSpec`.
    width_factor : int
        The student's graph layers are this many times as wide as the teacher's.
    first_layer, edge_op, max_order, skip, head_inputs : str
        Options of the student, see `NetworkSpec`; empty: as its variant has it.
    teacher, tanh, sign, binary : StageSettings
        The four stages; the last one cannot be left out of a student, the first only if nothing is distilled.
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
    teacher_batch_size, batch_size : int
        Clouds in one step of the teacher, of the student.
    seed : int
    """

    variant: str = "bfr"
    data: str = SHAPES
    validation_share: float = 0.1
    points: int = 1024
    k: int = 20
    widths: tuple[int, ...] = (64, 64, 128, 256)
    embedding: int = 1024
    head: tuple[int, int] = (512, 256)
    width_factor: int = 1
    first_layer: str = ""
    edge_op: str = ""
    max_order: str = ""
    skip: str = ""
    head_inputs: str = ""
    teacher: StageSettings = StageSettings(250, 1e-3, 1e-5)
    tanh: StageSettings = StageSettings(250, 1e-3, 1e-5)
    sign: StageSettings = StageSettings(350, 2.5e-4, 1e-5)
    binary: StageSettings = StageSettings(350, 1e-3)
    alpha: float = 0.1
    temperature: float = 3.0
    lsp_weight: float = 0.0
    label_smoothing: float = 0.2
    scale: float = 1.5
    shift: float = 0.2
    dropout: float = 0.0
    teacher_batch_size: int = 32
    batch_size: int = 32
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse settings that cannot be trained; raises `BgnnError`."""
        self.spec("teacher", ("class",))
        if self.variant != "dgcnn":
            self.spec("binary", ("class",))
            if self.binary.epochs < 1:
                raise BgnnError(f"A {self.variant} network ends with the stage 'binary': expected at least one epoch of it (got 0).")
        if not self.teacher.epochs and (self.variant == "dgcnn" or self.distilled):
            raise BgnnError("A teacher of 0 epochs teaches nothing: expected at least one, or a student with alpha = 0 and lsp_weight = 0.")
        if min(self.batch_size, self.teacher_batch_size) < 2:
            raise BgnnError(f"Batch norm needs at least 2 clouds in a batch (got {self.teacher_batch_size} and {self.batch_size}).")
        for name, good, expected in (
            ("validation_share", 0 < self.validation_share < 1, "between 0 and 1"),
            ("alpha", 0 <= self.alpha <= 1, "from 0 to 1"),
            ("temperature", self.temperature > 0, "above 0"),
            ("lsp_weight", self.lsp_weight >= 0, "from 0"),
            ("label_smoothing", 0 <= self.label_smoothing < 1, "from 0 to below 1"),
            ("scale", self.scale >= 1, "from 1"),
            ("shift", self.shift >= 0, "from 0"),
            ("dropout", 0 <= self.dropout < 1, "from 0 to below 1"),
            ("width_factor", self.width_factor >= 1, "from 1"),
            ("seed", 0 <= self.seed < 1 << 32, "from 0 to 4294967295"),
        ):
            if not good:
                raise BgnnError(f"Expected {name} {expected} (got {getattr(self, name)!r}).")

    @property
    def distilled(self) -> bool:
        """Whether the student learns from the teacher, and not from the labels alone."""
        return bool(self.alpha or self.lsp_weight)

    def spec(self, stage: Stage, classes: tuple[str, ...]) -> NetworkSpec:
        """Return the network of a stage: the teacher's, or the student's."""
        sizes = {"points": self.points, "k": self.k, "embedding": self.embedding, "head": self.head}
        if stage == "teacher":
            return network_spec("dgcnn", classes, widths=self.widths, **sizes)
        options = {name: getattr(self, name) for name in OPTIONS if getattr(self, name)}
        widths = tuple(self.width_factor * width for width in self.widths)
        return at_stage(network_spec(self.variant, classes, widths=widths, **sizes, **options), stage)

    def settings(self, stage: Stage) -> StageSettings:
        """Return the settings of a stage."""
        return {"teacher": self.teacher, "tanh": self.tanh, "sign": self.sign, "binary": self.binary}[stage]

    def student_stages(self) -> tuple[Stage, ...]:
        """Return the student's stages that are not left out, in order; none for ``dgcnn``."""
        return () if self.variant == "dgcnn" else tuple(stage for stage in STAGES[1:] if self.settings(stage).epochs)

    def stages(self) -> tuple[Stage, ...]:
        """Return every stage that leads to the variant, the teacher's only where somebody learns from it."""
        return (*(("teacher",) if self.variant == "dgcnn" or self.distilled else ()), *self.student_stages())

    def batch(self, stage: Stage) -> int:
        """Return the clouds in one step of a stage."""
        return self.teacher_batch_size if stage == "teacher" else self.batch_size

    def recipe(self, stage: Stage) -> dict[str, Any]:
        """Return every setting that bears on a stage; a checkpoint goes on only under an equal one."""
        apart = {*STAGES}
        apart |= {"variant", "width_factor", *OPTIONS, "alpha", "temperature", "lsp_weight", "batch_size"} if stage == "teacher" else set()
        shared = {name: value for name, value in asdict(self).items() if name not in apart}
        return shared | {"stage": stage, **asdict(self.settings(stage))}
