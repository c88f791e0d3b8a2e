"""What some tests need from the machine, by name: the only accepted reasons for a skip.

A test says ``needs("shared/conformance")``; `conftest.py` fails the session on any skip whose need is in fact met, so that
no test is lost silently.
"""

import os
import platform
import runpy
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("BGNN_SHARED", ROOT.parent / "shared"))


def _isa(name: str) -> bool:
    from bgnn_studio import native

    return name in native.isas()


def _runners_are_fresh() -> bool:
    return bool(runpy.run_path(str(ROOT / "native" / "runner" / "build.py"))["fresh"]())


NEEDS: dict[str, Callable[[], bool]] = {
    "shared/conformance": (SHARED / "conformance").is_dir,
    "shared/data": (SHARED / "data").is_dir,
    "qemu-aarch64": lambda: shutil.which("qemu-aarch64") is not None,
    "qemu-arm": lambda: shutil.which("qemu-arm") is not None,
    "qemu-riscv64": lambda: shutil.which("qemu-riscv64") is not None,
    "x86_64": lambda: platform.machine() == "x86_64",
    "make runners": _runners_are_fresh,
    "aarch64-linux-gnu-gcc": lambda: shutil.which("aarch64-linux-gnu-gcc") is not None,
    "/dev/full": Path("/dev/full").exists,
    "Xvfb": lambda: shutil.which("Xvfb") is not None,
    "cc": lambda: shutil.which("cc") is not None,
    "glibc": lambda: platform.libc_ver()[0] == "glibc",
    "isa avx2": lambda: _isa("avx2"),
    "isa avx512": lambda: _isa("avx512"),
    "isa neon": lambda: _isa("neon"),
}


def needs(*names: str) -> None:
    """Skip the calling test, with the reason, unless this machine has all of `names`."""
    for name in names:
        if not NEEDS[name]():
            pytest.skip(f"needs: {name}")


def met(reason: str) -> bool:
    """Whether a skip reason names nothing that is really missing here."""
    name = reason.removeprefix("Skipped: ").removeprefix("needs: ")
    return name not in NEEDS or NEEDS[name]()
