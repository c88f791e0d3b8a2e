"""The bgnn-runner programs that come with the package: which one a machine runs, and whether it is the one that was shipped."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bgnn_studio.errors import BgnnError, RemoteError

FOLDER = Path(__file__).parent / "runners"  # native/runner/build.py fills it
# By `uname -m`. An ARM of version 6 (Raspberry Pi 1 and Zero) lacks instructions that the armv7 program uses.
MACHINES = {
    "aarch64": "aarch64",
    "arm64": "aarch64",
    "armv7l": "armv7",
    "armv8l": "armv7",
    "riscv64": "riscv64",
    "x86_64": "x86_64",
    "amd64": "x86_64",
}
EMULATORS = {"qemu-aarch64": "aarch64", "qemu-arm": "armv7", "qemu-riscv64": "riscv64", "qemu-x86_64": "x86_64"}


@dataclass(frozen=True)
class Runner:
    """One shipped program: its architecture, its bytes and their SHA-256."""

    architecture: str
    data: bytes
    sha256: str


def emulated_architecture(prefix: Sequence[str]) -> str | None:
    """Return the architecture that a launch prefix emulates (``qemu-aarch64 -cpu cortex-a72``), or None where it emulates none."""
    names = (PurePosixPath(word).name.removesuffix("-static") for word in prefix)
    return next((EMULATORS[name] for name in names if name in EMULATORS), None)


def architecture_of(system: str, machine: str) -> str:
    """Return the architecture of a machine by its `uname -s` and `uname -m`; raises `RemoteError` where no runner is shipped for it."""
    if system != "Linux" or machine not in MACHINES:
        known = ", ".join(sorted(set(MACHINES.values())))
        raise RemoteError(f"No runner for {system} on {machine}: there are some for Linux on {known}. Choose another board.")
    return MACHINES[machine]


def shipped_runner(architecture: str) -> Runner:
    """Read the runner of an architecture; raises `BgnnError` where it is missing or not the one that was shipped."""
    path = FOLDER / f"bgnn-runner-{architecture}"
    try:
        expected = json.loads((FOLDER / "runners.json").read_text())["sha256"][architecture]
        data = path.read_bytes()
    except (OSError, ValueError, KeyError) as error:
        raise BgnnError(f"{path}: the runner of {architecture} is missing or unreadable. Install bgnn-studio again.") from error
    if hashlib.sha256(data).hexdigest() != expected:
        raise BgnnError(f"{path}: expected the SHA-256 {expected[:16]}... that it was shipped with. Install bgnn-studio again.")
    return Runner(architecture, data, expected)
