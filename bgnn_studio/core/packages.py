"""Versions of the packages that do the work."""

from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("numpy", "PySide6-Essentials", "pyqtgraph", "pyvista", "pyvistaqt", "vtk", "trimesh", "gguf", "torch", "torch-geometric")


def package_versions() -> dict[str, str | None]:
    """Return the version of each package, None where it is not installed; imports none of them."""
    return {name: _version(name) for name in PACKAGES}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
