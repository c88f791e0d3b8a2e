"""Versions of packages, without importing them."""

from importlib.metadata import version

import pytest

from bgnn_studio.core import packages


def test_versions_are_those_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "PACKAGES", ("numpy", "no-such-package"))
    assert packages.package_versions() == {"numpy": version("numpy"), "no-such-package": None}
