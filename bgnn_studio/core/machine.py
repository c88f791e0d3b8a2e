"""What this runs on: versions of packages, processor, cores."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("numpy", "PySide6-Essentials", "pyqtgraph", "pyvista", "pyvistaqt", "vtk", "trimesh", "gguf", "torch", "torch-geometric")


def package_versions() -> dict[str, str | None]:
    """Return the version of each package that does the work, None where it is not installed; imports none of them."""
    return {name: _version(name) for name in PACKAGES}


def cpu_name() -> str:
    """Return what the processor calls itself."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def core_count() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
