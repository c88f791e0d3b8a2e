"""Checkpoints on the window: asked about once, converted by a real `bgnn-studio convert`, opened; nothing assumed, nothing overwritten."""

import shutil
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from bgnn_studio.native import Model
from bgnn_studio.ui.main_window import MainWindow
from tests.requirements import ROOT
from tests.ui.conftest import settle

TINY = ROOT / "tests" / "data" / "conformance"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a checkpoint that says what it is, one that does not, and one that is none."""
    folder = tmp_path / "my models é"
    folder.mkdir()
    shutil.copy(TINY / "bf2.t7", folder / "unnamed.pth")
    shutil.copy(TINY / "dgcnn.t7", folder / "dgcnn.t7")
    (folder / "names.txt").write_text("\n".join(f"kind {i}" for i in range(6)))
    (folder / "bad.pt").write_bytes(b"\x80\x02no checkpoint")
    return folder


def test_a_checkpoint_is_asked_about_converted_and_opened(window: MainWindow, qtbot: QtBot, folder: Path) -> None:
    (folder / "unnamed.gguf").write_bytes(b"mine")
    window.open([folder / "bad.pt", folder / "unnamed.pth"])
    bar = window.checkpoints.bar
    qtbot.waitUntil(bar.isVisible, timeout=60_000)
    settle(window, qtbot)
    assert "bad.pt" in window.toasts.messages[0]
    assert not window.session.history.undo_label  # nothing has been opened yet
    assert bar.title.text() == "unnamed.pth is bf1 or bf2: how was it trained?"
    assert (bar.k.text(), bar.points.text(), bar.variant.currentIndex()) == ("", "", -1)
    for step in (lambda: bar.variant.setCurrentText("bf2"), lambda: bar.k.setText("5"), lambda: bar.points.setText("32")):
        assert not bar.convert.isEnabled()
        step()
    assert "6 classes: class 0, class 1, \N{HORIZONTAL ELLIPSIS}" in bar.detail.text()
    assert bar.detail.toolTip() == f"Saved as {folder / 'unnamed-2.gguf'}"  # not over what is there
    bar.set_names(folder / "names.txt")
    assert "6 classes: names of names.txt" in bar.detail.text()
    bar.convert.click()
    assert not bar.convert.isEnabled()
    assert not bar.refuse.isEnabled()
    qtbot.waitUntil(lambda: bool(window.session.models), timeout=60_000)
    assert not bar.isVisible()
    spec = window.session.model.spec
    assert (spec.variant, spec.k, spec.points, window.session.model.path) == ("bf2", 5, 32, folder / "unnamed-2.gguf")
    assert (folder / "unnamed.gguf").read_bytes() == b"mine"
    assert spec.classes == tuple(f"kind {i}" for i in range(6))


def test_a_conversion_that_fails_or_is_cancelled_may_be_answered_again(window: MainWindow, qtbot: QtBot, folder: Path) -> None:
    (folder / "few.txt").write_text("only one\n")
    bar = window.checkpoints.bar
    window.open([folder / "dgcnn.t7"])
    qtbot.waitUntil(bar.isVisible, timeout=60_000)
    window.open([folder / "unnamed.pth"])
    qtbot.waitUntil(lambda: len(window.checkpoints._asked) == 2, timeout=60_000)
    assert bar.title.text() == "dgcnn.t7 is dgcnn: how was it trained?"
    assert not bar.variant.isVisible()
    bar.published.click()
    assert (bar.k.text(), bar.points.text()) == ("20", "1024")
    bar.set_names(folder / "few.txt")
    bar.convert.click()
    qtbot.waitUntil(lambda: any("class names, one per logit (got 1)" in text for text in window.toasts.messages), timeout=60_000)
    assert bar.convert.isEnabled()
    bar.convert.click()
    window.jobs.cancel()
    settle(window, qtbot)
    assert bar.convert.isEnabled()
    assert not list(folder.glob("*.gguf"))
    bar.set_names(folder / "names.txt")
    (folder / "dgcnn.gguf").write_bytes(b"came meanwhile")
    bar.convert.click()
    qtbot.waitUntil(lambda: any("is there already" in text for text in window.toasts.messages), timeout=60_000)
    bar.set_output(folder / "dgcnn.gguf")  # as the dialog gives it, which has asked whether to replace
    bar.convert.click()
    qtbot.waitUntil(lambda: bool(window.session.models), timeout=60_000)
    assert Model.open(folder / "dgcnn.gguf").spec.variant == "dgcnn"
    assert bar.title.text() == "unnamed.pth is bf1 or bf2: how was it trained?"
    bar.refuse.click()
    assert not bar.isVisible()
