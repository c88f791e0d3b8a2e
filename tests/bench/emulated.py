"""Instructions of a program on an emulated CPU, counted by a QEMU plugin, and the cycles that llvm-mca estimates for them."""

import json
import re
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.requirements import ROOT

SHARE = 0.999  # of the instructions: blocks that llvm-mca sees; the rest is taken at their rate


@dataclass(frozen=True)
class Block:
    """Instructions that run one after the other."""

    address: int
    instructions: int
    function: str


@dataclass(frozen=True)
class Board:
    """An emulated CPU, and the compiler of its programs."""

    compiler: str
    emulator: str
    cpu: str


def compile_plugin(folder: Path) -> Path:
    """Compile the plugin that counts blocks."""
    plugin = folder / "blocks.so"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", ROOT / "native" / "bench" / "blocks.c", "-o", plugin], check=True)
    return plugin


@dataclass(frozen=True)
class Program:
    """A program for a board, and the plugin that counts its blocks."""

    board: Board
    plugin: Path
    path: Path


def count(program: Program, *arguments: str | Path, isa: str = "") -> tuple[str, Counter[Block]]:
    """Run a program; return what it printed, and how often each of its blocks ran."""
    with TemporaryDirectory() as folder:
        out = Path(folder) / "blocks.tsv"
        board = program.board
        emulator = [board.emulator, "-cpu", board.cpu, "-E", f"BGNN_ISA={isa}", "-plugin", f"{program.plugin},out={out}"]
        printed = subprocess.run([*emulator, program.path, *arguments], capture_output=True, text=True, check=True).stdout
        rows = [line.split("\t") for line in out.read_text().splitlines()]
    return printed, Counter({Block(int(address), int(size), name): int(runs) for address, size, runs, name in rows})


def of_one_more(program: Program, *arguments: str | Path, isa: str = "") -> tuple[str, Counter[Block]]:
    """Return the same for what a program does more when its last argument, a number, is 2 and not 1."""
    _, one = count(program, *arguments, "1", isa=isa)
    printed, two = count(program, *arguments, "2", isa=isa)
    return printed, two - one


def instructions(blocks: Counter[Block], function: str | None = None) -> int:
    """Return how many instructions ran, in all or in one function."""
    return sum(block.instructions * runs for block, runs in blocks.items() if function in (None, block.function))


def joined(blocks: Counter[Block]) -> Counter[Block]:
    """Return blocks that always ran one after the other as one."""
    whole: list[tuple[Block, int]] = []
    for block, runs in sorted(blocks.items(), key=lambda item: (item[0].address, item[0].instructions)):
        last, last_runs = whole[-1] if whole else (block, 0)
        if last_runs == runs and last.address + 4 * last.instructions == block.address:
            whole[-1] = Block(last.address, last.instructions + block.instructions, last.function), runs
        else:
            whole.append((block, runs))
    return Counter(dict(whole))


def disassembly(program: Path) -> dict[int, str]:
    """Return the instruction at every address of an aarch64 program, branches all to one label."""
    command = ["llvm-objdump", "-d", "--no-show-raw-insn", program]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    found = (re.match(r"\s*([0-9a-f]+):\s+(\S.*)", line) for line in lines)
    return {int(match[1], 16): re.sub(r"0x[0-9a-f]+ <[^>]*>", ".L0", match[2].split("//")[0]) for match in found if match}


def cycles(loops: Sequence[Sequence[str]], cpu: str) -> list[float]:
    """Return the cycles of one turn that llvm-mca estimates for each of some loops, given without their branches' labels."""
    lines = [".L0:"]
    for i, body in enumerate(loops):
        lines += [f"# LLVM-MCA-BEGIN {i}", *body, "# LLVM-MCA-END"]
    command = ["llvm-mca", "-mtriple=aarch64", f"-mcpu={cpu}", "-mattr=+dotprod", "-iterations=100", "-json"]
    done = subprocess.run(command, input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
    views = {region["Name"]: region["SummaryView"] for region in json.loads(done.stdout)["CodeRegions"]}
    return [views[str(i)]["TotalCycles"] / views[str(i)]["Iterations"] for i in range(len(loops))]


@dataclass(frozen=True)
class Estimate:
    """Cycles, in all and by function; and by function the block that ran most instructions, with its cycles."""

    total: float
    of: dict[str, float]
    loop: dict[str, tuple[Block, float]]


def estimate(blocks: Counter[Block], text: dict[int, str], cpu: str) -> Estimate:
    """Add up what llvm-mca says of each block, as if it were repeated."""
    whole, seen, of, loop = instructions(blocks), 0, Counter[str](), {}
    taken: list[tuple[Block, int]] = []
    for block, runs in sorted(joined(blocks).items(), key=lambda item: -item[0].instructions * item[1]):
        if seen >= SHARE * whole:
            break
        taken.append((block, runs))
        seen += block.instructions * runs
    each = cycles([[text[block.address + 4 * i] for i in range(block.instructions)] for block, _ in taken], cpu)
    for (block, runs), one in zip(taken, each, strict=True):
        of[block.function] += one * runs
        loop.setdefault(block.function, (block, one))
    return Estimate(of.total() * whole / seen, dict(of), loop)
