"""isa_parity.c on this machine and on emulated ARM cores: every instruction set gives the same bits, and so does every machine."""

from pathlib import Path

import pytest

from bgnn_studio import native
from tests.native.c_program import CHECKSUM, compile_isa_parity, run_isa_parity
from tests.requirements import needs


def test_the_host_gives_the_known_bits(tmp_path: Path):
    needs("cc")
    checksum, isas = run_isa_parity(compile_isa_parity("cc", tmp_path / "isa_parity", "-O3"))
    assert (checksum, tuple(isas)) == (CHECKSUM, native.isas())


@pytest.fixture(scope="module")
def arm_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    needs("qemu-aarch64", "aarch64-linux-gnu-gcc")
    return compile_isa_parity("aarch64-linux-gnu-gcc", tmp_path_factory.mktemp("arm") / "isa_parity", "-O3", "-static")


@pytest.mark.parametrize("cpu", ["cortex-a53", "cortex-a72", "max"])
def test_emulated_arm_gives_the_same_bits(cpu: str, arm_program: Path):
    assert run_isa_parity("qemu-aarch64", "-cpu", cpu, arm_program) == (CHECKSUM, ["scalar", "neon"])
