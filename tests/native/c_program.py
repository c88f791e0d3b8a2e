"""The C test program isa_parity and the ways to compile it."""

import subprocess
from pathlib import Path

from tests.requirements import ROOT

# What the scalar kernels and networks of isa_parity.c give. It changes only with that program or with the arithmetic:
# a change of arithmetic must be meant, because boards in the field then disagree with the desktop.
CHECKSUM = "d1bb1883f1a563c3"
NATIVE = ROOT / "native"
PROGRAM = ("isa_parity.c", "networks.c", "fixture.c")


def compile_isa_parity(compiler: str, output: Path, *flags: str) -> Path:
    """Compile the whole library and isa_parity with one command, as on a board."""
    sources = [*sorted((NATIVE / "src").glob("*.c")), *(NATIVE / "tests" / name for name in PROGRAM)]
    includes = [f"-I{NATIVE / 'include'}", f"-I{NATIVE / 'src'}"]
    command = [compiler, "-std=c11", "-ffp-contract=off", *flags, *includes, *sources, "-o", output, "-lm", "-pthread"]
    subprocess.run(command, check=True)
    return output


def run_isa_parity(*command: str | Path) -> tuple[str, list[str]]:
    """Run it; return the checksum of its scalar results and the names of the instruction sets it tried."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.split("\n")
    isas = [line.split(":")[0] for line in lines if line.endswith(": 0 differences")]
    (checksum,) = (line.split()[1] for line in lines if line.startswith("checksum "))
    return checksum, isas
