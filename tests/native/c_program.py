"""The C test programs isa_parity and training_parity and the ways to compile them."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.requirements import ROOT

# What the scalar kernels and networks of isa_parity.c give. It changes only with that program or with the arithmetic:
# a change of arithmetic must be meant, because boards in the field then disagree with the desktop.
CHECKSUM = "d1bb1883f1a563c3"
NATIVE = ROOT / "native"
PROGRAM = ("isa_parity.c", "networks.c", "fixture.c")


def compile_isa_parity(compiler: str, output: Path, *flags: str) -> Path:
    """Compile the whole library and isa_parity with one command, as on a board."""
    return _compile(compiler, output, PROGRAM, ["include", "src"], *flags)


def compile_training_parity(compiler: str, output: Path, *flags: str) -> Path:
    """Compile the library, the passes of training and training_parity."""
    passes = [f"../training/{path.name}" for path in sorted((NATIVE / "training").glob("*.c"))]
    return _compile(compiler, output, [*passes, "training_parity.c", "fixture.c"], ["include", "src", "training"], *flags)


def _compile(compiler: str, output: Path, program: Sequence[str], includes: list[str], *flags: str) -> Path:
    sources = [*sorted((NATIVE / "src").glob("*.c")), *(NATIVE / "tests" / name for name in program)]
    folders = [f"-I{NATIVE / name}" for name in includes]
    command = [compiler, "-std=c11", "-ffp-contract=off", *flags, *folders, *sources, "-o", output, "-lm", "-pthread"]
    subprocess.run(command, check=True)
    return output


def run_isa_parity(*command: str | Path) -> tuple[str, list[str]]:
    """Run it; return the checksum of its scalar results and the names of the instruction sets it tried."""
    lines = _run(*command)
    (checksum,) = (line.split()[1] for line in lines if line.startswith("checksum "))
    return checksum, _without_differences(lines)


def run_training_parity(*command: str | Path) -> list[str]:
    """Run it; return the names of the instruction sets it tried."""
    return _without_differences(_run(*command))


def _run(*command: str | Path) -> list[str]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.split("\n")


def _without_differences(lines: list[str]) -> list[str]:
    return [line.split(":")[0] for line in lines if line.endswith(": 0 differences")]
