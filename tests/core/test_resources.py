"""Bundled files are found beside the package in a checkout and inside it in an installed wheel."""

from pathlib import Path

import pytest

from bgnn_studio.core import resources
from bgnn_studio.errors import BgnnError


@pytest.mark.parametrize("layout", ["checkout", "wheel"])
def test_models_and_clouds_are_found(layout: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "bgnn_studio"
    root = tmp_path if layout == "checkout" else package
    (root / "models" / "stages").mkdir(parents=True)
    (root / "assets" / "clouds").mkdir(parents=True)
    if layout == "checkout":
        (tmp_path / "pyproject.toml").touch()
    else:
        (tmp_path / "models").mkdir()  # somebody else's, in site-packages
    files = ("models/dgcnn.gguf", "models/bfr.gguf", "models/bf2.gguf", "models/README.md", "models/stages/bf2-tanh.gguf")
    for name in (*files, *(f"assets/clouds/{cloud}" for cloud in ("mug.ply", "chair.ply", "airplane.ply", "README.md"))):
        (root / name).touch()
    monkeypatch.setattr(resources, "_PACKAGE", package)
    assert [p.name for p in resources.bundled_models()] == ["bfr.gguf", "bf2.gguf", "dgcnn.gguf"]
    assert [p.name for p in resources.bundled_clouds()] == ["chair.ply", "airplane.ply", "mug.ply"]
    assert resources.models_dir() == root / "models"
    stages, modelnet = resources.further_models().values()
    assert [p.name for p in stages] == ["bfr.gguf", "bf2.gguf", "dgcnn.gguf", "bf2-tanh.gguf"]
    assert modelnet == []
    assert resources.bundled_files()["stages/bf2-tanh.gguf"] == root / "models/stages/bf2-tanh.gguf"
    assert resources.bundled_files()["mug.ply"] == root / "assets/clouds/mug.ply"


def test_a_broken_installation_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path / "bgnn_studio")
    with pytest.raises(BgnnError, match=r"'assets'.*Install"):
        resources.bundled_clouds()
