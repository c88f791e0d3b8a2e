"""An installed wheel, outside the checkout and run from another directory, finds its library, models and assets."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import numpy as np
import pytest

from tests.random_model import random_cloud
from tests.requirements import ROOT, needs, python_of


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel, install it in a fresh environment beside the dependencies of this one; return its bin folder."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", f"--config-settings=build-dir={folder}/build", "-w", str(folder), str(ROOT)],
        check=True,
    )
    wheel = next(folder.glob("*.whl"))
    assert "-cp311-abi3-" in wheel.name
    environment = folder / "venv"
    venv.create(environment, with_pip=False)
    python = environment / "bin" / "python"
    site = Path(subprocess.check_output([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True).strip())
    subprocess.run([*pip, "--python", str(python), "install", "--no-deps", str(wheel)], check=True)
    # The dependencies come from here; .pth files in that folder are not followed, so the checkout itself does not leak in.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n" + _layered())
    return environment / "bin"


def _layered() -> str:
    """Return further site folders that this environment was itself layered on."""
    own = sysconfig.get_path("purelib")
    return "\n".join(p for p in sys.path if p.endswith("site-packages") and p != own)


def test_installed_wheel_infers_from_another_directory(installed: Path, tmp_path: Path) -> None:
    where = subprocess.check_output(
        [installed / "python", "-c", "import bgnn_studio; print(bgnn_studio.__file__)"], cwd=tmp_path, text=True
    )
    assert str(installed.parent) in where
    listing = "from bgnn_studio.core.resources import bundled_clouds, bundled_models; print(bundled_clouds()[0]); print(*bundled_models())"
    cloud, models = subprocess.check_output([installed / "python", "-c", listing], cwd=tmp_path, text=True).splitlines()
    model = next(m for m in models.split() if Path(m).name.startswith("bf2"))
    assert str(installed.parent) in model
    output = subprocess.check_output([installed / "bgnn-studio", "infer", cloud, "--model", model, "--json"], cwd=tmp_path, text=True)
    assert json.loads(output)["class"]
    board = [installed / "bgnn-studio", "profile", "local", "--model", model, "--repeat", "1", "--no-history", "--json"]
    output = subprocess.check_output(board, cwd=tmp_path, text=True, env={**os.environ, "HOME": str(tmp_path)})
    assert json.loads(output)[0]["runs"][0]["equal"]


@pytest.mark.parametrize("version", ["3.12", "3.13"])
def test_the_same_wheel_runs_on_another_python(installed: Path, tmp_path: Path, version: str) -> None:
    """Without Qt and torch, which nothing here needs; numpy and cffi of that Python come from where pip finds them."""
    needs(f"python{version}")
    environment = tmp_path / "venv"
    subprocess.run([python_of(version), "-m", "venv", environment], check=True)
    pip = [environment / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "-q", "install"]
    subprocess.run([*pip, "numpy>=2", "cffi>=1.17"], check=True)
    subprocess.run([*pip, "--no-deps", next(installed.parents[1].glob("*.whl"))], check=True)
    np.save(tmp_path / "cloud.npy", random_cloud(60, 1))
    command = [environment / "bin" / "bgnn-studio", "infer", "cloud.npy", "--model", ROOT / "models" / "bfr.gguf", "--json"]
    command += ["--points", "60"]
    there = json.loads(subprocess.check_output(command, cwd=tmp_path, text=True))
    here = json.loads(subprocess.check_output([installed / "bgnn-studio", *command[1:]], cwd=tmp_path, text=True))
    assert there["class"] == here["class"]
    assert there["logits"] == here["logits"]


def test_installed_wheel_has_the_recipes(installed: Path, tmp_path: Path) -> None:
    command = [installed / "bgnn-studio", "train", "--config", "demo", "--set", "k=many"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.stderr == "bgnn-studio: demo, dgcnn: 'k': expected a whole number (got 'many').\n"
