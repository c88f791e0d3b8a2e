"""The heat map: cells where they are said to be, in the colours of their shares, reached by mouse and keys."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from bgnn_studio.core.accuracy import Figures
from bgnn_studio.core.palettes import palette
from bgnn_studio.ui.theme import DARK, LIGHT
from bgnn_studio.ui.widgets.confusion_map import ConfusionMap
from bgnn_studio.ui.widgets.confusion_picture import smallest


def shown(qtbot: QtBot, confusion: np.ndarray, width: int = 420, height: int = 480) -> ConfusionMap:
    view = ConfusionMap()
    qtbot.addWidget(view)
    view.resize(width, height)
    view.show_figures(Figures(confusion), tuple(f"class_{i}" for i in range(len(confusion))))
    view.show()
    qtbot.waitExposed(view)
    return view


@pytest.mark.parametrize(("n", "width", "height"), [(1, 200, 160), (2, 300, 500), (20, 346, 500), (40, 420, 440), (40, 1000, 600)])
def test_every_cell_is_found_where_it_is_and_nothing_beside(qtbot: QtBot, n: int, width: int, height: int) -> None:
    view = shown(qtbot, np.eye(n, dtype=np.int64), width, height)
    places = view.places
    for i in range(n):
        for j in range(n):
            assert places.cell_at(places.cell(i, j).center()) == (i, j)
    grid = places.grid
    assert grid.left() > 0
    assert grid.right() < width
    assert 0 < grid.top() < grid.bottom() < height
    for outside in (grid.topLeft() - QPointF(1, 1), grid.bottomRight() + QPointF(1, 1)):
        assert places.cell_at(outside) is None
    assert max(places.width / places.height, places.height / places.width) < 1.61


def test_forty_classes_fit_a_narrow_column_and_names_do_not_overlap(qtbot: QtBot) -> None:
    view = shown(qtbot, np.eye(40, dtype=np.int64), 420, 440)
    least = smallest(view.classes, view.font())
    assert (least.width() < 430, least.height() < 450) == (True, True)
    assert view.places.row_font.pixelSize() <= view.places.height
    assert view.places.column_font.pixelSize() <= view.places.width


@pytest.mark.parametrize(("theme", "name"), [(DARK, "height"), (LIGHT, "distance")])
def test_cells_have_the_colour_of_their_part_of_the_row(qtbot: QtBot, theme, name: str) -> None:
    confusion = np.array([[3, 1, 0, 0], [0, 0, 0, 7], [0, 0, 0, 0], [25, 25, 25, 25]])
    view = shown(qtbot, confusion)
    view.apply_theme(theme)
    picture, colours = view.grab().toImage(), palette(name)
    for (i, j), count in np.ndenumerate(confusion):
        corner = view.places.cell(i, j).topLeft().toPoint() + QPoint(3, 3)  # beside the number
        share = count / max(confusion[i].sum(), 1)
        expected = QColor(*map(int, colours[round(share * 255)])) if count else QColor(theme.track)
        assert picture.pixelColor(corner) == expected, (i, j)


def test_keys_walk_and_choose_and_page_down_follows_the_most_frequent_confusions(qtbot: QtBot) -> None:
    view = shown(qtbot, np.array([[5, 2, 0], [0, 6, 0], [4, 1, 3]]))
    chosen: list[tuple[int, int]] = []
    said: list[str] = []
    view.chosen.connect(lambda i, j: chosen.append((i, j)))
    view.looked.connect(said.append)
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert chosen == []  # no cell yet
    for key, cell in (
        (Qt.Key.Key_Down, (0, 0)),
        (Qt.Key.Key_Left, (0, 0)),
        (Qt.Key.Key_Down, (1, 0)),
        (Qt.Key.Key_Right, (1, 1)),
        (Qt.Key.Key_PageDown, (2, 0)),
        (Qt.Key.Key_PageDown, (0, 1)),
        (Qt.Key.Key_PageDown, (2, 1)),
        (Qt.Key.Key_PageDown, (2, 1)),
        (Qt.Key.Key_PageUp, (0, 1)),
        (Qt.Key.Key_Up, (0, 1)),
    ):
        QTest.keyClick(view, key)
        assert view.cell == cell
    assert said[-1] == view.accessibleDescription() == "class_0 taken for class_1: 2 of 7 (28.6 %)"
    QTest.keyClick(view, Qt.Key.Key_Space)
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.places.cell(2, 2).center().toPoint())
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(1, 1))
    assert chosen == [(0, 1), (2, 2)]
    assert view.text((2, 2)) == "class_2 recognised: 3 of 8 (37.5 %)"


def test_the_current_cell_goes_with_other_classes_and_stays_with_other_counts(qtbot: QtBot) -> None:
    view = shown(qtbot, np.eye(3, dtype=np.int64))
    view.mark((2, 1))
    view.show_figures(Figures(np.ones((3, 3), np.int64)), view.classes)
    assert view.cell == (2, 1)
    view.show_figures(Figures(np.ones((2, 2), np.int64)), ("a", "b"))
    assert view.cell is None
    assert view.text((0, 1)) == "a taken for b: 1 of 2 (50.0 %)"
