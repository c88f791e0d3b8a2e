"""Which files the window is opened with."""

from pathlib import Path

import pytest

from bgnn_studio.commands import open as command
from bgnn_studio.core.resources import bundled_models
from bgnn_studio.errors import BgnnError
from tests.make_clouds import FOLDER


def test_a_cloud_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[list[Path]] = []
    monkeypatch.setattr(command, "require_display", lambda: None)
    monkeypatch.setattr("bgnn_studio.ui.app.run", lambda clouds, models: opened.extend([clouds, models]) or 0)
    path = Path(f"{FOLDER / 'clouds.h5'}#1")
    assert command.open_window([path]) == 0
    assert opened == [[path], bundled_models()]
    with pytest.raises(BgnnError, match=r"absent\.h5#1: no such file"):
        command.open_window([FOLDER / "absent.h5#1"])
