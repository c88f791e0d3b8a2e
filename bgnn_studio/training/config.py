"""One frozen dataclass says everything about a cascade; recipe files, the command line and model files hold its fields."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from bgnn_studio.core.spec import STAGES, NetworkSpec, Stage, at_stage, network_spec
from bgnn_studio.errors import BgnnError

SHAPES = "shapes"
OPTIONS = ("first_layer", "edge_op", "max_order", "skip", "head_inputs")
# What a number of `CascadeConfig` must be, in words and as a test; the window's form shows it, too.
BOUNDS: dict[str, tuple[str, Callable[[float], bool]]] = {
    "validation_share": ("between 0 and 1", lambda v: 0 < v < 1),
    "points": ("from 1", lambda v: v >= 1),
    "k": ("from 1", lambda v: v >= 1),
    "embedding": ("from 1", lambda v: v >= 1),
    "alpha": ("from 0 to 1", lambda v: 0 <= v <= 1),
    "temperature": ("above 0", lambda v: v > 0),
    "lsp_weight": ("from 0", lambda v: v >= 0),
    "label_smoothing": ("from 0 to below 1", lambda v: 0 <= v < 1),
    "scale": ("from 1", lambda v: v >= 1),
    "shift": ("from 0", lambda v: v >= 0),
    "dropout": ("from 0 to below 1", lambda v: 0 <= v < 1),
    "width_factor": ("from 1", lambda v: v >= 1),
    "batch_size": ("from 2", lambda v: v >= 2),
    "teacher_batch_size": ("from 2", lambda v: v >= 2),
    "seed": ("from 0 to 4294967295", lambda v: 0 <= v < 1 << 32),
}
STAGE_BOUNDS: dict[str, tuple[str, Callable[[float], bool]]] = {
    "epochs": ("from 0", lambda v: v >= 0),
    "lr": ("above 0", lambda v: v > 0),
    "weight_decay": ("from 0", lambda v: v >= 0),
    "step_epochs": ("from 1", lambda v: v >= 1),
}


@dataclass(frozen=True)
class StageSettings:
    """How long and how fast one stage is trained: Adam; `epochs` 0 leaves the stage out.

    Attributes
    ----------
    epochs : int
        How often the stage sees every training cloud; 0 leaves the stage out.
    lr : float
        Learning rate of Adam at its highest.
    weight_decay : float
        Pull of every weight towards zero, as Adam adds it to the gradient.
    schedule : str
        ``cosine``: one warm-up twentieth, then down to zero. ``step``: halved every `step_epochs`.
    step_epochs : int
        Epochs until the learning rate is halved, under ``step``.
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
        if not all(good(getattr(self, name)) for name, (_, good) in STAGE_BOUNDS.items()):
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
        Options of the student, see `NetworkSpec`; ``own``: as its variant has it.
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
        Of weights, batches, augmentation and the validation part: the same seed on the same CPU gives the same bits.
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
    first_layer: Literal["own", "binary", "float"] = "own"
    edge_op: Literal["own", "diff", "xor", "cat"] = "own"
    max_order: Literal["own", "before_norm", "after_norm"] = "own"
    skip: Literal["own", "none", "real"] = "own"
    head_inputs: Literal["own", "sign", "real"] = "own"
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
        for name, (expected, good) in BOUNDS.items():
            if not good(getattr(self, name)):
                raise BgnnError(f"Expected {name} {expected} (got {getattr(self, name)!r}).")
        if self.k > self.points:
            raise BgnnError(f"Expected k up to points, {self.points} (got {self.k}).")

    @property
    def distilled(self) -> bool:
        """Whether the student learns from the teacher, and not from the labels alone."""
        return bool(self.alpha or self.lsp_weight)

    def spec(self, stage: Stage, classes: tuple[str, ...]) -> NetworkSpec:
        """Return the network of a stage: the teacher's, or the student's."""
        sizes = {"points": self.points, "k": self.k, "embedding": self.embedding, "head": self.head}
        if stage == "teacher":
            return network_spec("dgcnn", classes, widths=self.widths, **sizes)
        options: dict[str, Any] = {name: getattr(self, name) for name in OPTIONS if getattr(self, name) != "own"}
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
