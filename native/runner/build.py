"""Cross-compile bgnn-runner for every board: one static program per architecture in build/runners, by Zig's C compiler and musl.

Nothing is fetched; the first build of an architecture compiles musl (a minute or more), later ones take seconds.
"""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "build" / "runners"
TARGETS = {
    "aarch64": "aarch64-linux-musl",
    "x86_64": "x86_64-linux-musl",
    "armv7": "arm-linux-musleabihf",
    "riscv64": "riscv64-linux-musl",
}
FLAGS = ("-std=c11", "-O3", "-ffp-contract=off", "-fno-math-errno")
WARNINGS = ("-Wall", "-Wextra", "-Werror", "-Wno-unknown-pragmas")


def sources() -> list[Path]:
    """Return every C file of the library and the runner."""
    return sorted([*(ROOT / "native/src").glob("*.c"), *(ROOT / "native/runner").glob("*.c")])


def arguments(output: Path, *flags: str) -> list[str]:
    """Return what follows the name of any C compiler to build the whole runner in one command."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    named = [*FLAGS, *flags, f'-DBGNN_VERSION="{version}"', f"-I{ROOT / 'native/include'}"]
    return [*named, *map(str, sources()), "-o", str(output), "-lm", "-pthread"]


def program(architecture: str) -> Path:
    """Return where the runner of an architecture is built."""
    return OUTPUT / f"bgnn-runner-{architecture}"


def fresh() -> bool:
    """Whether every runner is built and younger than everything that it is made of."""
    inputs = [*sources(), *(ROOT / "native").glob("*/*.h"), ROOT / "pyproject.toml"]
    newest = max(path.stat().st_mtime for path in inputs)
    return all(program(name).exists() and program(name).stat().st_mtime > newest for name in TARGETS)


def build(architecture: str) -> Path:
    """Compile the runner of one architecture; raises `CalledProcessError` after the compiler has said why."""
    caches = {name: str(ROOT / "build" / "zig") for name in ("ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR")}
    OUTPUT.mkdir(parents=True, exist_ok=True)
    zig = [sys.executable, "-m", "ziglang", "cc", "-target", TARGETS[architecture]]
    output = program(architecture)
    subprocess.run([*zig, *arguments(output, *WARNINGS, "-static", "-s")], check=True, env={**os.environ, **caches})
    return output


if __name__ == "__main__":
    for name in TARGETS:
        built = build(name)
        print(f"{built.relative_to(ROOT)}  {built.stat().st_size} bytes")
