"""System libraries: one list for `doctor`, one for setup.sh, and they agree."""

import os
import re

import pytest

from bgnn_studio.commands import system
from bgnn_studio.errors import BgnnError
from tests.requirements import ROOT, needs


def test_doctor_and_setup_ask_for_the_same_libraries() -> None:
    script = (ROOT / "setup.sh").read_text()
    assert dict(re.findall(r"lacks_library (\S+) && need (\S+)", script)) == system.DRAWING | system.WINDOW


def test_missing_libraries_come_with_one_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "WINDOW", {"libxcb-absent.so.9": "libxcb-absent9", "libmissing.so.1": "libmissing1"})
    monkeypatch.setattr(system, "DRAWING", {"libc.so.6": "libc6"})
    monkeypatch.setattr(system.sys, "platform", "linux")
    missing = system.missing_libraries()
    assert missing.libraries == ("libxcb-absent.so.9", "libmissing.so.1")
    assert missing.command == "sudo apt-get install -y --no-install-recommends libxcb-absent9 libmissing1"
    assert system.missing_libraries(drawing_only=True) == system.Missing((), "")
    with pytest.raises(BgnnError, match="libxcb-absent9 libmissing1"):
        system.require_display()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"DISPLAY": ":987"}, None),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "wayland-0"),
        ({"QT_QPA_PLATFORM": "offscreen"}, "offscreen"),
        ({"QT_QPA_PLATFORM": "xcb"}, None),
    ],
)
def test_display(environment: dict[str, str], expected: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system.sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert system.display() == expected


def test_a_live_x_server_answers() -> None:
    needs("Xvfb")
    assert system.display() == os.environ["DISPLAY"]  # of the X server that the test session started
