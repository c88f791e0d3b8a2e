"""Views side by side: who stands where, one camera, the colours of changes, picks in each view."""

import numpy as np
import pytest
import pyvista as pv

from bgnn_studio.core.comparison import compare, run_model
from bgnn_studio.core.comparison_views import Show, panels
from bgnn_studio.scene.camera import project
from bgnn_studio.scene.side_by_side import SideBySide, columns_for
from bgnn_studio.scene.theme import DARK, LIGHT, rgb
from tests.core.test_comparison import POINTS, opened

SIZE = (600, 240)
THREE = compare("ball", [run_model(opened(name, seed=i), POINTS) for i, name in enumerate("abc")])


@pytest.fixture
def views():
    plotter = pv.Plotter(off_screen=True, window_size=SIZE)
    scene = SideBySide(plotter)
    scene.set_points(POINTS, 3)
    yield scene
    plotter.close()


def show(scene, **options):
    what = Show(**options)
    found = panels(THREE, what)
    scene.show(found, what.pick, lines=what.edges != "none")
    return found


@pytest.mark.parametrize(
    ("count", "size", "columns"),
    [(2, (800, 300), 2), (2, (300, 800), 1), (3, (900, 300), 3), (3, (600, 500), 2), (4, (1000, 300), 4), (4, (800, 600), 2), (0, SIZE, 1)],
)
def test_rows_and_columns_leave_the_views_largest(count, size, columns):
    assert columns_for(count, *size) == columns


@pytest.mark.parametrize("count", [2, 4, 3])
def test_views_cover_the_window_without_overlap(views, count):
    views.set_points(POINTS, count)
    boxes = [scene.renderer.GetViewport() for scene in views.scenes]
    assert len(boxes) == count
    area = sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in boxes)
    assert 0.97 < area <= 1.0
    for i, a in enumerate(boxes):
        assert all(a[0] >= b[2] or b[0] >= a[2] or a[1] >= b[3] or b[1] >= a[3] for b in boxes[:i])


def test_all_views_have_one_camera(views):
    views.reset_camera(azimuth=30)
    assert len({scene.renderer.GetActiveCamera() for scene in views.scenes}) == 1
    shift = [project(scene.renderer, POINTS)[0] - scene.renderer.GetOrigin() for scene in views.scenes]
    np.testing.assert_allclose(shift[0], shift[1], atol=2)  # views differ by a pixel of the gaps
    before = views.camera
    views.scenes[2].renderer.GetActiveCamera().Azimuth(20)
    assert views.camera != before
    views.camera = before
    assert views.camera == before


def test_edges_are_painted_by_what_became_of_them(views):
    show(views, layer=3, colour="height")
    views.reset_camera()
    for theme in (DARK, LIGHT):
        views.set_theme(theme)
        image = views.screenshot().astype(int)
        for i, (x0, y0, x1, y1) in enumerate(scene.renderer.GetViewport() for scene in views.scenes):
            left, right = round(x0 * SIZE[0]), round(x1 * SIZE[0])
            cell = image[80:, left:right].reshape(-1, 3)
            found = [(np.abs(cell - np.multiply(rgb(colour), 255)).sum(axis=1) < 60).sum() for colour in theme.changes[1:]]
            assert (min(found) > 5) == (i > 0), (theme, i, found)
            assert (y0, y1) == (0, 1)


def test_a_click_picks_the_same_point_in_every_view(views):
    show(views)
    views.reset_camera()
    for scene in views.scenes:
        xy, depth, _ = project(scene.renderer, POINTS)
        front = int(depth.argmin())
        assert views.pick(*xy[front]) == front
    assert views.pick(2, SIZE[1] - 2) is None


def test_a_picked_point_is_marked_in_all_views_with_its_lost_neighbours(views):
    found = show(views, layer=3, edges="picked", pick=11)
    for scene, panel in zip(views.scenes, found, strict=True):
        drawn = {tuple(pair) for pair in scene.pick_edges.connectivity.reshape(-1, 2).tolist()}
        assert drawn == {(11, j) for j in panel.neighbours.tolist() if j != 11}
        assert scene._marks.actor.GetVisibility()
    assert len(found[1].neighbours) > 5
    show(views, layer=3, edges="none", pick=11)
    assert [scene.pick_edges.connectivity.size for scene in views.scenes] == [0, 0, 0]


def test_captions_say_the_figures(views):
    found = show(views, layer=2)
    for scene, caption, panel in zip(views.scenes, views._captions, found, strict=True):
        said = [actor.GetInput() for actor in (*caption.left, *caption.right) if actor.GetVisibility()]
        assert scene.legend.title.GetInput() == panel.name
        assert said[0] == panel.predicted
        assert said[1] == ("Reference" if panel is found[0] else f"Jaccard {panel.jaccard:.3f}")
        assert said[2:] == [f"{count:,} {change}" for change, count in panel.counts]
    assert [scene.legend.heading.GetVisibility() for scene in views.scenes] == [0, 0, 1]
    assert [actor.GetVisibility() for actor in views._captions[0].right] == [0, 0, 0]


def test_fewer_views_leave_nothing_behind(views):
    show(views)
    renderers = views.scenes[0].renderer.GetRenderWindow().GetRenderers()
    before = renderers.GetNumberOfItems()
    views.set_points(POINTS, 2)
    assert renderers.GetNumberOfItems() == before - 1
    views.release()
    assert renderers.GetNumberOfItems() == before - 3
