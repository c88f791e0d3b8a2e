"""Where the bundled models and sample clouds are: beside the package in a checkout, inside it in an installed wheel."""

from collections.abc import Sequence
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
    """Return the bundled model files, by name."""
    return sorted(models_dir().glob("*.gguf"))


def bundled_clouds() -> list[Path]:
    """Return the sample clouds (every file of ``assets/clouds`` but notes in Markdown), by name."""
    return sorted(p for p in (assets_dir() / "clouds").glob("*.*") if p.suffix != ".md")


def led_by(name: str, paths: Sequence[Path]) -> list[Path]:
    """Put the files with `name` in theirs first: the window selects the first."""
    return sorted(paths, key=lambda path: name not in path.stem)
