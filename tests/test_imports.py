"""Direction of dependency: the contracts of pyproject.toml, and what a fresh interpreter really loads."""

import subprocess
import sys
from pathlib import Path

import pytest

import bgnn_studio
from tests.requirements import ROOT

PACKAGE = Path(bgnn_studio.__file__).parent


def modules(without: set[str]) -> list[str]:
    """Name every module of the package but those under the given subpackages."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        if parts[1] not in without and parts[-1] != "__main__":
            found.append(".".join(parts).removesuffix(".__init__"))
    return found


def loaded_by(names: list[str]) -> set[str]:
    """Return the top-level packages that importing these modules loads in a fresh interpreter."""
    code = (
        f"import sys, importlib\nfor name in {names}: importlib.import_module(name)\nprint(*{{m.partition('.')[0] for m in sys.modules}})"
    )
    return set(subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True).split())


def test_import_contracts() -> None:
    linter = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    ran = subprocess.run([sys.executable, "-c", linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "0 broken" in ran.stdout


def test_qt_is_loaded_by_the_window_alone() -> None:
    assert not loaded_by(modules(without={"ui"})) & {"PySide6", "pyqtgraph", "pyvistaqt"}


def test_torch_is_loaded_by_training_alone() -> None:
    assert not loaded_by(modules(without={"training", "ui"})) & {"torch", "torch_geometric"}


def test_the_window_loads_no_torch() -> None:
    assert not loaded_by(modules(without={"training", "native"})) & {"torch", "torch_geometric"}


def test_vtk_is_loaded_by_scene_alone() -> None:
    assert not loaded_by(modules(without={"scene", "training", "ui"})) & {"vtkmodules", "vtk", "pyvista"}


@pytest.mark.parametrize("name", ["bgnn_studio.cli", "bgnn_studio.core", "bgnn_studio.errors"])
def test_start_up_loads_no_numpy(name: str) -> None:
    assert "numpy" not in loaded_by([name])


def test_the_window_is_opened_without_torch() -> None:
    assert "torch" not in loaded_by(["bgnn_studio.ui.app"])
