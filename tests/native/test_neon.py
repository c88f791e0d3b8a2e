"""isa_parity.c on this machine and on emulated ARM cores: every instruction set gives the same bits, and so does every machine."""

from pathlib import Path

import pytest

from bgnn_studio import native
from tests.native.c_program import CHECKSUM, compile_isa_parity, run_isa_parity
from tests.requirements import needs

CHANNELS = "8"  # of float products, where only kernels run and emulated multiply-adds would take most of the time


@pytest.fixture(scope="module")
def host_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    needs("cc")
    return compile_isa_parity("cc", tmp_path_factory.mktemp("host") / "isa_parity", "-O3")


@pytest.fixture(scope="module")
def host_kernels(host_program: Path) -> str:
    """Return the checksum of the kernels alone."""
    return run_isa_parity(host_program, CHANNELS)[0]


def test_the_host_gives_the_known_bits(host_program: Path):
    checksum, isas = run_isa_parity(host_program)
    assert (checksum, tuple(isas)) == (CHECKSUM, native.isas())


@pytest.fixture(scope="module")
def arm_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    needs("qemu-aarch64", "aarch64-linux-gnu-gcc")
    return compile_isa_parity("aarch64-linux-gnu-gcc", tmp_path_factory.mktemp("arm") / "isa_parity", "-O3", "-static")


def test_emulated_arm_gives_the_same_bits(arm_program: Path):
    assert run_isa_parity("qemu-aarch64", "-cpu", "cortex-a53", arm_program) == (CHECKSUM, ["scalar", "neon"])


@pytest.mark.parametrize("cpu", ["cortex-a72", "cortex-a76", "max"])
def test_every_kernel_on_other_arm_cores(cpu: str, arm_program: Path, host_kernels: str):
    assert run_isa_parity("qemu-aarch64", "-cpu", cpu, arm_program, CHANNELS) == (host_kernels, ["scalar", "neon"])


@pytest.fixture(scope="module")
def arm32_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    needs("qemu-arm", "arm-linux-gnueabihf-gcc")
    output = tmp_path_factory.mktemp("arm32") / "isa_parity"
    return compile_isa_parity("arm-linux-gnueabihf-gcc", output, "-O3", "-static", "-fno-math-errno")


@pytest.mark.parametrize(("cpu", "isas"), [("cortex-a7", ["scalar", "neon", "neon-vfpv4"]), ("cortex-a8", ["scalar", "neon"])])
def test_every_kernel_on_32_bit_arm(cpu: str, isas: list[str], arm32_program: Path, host_kernels: str):
    assert run_isa_parity("qemu-arm", "-cpu", cpu, arm32_program, CHANNELS) == (host_kernels, isas)
