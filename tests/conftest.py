"""Shared fixtures, the report of what this machine offered, and the guard against silent skips."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.requirements import NEEDS, SHARED, met, needs

# Scenes without a window draw through EGL; without this VTK tries an X server first and warns.
if "DISPLAY" not in os.environ:
    os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")


@pytest.fixture(autouse=True, scope="session")
def _history_and_cache_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep tests, and what they start, away from the user's run history and cache."""
    os.environ["BGNN_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    os.environ["BGNN_HISTORY"] = str(tmp_path_factory.mktemp("history") / "history.sqlite3")


@pytest.fixture
def shared_dir() -> Path:
    """Return the folder of shared data beside the project; skip where it is absent."""
    needs("shared/conformance", "shared/data")
    return SHARED


def pytest_report_header() -> list[str]:
    from bgnn_studio import native

    found = {name: check() for name, check in NEEDS.items()}
    return [
        f"bgnn isas: {', '.join(native.isas())}",
        f"bgnn found: {', '.join(n for n, ok in found.items() if ok) or 'nothing'}",
        f"bgnn absent: {', '.join(n for n, ok in found.items() if not ok) or 'nothing'}",
    ]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let reports travel between processes: they are sent as UTF-8, and some tests log names that are none."""
    report = yield
    report.sections = [(title, text.encode(errors="backslashreplace").decode()) for title, text in report.sections]
    return report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a green session in which a test was skipped although what it needs is here."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or exitstatus != pytest.ExitCode.OK:
        return
    wrong = [r for r in reporter.stats.get("skipped", []) if met(r.longrepr[2] if isinstance(r.longrepr, tuple) else str(r.longrepr))]
    for report in wrong:
        reporter.write_line(f"UNEXPLAINED SKIP: {report.nodeid}: {report.longrepr}", red=True)
    if wrong:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
