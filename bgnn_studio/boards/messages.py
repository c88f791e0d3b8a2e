"""The lines of bgnn-runner as typed events; `native/runner/README.md` says what each member means. None: the machine does not say."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from types import UnionType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")


@dataclass(frozen=True)
class Cpu:
    """One kind of core, and how many of it there are."""

    implementer: str | None
    part: str | None
    model_name: str | None
    count: int


@dataclass(frozen=True)
class Governor:
    """What steers the frequency of a CPU."""

    cpu: int
    governor: str | None


@dataclass(frozen=True)
class Identity:
    """What the machine says of itself."""

    library_version: str
    compiler: str
    system: str
    release: str
    machine: str
    board: str | None
    cpus: tuple[Cpu, ...] | None
    hwcap: str | None
    hwcap2: str | None
    isas: tuple[str, ...]
    isa: str
    cores: int
    affinity: tuple[int, ...] | None
    governors: tuple[Governor, ...] | None
    memory_total_bytes: int | None
    memory_available_bytes: int | None


@dataclass(frozen=True)
class ModelInfo:
    """The model as the board read it."""

    variant: str
    points: int
    k: int
    file_bytes: int
    tensor_bytes: int
    prepared_bytes: int
    arena_bytes: int


@dataclass(frozen=True)
class Init:
    """The model is open; sizes of this run."""

    open_ns: int
    points: int
    k: int
    threads: int


@dataclass(frozen=True)
class Cool:
    """The pause before the first pass: how long it was, the hottest zone at its end, and whether that is as cool as asked."""

    seconds: float
    celsius: float | None
    reached: bool


@dataclass(frozen=True)
class First:
    """The first pass, cold."""

    ns: int


@dataclass(frozen=True)
class Temperature:
    """One thermal zone."""

    zone: str
    celsius: float | None


@dataclass(frozen=True)
class Frequency:
    """The clock of one CPU."""

    cpu: int
    khz: int | None


@dataclass(frozen=True)
class Heartbeat:
    """Once a second: how far the run is, and what the sensors say."""

    elapsed_s: float
    phase: str
    runs: int
    layers_ns: tuple[int, ...] | None
    temperatures: tuple[Temperature, ...] | None
    frequencies: tuple[Frequency, ...] | None
    throttled: str | None
    load_average: tuple[float, ...] | None

    @property
    def celsius(self) -> float | None:
        """Temperature of the hottest zone."""
        return max((one.celsius for one in self.temperatures or () if one.celsius is not None), default=None)

    def khz(self, affinity: Sequence[int] | None) -> int | None:
        """Highest clock of the CPUs that a run may use; None for the CPUs: all."""
        return max((one.khz for one in self.frequencies or () if one.khz and (affinity is None or one.cpu in affinity)), default=None)


@dataclass(frozen=True)
class StepTime:
    """The median of one step."""

    step: str
    p50_ns: float


@dataclass(frozen=True)
class LayerTime:
    """The median of one layer, its operations by definition, its steps."""

    layer: str
    p50_ns: float
    macs: int
    bit_ops: int
    steps: tuple[StepTime, ...]


@dataclass(frozen=True)
class Result:
    """What was measured, and the outputs.

    `n` of the measured `passes` were kept; `instructions` are those of one more pass, on one thread, or `instructions_absent` says why
    they were not counted.
    """

    n: int
    passes: int
    stopped_by: str
    p50_ns: float
    min_ns: int
    p90_ns: float
    p99_ns: float
    mean_ns: float
    std_ns: float
    spread: float | None
    samples_ns: tuple[int, ...]
    layers: tuple[LayerTime, ...]
    instructions: int | None
    instructions_absent: str | None
    peak_rss_bytes: int | None
    arena_bytes: int
    model_bytes: int
    logits: tuple[float, ...]
    checksum: str


@dataclass(frozen=True)
class Failure:
    """The runner refused its input."""

    message: str


@dataclass(frozen=True)
class Stopped:
    """The runner was asked to stop."""

    reason: str


@dataclass(frozen=True)
class Noise:
    """A line that is not the runner's: of a shell's profile, of a launch prefix, or damaged."""

    text: str


Message = Identity | ModelInfo | Init | Cool | First | Heartbeat | Result | Failure | Stopped | Noise
_KINDS: dict[str, type[Message]] = {
    "identity": Identity,
    "model": ModelInfo,
    "init": Init,
    "cool": Cool,
    "first": First,
    "heartbeat": Heartbeat,
    "result": Result,
    "error": Failure,
    "stopped": Stopped,
}


def parse_line(text: str) -> Message:
    """Return a line as an event; whatever is not a whole line of the runner is `Noise`."""
    try:
        value = json.loads(text)
        return typed(_KINDS[value["type"]], value)
    except (ValueError, LookupError, TypeError, RecursionError):
        return Noise(text)


def typed(kind: type[T], value: Any) -> T:  # noqa: ANN401
    """Return JSON as a value of a type: a frozen dataclass, a tuple of one type, an optional or a plain type; raises `ValueError`."""
    if isinstance(kind, UnionType):
        options = [option for option in get_args(kind) if option is not type(None)]
        return value if value is None else typed(options[0], value)
    if get_origin(kind) is tuple and isinstance(value, list | tuple):
        return tuple(typed(get_args(kind)[0], item) for item in value)  # type: ignore[return-value]
    if is_dataclass(kind) and isinstance(value, dict):
        hints = get_type_hints(kind)
        return kind(**{field.name: typed(hints[field.name], value[field.name]) for field in fields(kind)})
    if type(value) is kind or (kind is float and type(value) is int):
        return cast("T", value)
    raise ValueError(f"Expected {kind} (got {value!r}).")
