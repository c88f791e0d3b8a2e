"""Measured or emulated, held back or not, on boards as their sensors would tell."""

from dataclasses import replace

import pytest

from bgnn_studio.boards.messages import Cpu, Frequency, Heartbeat, Identity
from bgnn_studio.boards.verdicts import Throttling, badge, throttling

PI = Identity(
    *("0.1.0", "clang", "Linux", "6.6", "aarch64", "Raspberry Pi 4 Model B Rev 1.4"),
    *((Cpu("0x41", "0xd08", None, 4),), "0x9ff", "0x0", ("scalar", "neon"), "neon", 4, (0, 1, 2, 3), None, None, None),
)


@pytest.mark.parametrize(
    ("prefix", "identity", "machine", "expected"),
    [
        ((), PI, "aarch64", "measured"),
        (("taskset", "-c", "3"), PI, "aarch64", "measured"),
        (("qemu-aarch64", "-cpu", "max"), PI, "aarch64", "emulated"),
        (("nice", "/opt/qemu-aarch64-static"), PI, "aarch64", "emulated"),
        ((), replace(PI, board="linux,dummy-virt"), "aarch64", "emulated"),
        ((), replace(PI, board=None, cpus=(Cpu(None, None, "QEMU TCG CPU version 2.5+", 1),)), "aarch64", "emulated"),
        ((), PI, "x86_64", "emulated"),  # the kernel handed the program to an emulator
        ((), replace(PI, board=None, cpus=None), "aarch64", "measured"),
    ],
)
def test_badge(prefix: tuple[str, ...], identity: Identity, machine: str, expected: str):
    assert badge(prefix, identity, machine) == expected


def beat(throttled: str | None = None, *mhz: int | None, phase: str = "measure") -> Heartbeat:
    clocks = tuple(Frequency(cpu, value and value * 1000) for cpu, value in enumerate(mhz)) or None
    return Heartbeat(0, phase, 0, None, None, clocks, throttled, None)


NONE, UNKNOWN = Throttling("none", ()), Throttling("unknown", ())


@pytest.mark.parametrize(
    ("beats", "expected"),
    [
        ([], UNKNOWN),
        ([beat()], UNKNOWN),
        ([beat("0x0"), beat("0x0")], NONE),
        ([beat("0x50000"), beat("0x50000")], NONE),  # it was throttled once, before this run
        ([beat("0x0"), beat("0x50000")], Throttling("throttled", ("under-voltage", "throttled"))),  # between two heartbeats
        ([beat("0x0"), beat("0x8"), beat("0x80000")], Throttling("throttled", ("soft temperature limit",))),
        ([beat("0x2")], Throttling("throttled", ("frequency capped",))),
        ([beat(None, 1800, 1800), beat(None, 1700, 600)], NONE),
        ([beat(None, 1800), beat(None, 1500)], Throttling("throttled", ("the clock fell from 1.80 to 1.50 GHz",))),
        ([beat(None, 600, phase="open"), beat(None, 1800), beat(None, 1800), beat(None, 600, phase="checksum")], NONE),
        ([beat(None, 600), beat(None, 1800), beat(None, 1800)], NONE),  # a governor that wakes up
        ([beat(None, 1800)], UNKNOWN),
        ([beat(None, None), beat(None, None)], UNKNOWN),
        ([beat(None, 1800, 1800, 1800, 1800, 3000), beat(None, 1800, 1800, 1800, 1800, 600)], NONE),  # a CPU that it may not use
    ],
)
def test_throttling(beats: list[Heartbeat], expected: Throttling):
    assert throttling(beats, (0, 1, 2, 3)) == expected
    assert throttling(beats[:0], None) == UNKNOWN
