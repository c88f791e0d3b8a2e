"""What a figure was measured on."""

import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bgnn_studio import native
from tests.requirements import ROOT

PEERS = ("torch", "torch-geometric", "onnxruntime", "openvino", "faiss-cpu", "pykdtree", "usearch", "numpy")


def cpu_name() -> str:
    """Return the CPU as the system names it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor())


def describe() -> str:
    """Return CPU, compiler, instruction set, versions and load as lines of text."""
    compiler = subprocess.run(["cc", "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
    versions = ", ".join(f"{name} {_version(name)}" for name in PEERS)
    return "\n".join(
        [
            f"{cpu_name()}, {os.cpu_count()} cores; {compiler}; Python {platform.python_version()} on {sys.platform}",
            f"engine on {native.isa()} (BGNN_ISA chooses: {', '.join(native.isas())})",
            versions,
        ]
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def compile_floor(folder: Path) -> Path:
    """Compile native/bench/floor.c."""
    program = folder / "floor"
    subprocess.run(["cc", "-std=c11", "-O3", ROOT / "native" / "bench" / "floor.c", "-o", program, "-pthread"], check=True)
    return program


def floor(program: Path, threads: int) -> dict[str, tuple[float, str]]:
    """Run it; return its figures with their units, by name."""
    lines = subprocess.run([program, str(threads)], capture_output=True, text=True, check=True).stdout.splitlines()
    return {name: (float(value), unit) for name, value, unit in (line.split("\t") for line in lines)}
