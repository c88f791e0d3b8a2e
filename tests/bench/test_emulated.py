"""Instructions on emulated CPUs are counted exactly, and llvm-mca's cycles are those of the loop that it was given."""

import subprocess
from collections import Counter

import pytest

from tests.bench.emulated import Block, Board, Program, compile_plugin, cycles, disassembly, estimate, instructions, joined, of_one_more
from tests.requirements import needs

A72 = Board("aarch64-linux-gnu-gcc", "qemu-aarch64", "cortex-a72")
LOOP = """
static __attribute__((noinline)) void turn(long turns) {
    __asm__ volatile("1: eor v0.16b, v1.16b, v2.16b\\n eor v3.16b, v1.16b, v2.16b\\n subs %0, %0, #1\\n b.ne 1b"
                     : "+r"(turns) : : "cc", "v0", "v3");
}
int main(int count, char **arguments) {
    turn(1000 * (arguments[count - 1][0] - '0'));
    return 0;
}
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    needs("cc", "qemu-aarch64", "qemu plugins", "aarch64-linux-gnu-gcc")
    folder = tmp_path_factory.mktemp("emulated")
    source, path = folder / "loop.c", folder / "loop"
    source.write_text(LOOP)
    subprocess.run([A72.compiler, "-O2", "-static", source, "-o", path], check=True)
    return Program(A72, compile_plugin(folder), path)


def test_a_loop_is_counted_to_the_instruction(program: Program) -> None:
    _, blocks = of_one_more(program)
    assert instructions(blocks) == instructions(blocks, "turn") == 4 * 1000


def test_cycles_are_those_of_the_cores_width_and_pipes(program: Program) -> None:
    needs("llvm-mca")
    blocks = of_one_more(program)[1]
    found = estimate(blocks, disassembly(program.path), A72.cpu)
    block, turn = found.loop["turn"]
    assert block.instructions == 4
    assert turn == pytest.approx(4 / 3, abs=0.1)  # three are decoded a cycle
    assert found.total == pytest.approx(1000 * turn, rel=0.01)
    assert cycles([["eor v0.16b, v1.16b, v2.16b"] * 8, ["b .L0"]], A72.cpu) == [pytest.approx(4, abs=0.2), pytest.approx(1, abs=0.2)]


def test_blocks_that_follow_each_other_are_joined() -> None:
    blocks = Counter({Block(0, 2, "f"): 5, Block(8, 1, "f"): 5, Block(12, 3, "f"): 4})
    assert joined(blocks) == Counter({Block(0, 3, "f"): 5, Block(12, 3, "f"): 4})
    assert instructions(joined(blocks)) == instructions(blocks)
