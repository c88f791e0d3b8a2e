"""Lint, format and types of the whole project; a failure shows the tool's own output."""

import subprocess
import sys

import pytest

from tests.requirements import ROOT


@pytest.mark.parametrize("tool", ["ruff check", "ruff format --check", "mypy"])
def test_clean(tool: str) -> None:
    ran = subprocess.run([sys.executable, "-m", *tool.split()], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, f"{tool}\n{ran.stdout}{ran.stderr}"
