"""The machine underneath: what its measurements depend on, and what the process has held."""

import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bgnn_studio import __version__


@dataclass(frozen=True)
class Machine:
    """A machine that runs were measured on.

    Attributes
    ----------
    name : str
        Host and CPU: the same for every run there.
    facts : dict
        What JSON can say of it at this moment; what the system does not tell is None.
    """

    name: str
    facts: dict[str, Any]


def this_machine() -> Machine:
    """Look at this machine."""
    facts = {
        "host": platform.node(),
        "cpu": cpu_name(),
        "cores": cores(),
        "memory_total_bytes": _memory_total(),
        "governor": _line(Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")),
        "load_average": list(os.getloadavg()) if hasattr(os, "getloadavg") else None,
        "system": platform.platform(),
        "python": platform.python_version(),
        "bgnn_studio": __version__,
    }
    return Machine(f"{facts['host']}, {facts['cpu']}", facts)


def cpu_name() -> str:
    """Return the CPU's name as the system gives it, or the architecture."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def peak_resident_bytes() -> int | None:
    """Return the most memory that this process has held at once since it began; None where the system does not tell."""
    status = Path("/proc/self/status")
    if status.is_file():  # getrusage would include what the process held before it became this program
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return 1024 * int(line.split()[1])
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def _memory_total() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def _line(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except OSError:
        return None
