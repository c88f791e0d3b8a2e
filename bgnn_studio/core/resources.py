"""Where the bundled models and sample clouds are: beside the package in a checkout, inside it in an installed wheel."""

from collections.abc import Iterable
from pathlib import Path

from bgnn_studio.errors import BgnnError

_PACKAGE = Path(__file__).resolve().parents[1]


def _folder(name: str) -> Path:
    checkout = _PACKAGE.parent
    folder = checkout / name if (checkout / "pyproject.toml").is_file() else _PACKAGE / name
    if not folder.is_dir():
        raise BgnnError(f"Expected the folder '{name}' of bgnn-studio at {folder} (found none). Install the package again.")
    return folder


def models_dir() -> Path:
    """Return the folder of the bundled models; raises `BgnnError` when the installation lacks it."""
    return _folder("models")


def assets_dir() -> Path:
    """Return the folder of icons and sample clouds; raises `BgnnError` when the installation lacks it."""
    return _folder("assets")


def bundled_models() -> list[Path]:
    """Return the bundled model files: first the one that the window opens with, the most accurate of the binary ones."""
    return _led_by("bfr", models_dir().glob("*.gguf"))


def further_models() -> dict[str, list[Path]]:
    """Return bundled models that the window opens when asked, by what they are: those of earlier stages with their last ones; others."""
    folder = models_dir()
    stages = sorted((folder / "stages").glob("*.gguf"))
    return {
        "Every stage of the cascade": [*bundled_models(), *stages],
        "Trained on ModelNet40": sorted((folder / "modelnet40").glob("*.gguf")),
    }


def bundled_files() -> dict[str, Path]:
    """Return every bundled cloud and model by the name that holds wherever the application is installed."""
    folder = models_dir()
    names = {path.relative_to(folder).as_posix(): path for paths in further_models().values() for path in paths}
    return names | {path.name: path for path in bundled_clouds()}


def bundled_clouds() -> list[Path]:
    """Return the sample clouds (every file of ``assets/clouds`` but notes in Markdown), the chair first."""
    return _led_by("chair", (p for p in (assets_dir() / "clouds").glob("*.*") if p.suffix != ".md"))


def _led_by(name: str, paths: Iterable[Path]) -> list[Path]:
    return sorted(paths, key=lambda path: (path.stem != name, path.name))
