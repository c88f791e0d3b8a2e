"""Comparing the selected model with another open one."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from bgnn_studio.core.palettes import colourize, palette
from bgnn_studio.ui.main_window import MainWindow
from tests.ui.conftest import settle


def choose(window: MainWindow, name: str, qtbot: QtBot) -> None:
    """Choose a reference, as a click in the pop-up does."""
    combo = window.library.reference.choice
    row = combo.findText(name)
    combo.setCurrentIndex(row)
    combo.activated.emit(row)
    settle(window, qtbot)


@pytest.fixture
def two(loaded: MainWindow, files: dict[str, Path], qtbot: QtBot) -> MainWindow:
    """Return a window with `binary` selected and `real` open beside it."""
    combo = loaded.library.reference.choice
    assert not combo.isEnabled()
    assert "second model" in combo.toolTip()
    loaded.open([files["real.gguf"]])
    settle(loaded, qtbot)
    loaded.session.select_model(loaded.session.models[0])
    settle(loaded, qtbot)
    return loaded


def test_the_reference_runs_on_the_same_points_and_fills_every_view(two: MainWindow, qtbot: QtBot) -> None:
    session, tab = two.session, two.inspect
    drift = tab.bar.colour.button("drift")
    assert not drift.isEnabled()
    assert "No reference" in drift.toolTip()
    session.select_layer(3)
    session.select_point(9)
    choose(two, "real", qtbot)
    reference = session.models[1].infer(session.points, trace=True).trace.knn[2]
    np.testing.assert_array_equal(session.reference_graph, reference)
    knn = session.inference.trace.knn[2]
    kept = [len(set(a) & set(b)) for a, b in zip(knn.tolist(), reference.tolist(), strict=True)]
    jaccard = np.mean([n / (10 - n) for n in kept])
    assert two.library.reference.figure.text() == f"{sum(kept):,} of 1,000 kept  \N{MIDDLE DOT}  Jaccard {jaccard:.2f}"
    table = tab.neighbours.table
    shown = [(table.index(r, 1).data(), table.index(r, 4).data().split()[0]) for r in range(table.rowCount())]
    mine, other = knn[9].tolist(), reference[9].tolist()
    expected = [(str(j), "kept" if j in other else "new") for j in mine] + [(str(j), "lost") for j in other if j not in mine]
    assert shown == expected
    QTest.mouseClick(drift, Qt.MouseButton.LeftButton)
    colours = colourize(100 - 100 * np.array(kept) / 5, palette("drift"), (0.0, 100.0))
    np.testing.assert_array_equal(tab.viewport.scene._cloud.colours[:, :3], colours)
    choose(two, "None", qtbot)
    assert (session.colour, table.columnCount(), two.library.reference.figure.text()) == ("height", 4, "")


def test_the_selected_model_cannot_be_chosen_and_a_pinned_reference_says_so(two: MainWindow, qtbot: QtBot) -> None:
    combo = two.library.reference.choice
    assert [combo.model().item(row).isEnabled() for row in range(3)] == [True, False, True]
    choose(two, "real", qtbot)
    two.session.select_model(two.session.models[1])
    settle(two, qtbot)
    assert combo.currentText() == "real"
    assert "is the reference itself" in two.library.reference.figure.text()
    two.session.select_model(two.session.models[0])
    settle(two, qtbot)
    assert "Jaccard" in two.library.reference.figure.text()


def test_a_reference_of_another_n_says_so(two: MainWindow, files: dict[str, Path], qtbot: QtBot) -> None:
    two.open([files["coarse.gguf"]])
    settle(two, qtbot)
    two.session.select_model(two.session.models[0])
    choose(two, "coarse", qtbot)
    assert len(two.session.reference_graph) == 200
    assert "Trained with 64 points, the reference runs on 200 here." in two.library.reference.figure.text()
    two.session.remove_model(two.session.models[2])
    assert (two.session.reference, two.library.reference.choice.currentText()) == (None, "None")
