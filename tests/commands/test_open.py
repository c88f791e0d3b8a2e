"""Which files the window is opened with."""

from pathlib import Path

import pytest

from bgnn_studio.commands import open as command
from bgnn_studio.core.resources import bundled_models
from bgnn_studio.core.saved_session import SavedSession
from bgnn_studio.errors import BgnnError
from bgnn_studio.io.session_file import write_session
from tests.make_clouds import FOLDER


def what_is_opened(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return the list that the window's files will be in."""
    opened: list[Path] = []
    monkeypatch.setattr(command, "require_display", lambda: None)
    monkeypatch.setattr("bgnn_studio.ui.app.run", lambda files: opened.extend(files) or 0)
    return opened


def test_a_cloud_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = what_is_opened(monkeypatch)
    path = Path(f"{FOLDER / 'clouds.h5'}#1")
    assert command.open_window([path]) == 0
    assert opened == [path, *bundled_models()]
    with pytest.raises(BgnnError, match=r"absent\.h5#1: no such file"):
        command.open_window([FOLDER / "absent.h5#1"])


def test_a_session_brings_its_own_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    opened = what_is_opened(monkeypatch)
    session, cloud = tmp_path / "renamed.json", tmp_path / "a.npy"
    write_session(session, SavedSession())
    cloud.write_bytes(b"not looked at yet")
    assert command.open_window([cloud, session]) == 0
    assert opened == [session, cloud]
