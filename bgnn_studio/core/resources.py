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


def bundled_clouds() -> list[Path]:
    """Return the sample clouds (every file of ``assets/clouds`` but notes in Markdown), the chair first."""
    return _led_by("chair", (p for p in (assets_dir() / "clouds").glob("*.*") if p.suffix != ".md"))


def _led_by(name: str, paths: Iterable[Path]) -> list[Path]:
    return sorted(paths, key=lambda path: (path.stem != name, path.name))
