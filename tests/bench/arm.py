"""`make bench-arm`: what ARM cores have to do for one pass, with none at hand. Prints tables in Markdown; about two minutes.

Instructions are counted under QEMU (*emulated*, exact: those of two passes less those of one) over one cloud of 1,024 points, k = 20,
published sizes, random weights, one thread; logits must be those of this machine, bit for bit. Cycles are *estimated* by llvm-mca
for each block of instructions that ran, as if it were repeated, every load from the first cache level and every branch foreseen: a
board takes longer.
"""

import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from bgnn_studio.core.spec import VARIANTS, network_spec
from bgnn_studio.native import Model
from bgnn_studio.training.timing import write_full_size
from tests.bench.contest import table
from tests.bench.emulated import Block, Board, Estimate, Program, compile_plugin, cycles, disassembly, estimate, instructions, of_one_more
from tests.bench.scaling import POINTS, K, bit_operations, sphere
from tests.requirements import ROOT

A72 = Board("aarch64-linux-gnu-gcc", "qemu-aarch64", "cortex-a72")
A7 = Board("arm-linux-gnueabihf-gcc", "qemu-arm", "cortex-a7")
CLOCK_GHZ = 1.5  # of the Cortex-A72 in a Raspberry Pi 4B
FLAGS = ("-std=c11", "-O3", "-ffp-contract=off", "-fno-math-errno", "-static")
# 256 multiply-adds of bits: a vector of columns against two rows. UDOT can add bytes up where ADD does; SDOT multiplies bytes, one a bit.
DOTPROD = {
    "eor, cnt, add": """ldr q1, [x0]
eor v2.16b, v1.16b, v20.16b; cnt v2.16b, v2.16b; add v8.16b, v8.16b, v2.16b
eor v3.16b, v1.16b, v21.16b; cnt v3.16b, v3.16b; add v9.16b, v9.16b, v3.16b""",
    "eor, cnt, udot with ones": """ldr q1, [x0]
eor v2.16b, v1.16b, v20.16b; cnt v2.16b, v2.16b; udot v8.4s, v2.16b, v31.16b
eor v3.16b, v1.16b, v21.16b; cnt v3.16b, v3.16b; udot v9.4s, v3.16b, v31.16b""",
    "sdot, a byte for each bit": "; ".join(
        f"ldr q{v}, [x0]; sdot v{8 + v}.4s, v{v}.16b, v30.16b; sdot v{16 + v}.4s, v{v}.16b, v31.16b" for v in range(8)
    ),
}


@dataclass(frozen=True)
class Pass:
    """What one pass of a network takes."""

    variant: str
    blocks: Counter[Block]
    estimate: Estimate

    @property
    def instructions(self) -> int:
        return instructions(self.blocks)


def compile_pass(board: Board, plugin: Path, folder: Path) -> Program:
    """Compile the program that runs passes as one does on a board, but with its symbols."""
    program = folder / f"pass-{board.cpu}"
    sources = [*sorted((ROOT / "native" / "src").glob("*.c")), ROOT / "native" / "bench" / "pass.c"]
    subprocess.run([board.compiler, *FLAGS, f"-I{ROOT / 'native' / 'include'}", *sources, "-o", program, "-lm", "-pthread"], check=True)
    return Program(board, plugin, program)


def one_pass(program: Program, model: Path, cloud: Path, isa: str = "") -> Counter[Block]:
    """Return the blocks of one pass; raises ValueError where its logits are not those of this machine."""
    printed, blocks = of_one_more(program, model, cloud, isa=isa)
    expected = Model.open(model).infer(np.fromfile(cloud, "<f4").reshape(-1, 3), k=K).logits
    if printed.split()[1:] != [f"{bits:08x}" for bits in expected.view(np.uint32)]:
        raise ValueError(f"{model.stem} on {program.board.cpu}: other logits than on this machine.")
    return blocks


def products() -> dict[str, dict[str, int]]:
    """Return the multiply-adds of kernels by network: of bits in bf2, of floats in dgcnn (its graph of layer 1 is grown by a tree)."""
    bits, spec = bit_operations(), network_spec("dgcnn", tuple(str(i) for i in range(40)))
    edges, own, embedding, graphs = bits.values()
    sizes = [2 * spec.embedding, *spec.head, 40]
    halves = 2 * POINTS * sum(a * b for a, b in pairwise((3, *spec.widths)))
    head = sum(a * b for a, b in pairwise(sizes))
    return {
        "bf2": {"extremes": edges, "hamming": own + embedding, "hamming_u8": graphs},
        "dgcnn": {"gemm": halves + embedding + head, "distance": graphs},
    }


def print_passes(passes: list[Pass]) -> None:
    """Print what each network takes beside the float one."""
    rows, rival = [], passes[0]
    for it in passes:
        most = ", ".join(f"`{name}` {part / it.estimate.total:.0%}" for name, part in Counter(it.estimate.of).most_common(3))
        fewer, faster = rival.instructions / it.instructions, rival.estimate.total / it.estimate.total
        figures = [f"{it.instructions / 1e6:.0f}", f"{fewer:.1f}x", f"{it.estimate.total / 1e6:.0f}", f"{faster:.1f}x"]
        rows.append([f"`{it.variant}`", *figures, f"{it.estimate.total / CLOCK_GHZ / 1e6:.0f}", most])
    head = ["network", "instructions [M]", "`dgcnn` over it", "cycles [M]", "`dgcnn` over it", f"ms at {CLOCK_GHZ} GHz", "most cycles in"]
    table(f"One pass on a {A72.cpu}: instructions emulated, cycles and ms estimated", head, rows)


def print_kernels(passes: list[Pass]) -> None:
    """Print products by instruction and by cycle, and the loop that each kernel spends most in."""
    rows = []
    for it in passes:
        for name, work in products().get(it.variant, {}).items():
            own, (block, turn) = instructions(it.blocks, name), it.estimate.loop[name]
            spent = it.estimate.of[name]
            figures = [f"{work / 1e6:.0f}", f"{own / 1e6:.1f}", f"{work / own:.1f}", f"{spent / 1e6:.1f}", f"{work / spent:.1f}"]
            rows.append([f"`{name}`, `{it.variant}`", *figures, f"{block.instructions} in {turn:.1f} cycles"])
    head = ["kernel", "multiply-adds [M]", "instructions [M]", "each does", "cycles [M]", "each does", "inner loop"]
    table(f"Kernels on a {A72.cpu}: multiply-adds of bits (`bf2`) and floats (`dgcnn`), emulated and estimated", head, rows)


def print_dotprod() -> None:
    """Print why SDOT and UDOT are not used."""
    loops = [text.replace("\n", "; ").split("; ") for text in DOTPROD.values()]
    rows = [[name, str(len(body)), f"{turn:.1f}"] for name, body, turn in zip(DOTPROD, loops, cycles(loops, "cortex-a76"), strict=True)]
    table("256 multiply-adds of bits on a cortex-a76, estimated", ["by", "instructions", "cycles"], rows)


def print_32_bit(program: Program, model: Path, cloud: Path) -> None:
    """Print what NEON saves on 32-bit ARM."""
    own = {isa: instructions(one_pass(program, model, cloud, isa=isa)) for isa in ("scalar", "neon", "neon-vfpv4")}
    rows = [[f"`{isa}`", f"{count / 1e6:.0f}"] for isa, count in own.items()]
    table(f"One pass of `bf2` on a {A7.cpu} (32-bit), emulated", ["kernels", "instructions [M]"], rows)


def version_of(program: str) -> str:
    """Return the line in which a program says its version."""
    lines = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()
    return next(line.strip() for line in lines if re.search(r"\d+\.\d+\.\d+", line))


def main() -> int:
    """Print every table."""
    needed = ("cc", A72.compiler, A72.emulator, A7.compiler, A7.emulator, "llvm-objdump", "llvm-mca")
    if missing := [name for name in needed if shutil.which(name) is None]:
        print(f"Not found: {', '.join(missing)}. 'sh setup.sh bench-arm' installs them.", file=sys.stderr)
        return 2
    with TemporaryDirectory() as name:
        folder = Path(name)
        plugin, cloud = compile_plugin(folder), folder / "cloud.f32"
        sphere().astype("<f4").tofile(cloud)
        program, program_32 = (compile_pass(board, plugin, folder) for board in (A72, A7))
        text = disassembly(program.path)
        models = {variant: Path(write_full_size(variant, folder)[0]) for variant in VARIANTS}
        passes = []
        for variant, model in models.items():
            blocks = one_pass(program, model, cloud)
            passes.append(Pass(variant, blocks, estimate(blocks, text, A72.cpu)))
        print_passes(passes)
        print_kernels(passes)
        print_32_bit(program_32, models["bf2"], cloud)
        print_dotprod()
    print(f"\n{version_of(A72.compiler)}; {version_of(A72.emulator)}; {version_of('llvm-mca')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
