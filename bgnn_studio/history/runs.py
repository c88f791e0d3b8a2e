"""What the history keeps of a run: under which conditions, every sample, and where the time went."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from bgnn_studio.core.statistics import median_interval
from bgnn_studio.errors import HistoryError

Kind = Literal["local", "board"]
Engine = Literal["native", "torch"]
Badge = Literal["measured", "emulated", "estimated"]
KINDS, ENGINES, BADGES = get_args(Kind), get_args(Engine), get_args(Badge)


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Conditions:
    """Under which a run was made; what a list shows of it, and what filters look at.

    Attributes
    ----------
    kind : str
        ``local`` (in this process, or a child of it) or ``board`` (bgnn-runner on a machine, this one included).
    engine : str
        ``native`` or ``torch``.
    badge : str
        ``measured``, ``emulated`` (QEMU) or ``estimated`` (llvm-mca).
    model_name, variant, model_sha256 : str
        File name without its suffix, ``bf2`` ..., and the digest of the file in hexadecimal; empty where the weights are no file's.
    cloud : str
        Name of the cloud.
    points, k, threads : int
    isa : str
        What ran: ``scalar``, ``avx2``, ``avx512``, ``neon``; for torch what it says of itself.
    machine : str
        Short and the same for every run of one machine: host name and CPU, or the board's address.
    time : datetime
        When it began, with a time zone; now by default.
    """

    kind: Kind
    engine: Engine
    badge: Badge
    model_name: str
    variant: str
    model_sha256: str
    cloud: str
    points: int
    k: int
    threads: int
    isa: str
    machine: str
    time: datetime = field(default_factory=_now)

    def __post_init__(self) -> None:
        for name, allowed in (("kind", KINDS), ("engine", ENGINES), ("badge", BADGES)):
            if getattr(self, name) not in allowed:
                raise HistoryError(f"Expected '{name}' of a run to be one of {', '.join(allowed)} (got {getattr(self, name)!r}).")
        if self.time.tzinfo is None:
            raise HistoryError(f"Expected the time of a run with a time zone (got {self.time}).")


@dataclass(frozen=True)
class StepRecord:
    """Median time of one step of a layer, in nanoseconds."""

    name: str
    p50_ns: float


@dataclass(frozen=True)
class LayerRecord:
    """Median time of one layer, in nanoseconds, its steps in order, and its operations by definition where they are known."""

    name: str
    p50_ns: float
    steps: tuple[StepRecord, ...] = ()
    macs: int | None = None
    bit_ops: int | None = None


@dataclass(frozen=True)
class Summary:
    """Figures of the samples, in nanoseconds: `n` of them, percentiles linear between samples.

    `interval_ns` is the 95 % interval of the median, or None below 8 samples.
    """

    n: int
    p50_ns: float
    p90_ns: float
    p99_ns: float
    min_ns: float
    interval_ns: tuple[float, float] | None


def summarise(samples_ns: NDArray[np.int64]) -> Summary:
    """Return the figures of (n,) samples."""
    least, p50, p90, p99 = (float(value) for value in np.percentile(samples_ns, (0, 50, 90, 99)))
    return Summary(len(samples_ns), p50, p90, p99, least, median_interval(samples_ns))


@dataclass(frozen=True, eq=False)
class Run:
    """A run to record.

    Attributes
    ----------
    conditions : Conditions
    samples_ns : (n,) int64
        Wall time of every measured pass in the order of time, warm-up left out; at least one, each at least 1.
    layers : tuple of LayerRecord
        In the order of execution; empty where only the whole was timed.
    machine_facts : mapping
        Snapshot of the host or the board, anything that JSON can say: CPU, governor, memory, versions.
    details : mapping
        What else this kind of run knows, anything that JSON can say: first pass, memory, heartbeats, logits, verdicts.
    checksum : str or None
        16 hexadecimal digits over graphs, bits and logits, as bgnn-runner gives it.
    tags : frozenset of str
    notes : str
    instructions : int or None
        That one pass on one thread retired; None where they were not counted.
    """

    conditions: Conditions
    samples_ns: NDArray[np.int64]
    layers: tuple[LayerRecord, ...] = ()
    machine_facts: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    checksum: str | None = None
    tags: frozenset[str] = frozenset()
    notes: str = ""
    instructions: int | None = None

    def __post_init__(self) -> None:
        samples = np.asarray(self.samples_ns)
        if samples.ndim != 1 or len(samples) == 0 or not np.issubdtype(samples.dtype, np.integer) or samples.min() < 1:
            raise HistoryError(f"Expected 'samples_ns' of shape (n,), positive whole numbers (got {samples.dtype} {samples.shape}).")
        if self.instructions is not None and self.instructions < 1:
            raise HistoryError(f"Expected 'instructions' of a run to be positive, or None (got {self.instructions}).")
        object.__setattr__(self, "samples_ns", samples.astype(np.int64))


@dataclass(frozen=True)
class Entry:
    """A run as a list shows it; `id` is its number in this history, never used again."""

    id: int
    conditions: Conditions
    summary: Summary
    checksum: str | None
    tags: frozenset[str]
    notes: str
    instructions: int | None = None


@dataclass(frozen=True, eq=False)
class Record:
    """A run as it was stored: `run` whole, and its `entry`."""

    entry: Entry
    run: Run
