"""Bundled files are found beside the package in a checkout and inside it in an installed wheel."""

from pathlib import Path

import pytest

from bgnn_studio.core import resources
from bgnn_studio.errors import BgnnError


@pytest.mark.parametrize("layout", ["checkout", "wheel"])
def test_models_and_clouds_are_found(layout: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "bgnn_studio"
    root = tmp_path if layout == "checkout" else package
    (root / "models").mkdir(parents=True)
    (root / "assets" / "clouds").mkdir(parents=True)
    if layout == "checkout":
        (tmp_path / "pyproject.toml").touch()
    else:
        (tmp_path / "models").mkdir()  # somebody else's, in site-packages
    for name in ("models/b.gguf", "models/a.gguf", "models/README.md", "assets/clouds/chair.ply", "assets/clouds/README.md"):
        (root / name).touch()
    monkeypatch.setattr(resources, "_PACKAGE", package)
    assert [p.name for p in resources.bundled_models()] == ["a.gguf", "b.gguf"]
    assert [p.name for p in resources.bundled_clouds()] == ["chair.ply"]
    assert resources.models_dir() == root / "models"


def test_a_broken_installation_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path / "bgnn_studio")
    with pytest.raises(BgnnError, match=r"'assets'.*Install"):
        resources.bundled_clouds()


def test_the_file_that_leads_comes_first_and_the_rest_keep_their_order() -> None:
    paths = [Path(name) for name in ("airplane.ply", "chair.ply", "lamp.ply")]
    assert [p.stem for p in resources.led_by("chair", paths)] == ["chair", "airplane", "lamp"]
    assert resources.led_by("absent", paths) == paths
