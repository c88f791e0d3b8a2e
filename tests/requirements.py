"""What some tests need from the machine, by name: the only accepted reasons for a skip.

A test says ``needs("shared/conformance")``; `conftest.py` fails the session on any skip whose need is in fact met, so that
no test is lost silently.
"""

import functools
import os
import platform
import shutil
import subprocess
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("BGNN_SHARED", ROOT.parent / "shared"))


def _isa(name: str) -> bool:
    from bgnn_studio import native

    return name in native.isas()


@functools.cache
def _mount_namespaces() -> bool:
    """Whether this user may mount file systems that nobody else sees."""
    command = ("unshare", "-m", "mount", "-t", "tmpfs", "none", "/var/tmp")
    return shutil.which("unshare") is not None and subprocess.run(command, capture_output=True, check=False).returncode == 0


@functools.cache
def python_of(version: str) -> str | None:
    """Return an interpreter of this version that starts, from the path or from pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for found in (shutil.which(f"python{version}"), *sorted(map(str, pyenv.glob(f"{version}.*/bin/python")))):
        says = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
        if found and subprocess.run([found, "-c", says], capture_output=True, text=True, check=False).stdout.strip() == version:
            return found
    return None


@functools.cache
def _qemu_plugins() -> bool:
    """Whether QEMU was built to load plugins."""
    if shutil.which("qemu-aarch64") is None:
        return False
    return "-plugin" in subprocess.run(("qemu-aarch64", "-h"), capture_output=True, text=True, check=False).stdout


NEEDS: dict[str, Callable[[], bool]] = {
    "shared/conformance": (SHARED / "conformance").is_dir,
    "shared/data": (SHARED / "data").is_dir,
    "qemu-aarch64": lambda: shutil.which("qemu-aarch64") is not None,
    "qemu-arm": lambda: shutil.which("qemu-arm") is not None,
    "qemu-riscv64": lambda: shutil.which("qemu-riscv64") is not None,
    "x86_64": lambda: platform.machine() == "x86_64",
    "aarch64-linux-gnu-gcc": lambda: shutil.which("aarch64-linux-gnu-gcc") is not None,
    "arm-linux-gnueabihf-gcc": lambda: shutil.which("arm-linux-gnueabihf-gcc") is not None,
    "python3.12": lambda: python_of("3.12") is not None,
    "python3.13": lambda: python_of("3.13") is not None,
    "llvm-mca": lambda: shutil.which("llvm-mca") is not None and shutil.which("llvm-objdump") is not None,
    "qemu plugins": _qemu_plugins,
    "sshd": Path("/usr/sbin/sshd").exists,
    "onnx": lambda: find_spec("onnx") is not None,
    "onnxruntime": lambda: find_spec("onnxruntime") is not None,
    "bcrypt": lambda: find_spec("bcrypt") is not None,  # a dependency of the application, but an optional one of asyncssh
    "tensorboard": lambda: find_spec("tensorboard") is not None,
    "ssh-agent": lambda: shutil.which("ssh-agent") is not None,
    "openssl": lambda: shutil.which("openssl") is not None,
    "dropbear": Path("/usr/sbin/dropbear").exists,
    "mount namespaces": _mount_namespaces,
    "/dev/full": Path("/dev/full").exists,
    "Xvfb": lambda: shutil.which("Xvfb") is not None,
    "cc": lambda: shutil.which("cc") is not None,
    "glibc": lambda: platform.libc_ver()[0] == "glibc",
    "fork": lambda: hasattr(os, "fork"),
    "user nobody": lambda: hasattr(os, "setuid"),
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
