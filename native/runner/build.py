"""Cross-compile bgnn-runner for every board: one static program per architecture, shipped in the package with its SHA-256.

``build.py`` builds them all by Zig's C compiler and musl, ``build.py --check`` builds them again and compares. Nothing is fetched;
the first build of an architecture compiles musl (a minute or more), later ones take seconds.
"""

import hashlib
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "bgnn_studio" / "boards" / "runners"
RECORD = SHIPPED / "runners.json"
TARGETS = {
    "aarch64": "aarch64-linux-musl",
    "x86_64": "x86_64-linux-musl",
    "armv7": "arm-linux-musleabihf",
    "riscv64": "riscv64-linux-musl",
}
FLAGS = ("-std=c11", "-O3", "-ffp-contract=off", "-fno-math-errno")
CROSS_FLAGS = ("-Wall", "-Wextra", "-Werror", "-Wno-unknown-pragmas", "-static", "-s")


def sources() -> list[Path]:
    """Return every C file of the library and the runner."""
    return sorted([*(ROOT / "native/src").glob("*.c"), *(ROOT / "native/runner").glob("*.c")])


def project() -> dict[str, Any]:
    """Return the table `project` of pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return table


def arguments(output: Path, *flags: str) -> list[str]:
    """Return what follows the name of any C compiler to build the whole runner in one command."""
    named = [*FLAGS, *flags, f'-DBGNN_VERSION="{project()["version"]}"', f"-I{ROOT / 'native/include'}"]
    return [*named, *map(str, sources()), "-o", str(output), "-lm", "-pthread"]


def sources_sha256() -> str:
    """Return one hash of all that the runners are made of: C files and headers, the version, flags, targets, the compiler."""
    extras = project()["optional-dependencies"]["runners"]
    total = hashlib.sha256(repr((project()["version"], FLAGS, CROSS_FLAGS, TARGETS, extras)).encode())
    folders = (ROOT / "native" / name for name in ("include", "runner", "src"))
    for path in sorted(path for folder in folders for path in folder.glob("*.[ch]")):
        total.update(f"\0{path.relative_to(ROOT).as_posix()}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def program(architecture: str, folder: Path = SHIPPED) -> Path:
    """Return where the runner of an architecture is."""
    return folder / f"bgnn-runner-{architecture}"


def build(architecture: str, folder: Path) -> Path:
    """Compile the runner of one architecture; raises `CalledProcessError` after the compiler has said why."""
    caches = {name: str(ROOT / "build" / "zig") for name in ("ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR")}
    zig = [sys.executable, "-m", "ziglang", "cc", "-target", TARGETS[architecture], f"-ffile-prefix-map={ROOT}=."]
    output = program(architecture, folder)
    subprocess.run([*zig, *arguments(output, *CROSS_FLAGS)], check=True, env={**os.environ, **caches})
    return output


def record_of(folder: Path) -> dict[str, Any]:
    """Return what `runners.json` says of the runners in a folder."""
    programs = {name: program(name, folder).read_bytes() for name in TARGETS}
    return {"sources": sources_sha256(), "sha256": {name: hashlib.sha256(data).hexdigest() for name, data in programs.items()}}


def main() -> int:
    """Build into the package, or into a folder to compare; return 1 when a comparison fails."""
    check = sys.argv[1:] == ["--check"]
    with TemporaryDirectory() as temporary:
        folder = Path(temporary) if check else SHIPPED
        folder.mkdir(parents=True, exist_ok=True)
        for name in TARGETS:
            print(f"{name:8} {build(name, folder).stat().st_size} bytes", flush=True)
        record = record_of(folder)
        if not check:
            RECORD.write_text(json.dumps(record, indent=2) + "\n")
        elif record != json.loads(RECORD.read_text()):
            print(f"The runners in {SHIPPED.relative_to(ROOT)} are not those of these sources. Run 'make runners' and commit them.")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
