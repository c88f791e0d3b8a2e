"""What this runs on."""

from importlib.metadata import version

from bgnn_studio.core.machine import core_count, cpu_name, package_versions


def test_versions_are_those_installed() -> None:
    versions = package_versions()
    assert versions["numpy"] == version("numpy")
    assert None not in versions.values()


def test_there_is_a_processor() -> None:
    assert cpu_name()
    assert core_count() >= 1
