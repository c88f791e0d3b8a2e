"""What a run's figures are worth: measured or emulated, and whether the board was held back while they were taken."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from bgnn_studio.boards.messages import Heartbeat, Identity

Badge = Literal["measured", "emulated"]
State = Literal["none", "throttled", "unknown"]
# vcgencmd get_throttled: bits 0-3 say what is so now, bits 16-19 what has been so since the board started.
FLAGS = ("under-voltage", "frequency capped", "throttled", "soft temperature limit")
SINCE_START = 16
DROP = 0.9  # of the highest frequency seen while measuring; governors step by more, sensors jitter by less


@dataclass(frozen=True)
class Throttling:
    """Whether the board was held back: `none` was seen, it was `throttled`, or it is `unknown` for want of sensors; and why."""

    state: State
    reasons: tuple[str, ...]


def badge(prefix: Sequence[str], identity: Identity, machine: str) -> Badge:
    """Say whether times are a real processor's: not under a launch prefix or on a board that is QEMU, nor where another machine is shown.

    Parameters
    ----------
    prefix : words of the launch prefix
    identity : Identity
        What the runner saw.
    machine : str
        `uname -m` of the shell that started it: the kernel may hand programs of other architectures to an emulator.
    """
    said = [identity.board or "", *(cpu.model_name or "" for cpu in identity.cpus or ())]
    emulated = any(PurePosixPath(word).name.startswith("qemu") for word in prefix)
    emulated |= any("qemu" in text.lower() or "dummy-virt" in text for text in said)
    return "emulated" if emulated or identity.machine != machine else "measured"


def throttling(heartbeats: Sequence[Heartbeat], affinity: Sequence[int] | None) -> Throttling:
    """Judge a run by its heartbeats: the firmware's flags, and the highest clock of the CPUs it could use while it measured."""
    words = [int(beat.throttled, 16) for beat in heartbeats if beat.throttled is not None]
    reasons = []
    for bit, name in enumerate(FLAGS):
        before = words[0] >> SINCE_START + bit & 1 if words else 0
        if any(word >> bit & 1 or (word >> SINCE_START + bit & 1) > before for word in words):
            reasons.append(name)
    clocks = [clock for beat in heartbeats if beat.phase == "measure" and (clock := beat.khz(affinity))]
    peak = 0
    for clock in clocks:
        peak = max(peak, clock)
        if clock < DROP * peak:
            reasons.append(f"the clock fell from {peak / 1e6:.2f} to {clock / 1e6:.2f} GHz")
            break
    if reasons:
        return Throttling("throttled", tuple(reasons))
    return Throttling("none" if words or len(clocks) > 1 else "unknown", ())
