"""The scene offscreen, by its pixels, its VTK arrays and its camera; no window."""

import gc
import time
import weakref

import numpy as np
import pytest
import pyvista as pv
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkRenderingCore import vtkCoordinate

from bgnn_studio.core import graphs
from bgnn_studio.core.palettes import palette
from bgnn_studio.core.views import layer_graph, point_view
from bgnn_studio.errors import BgnnError
from bgnn_studio.scene.cloud_scene import CloudScene
from bgnn_studio.scene.points import sphere_radius
from bgnn_studio.scene.theme import DARK, LIGHT, rgb
from tests.traces import synthetic_cloud, synthetic_inference

CLOUD = synthetic_cloud(256)
TRACE = synthetic_inference(CLOUD).trace
SIZE = (480, 360)


@pytest.fixture
def scene():
    plotter = pv.Plotter(off_screen=True, window_size=SIZE)
    made = CloudScene(plotter)
    made.set_cloud(CLOUD)
    made.reset_camera()
    yield made
    plotter.close()


def changed_pixels(before, after):
    return int((np.abs(before.astype(int) - after).max(axis=-1) > 8).sum())


def project_by_matrix(scene, points):
    """Display coordinates and clip depth from VTK's own composite matrix."""
    width, height = SIZE
    near_far = (-1.0, 1.0)
    matrix = scene.renderer.GetActiveCamera().GetCompositeProjectionTransformMatrix(width / height, *near_far)
    rows = np.array([[matrix.GetElement(i, j) for j in range(4)] for i in range(4)])
    clip = np.column_stack([points, np.ones(len(points))]) @ rows.T
    ndc = clip[:, :3] / clip[:, 3:]
    return (ndc[:, :2] + 1) / 2 * SIZE, ndc[:, 2]


def edge_lines(lines):
    """The connectivity array that VTK holds."""
    return vtk_to_numpy(lines.actor.GetMapper().GetInput().GetLines().GetConnectivityArray())


def test_the_background_is_the_themes_gradient(scene):
    for theme in (DARK, LIGHT):
        scene.set_theme(theme)
        image = scene.screenshot()
        np.testing.assert_allclose(image[1, 1] / 255, rgb(theme.top), atol=0.02)
        np.testing.assert_allclose(image[-2, 1] / 255, rgb(theme.bottom), atol=0.02)


def test_a_theme_recolours_what_is_not_data(scene):
    scene.set_pick(5)
    colours = {}
    for theme in (DARK, LIGHT):
        scene.set_theme(theme)
        colours[theme] = scene._cloud.colours[0].tolist(), scene._marks.colours[-1].tolist()
        assert colours[theme] == tuple([round(255 * c) for c in rgb(part)] for part in (theme.point, theme.pick))
    scene.set_scalars(CLOUD[:, 2], palette="height", value_range=(-1, 1), title="Height")
    painted = scene._cloud.colours.copy()
    scene.set_theme(DARK)
    np.testing.assert_array_equal(scene._cloud.colours, painted)


def test_points_are_drawn_in_their_colours(scene):
    """Two points, one at each end of the palette: their hues appear, and a third of them nowhere."""
    scene.set_cloud(np.array([[-1, 0, 0], [1, 0, 0]], np.float32))
    scene.set_scalars(np.array([0.0, 1.0]), palette="bit", value_range=(0, 1), title="t", categories=("a", "b"))
    scene.reset_camera(azimuth=-90, elevation=0)
    image = scene.screenshot().astype(int)
    xy, _ = project_by_matrix(scene, scene.points)
    for (x, y), colour in zip(xy, palette("bit", 2), strict=True):
        shown = image[SIZE[1] - 1 - round(y), round(x)]
        cosine = shown @ colour.astype(int) / np.linalg.norm(shown) / np.linalg.norm(colour.astype(int))
        assert cosine > 0.97


def test_spheres_are_round_and_sized_in_the_unit_of_the_cloud(scene):
    scene.set_cloud(np.array([[-1, 0, 0], [1, 0, 0]], np.float32))
    scene._shadow.actor.VisibilityOff()
    scene.reset_camera(azimuth=-90, elevation=0)
    with_points = scene.screenshot()
    scene._cloud.actor.VisibilityOff()
    ys, xs = np.nonzero(np.abs(with_points.astype(int) - scene.screenshot()).max(axis=-1) > 8)
    left = xs < SIZE[0] / 2
    width, height = np.ptp(xs[left]) + 1, np.ptp(ys[left]) + 1
    assert abs(width - height) <= 2
    xy, _ = project_by_matrix(scene, scene.points)
    pixels_per_unit = (xy[1, 0] - xy[0, 0]) / 2
    assert width == pytest.approx(2 * scene._radius * pixels_per_unit, abs=3)


def test_edges_change_the_picture_and_go_away(scene):
    bare = scene.screenshot()
    scene.set_graph(TRACE.knn[2])
    edged = scene.screenshot()
    assert changed_pixels(bare, edged) > 2000
    scene.set_graph(TRACE.knn[2], "none")
    assert changed_pixels(bare, scene.screenshot()) == 0


def test_a_layer_switch_writes_the_same_arrays(scene):
    scene.set_graph(TRACE.knn[0])
    first_picture, vtk_array = scene.screenshot(), scene.edges.actor.GetMapper().GetInput().GetLines().GetConnectivityArray()
    memory, actors = scene.edges.connectivity, scene.renderer.GetActors().GetNumberOfItems()
    np.testing.assert_array_equal(edge_lines(scene.edges).reshape(-1, 2), graphs.edges(TRACE.knn[0]))
    scene.set_graph(TRACE.knn[2])
    assert scene.edges.connectivity is memory
    assert scene.edges.actor.GetMapper().GetInput().GetLines().GetConnectivityArray() is vtk_array
    assert scene.renderer.GetActors().GetNumberOfItems() == actors
    assert np.shares_memory(edge_lines(scene.edges), memory)
    np.testing.assert_array_equal(edge_lines(scene.edges).reshape(-1, 2), graphs.edges(TRACE.knn[2]))
    assert changed_pixels(first_picture, scene.screenshot()) > 1000


def test_a_layer_switch_is_fast(scene):
    best = np.inf
    for layer in (1, 2, 3, 1, 2, 3):
        start = time.process_time()
        scene.set_scalars(**vars(point_view("distance", CLOUD, TRACE, layer=layer, pick=5)))
        scene.set_graph(layer_graph(TRACE, layer), "all", 5)
        best = min(best, time.process_time() - start)
    assert best < 0.005


def test_the_budget_bounds_the_edges(scene):
    scene.set_graph(TRACE.knn[1], budget=300)
    assert len(edge_lines(scene.edges)) == 600
    scene.set_graph(TRACE.knn[1])
    assert len(edge_lines(scene.edges)) == 2 * TRACE.knn[1].size


def test_fewer_edges_are_drawn_stronger(scene):
    scene.set_cloud(synthetic_cloud(1024))
    graph = np.random.default_rng(0).integers(0, 1024, (1024, 20))
    scene.set_graph(graph)
    many = scene.edges.actor.GetProperty().GetOpacity()
    scene.set_graph(graph, budget=4000)
    assert scene.edges.actor.GetProperty().GetOpacity() > many


def test_edges_take_colours_of_their_own(scene):
    pairs = graphs.edges(TRACE.knn[2])
    scene.set_edges(pairs, np.tile(np.array([255, 0, 0], np.uint8), (len(pairs), 1)))
    scene._cloud.actor.VisibilityOff()
    red = scene.screenshot().astype(int)
    scene.set_edges(pairs)
    own = scene.screenshot().astype(int)
    assert (red[..., 0] - red[..., 1]).max() > 60
    assert (own[..., 0] - own[..., 1]).max() < 30  # the cloud's grey blue


def test_the_picked_neighbourhood_is_marked(scene):
    plain = scene.screenshot()
    pick = int(CLOUD[:, 0].argmax())
    scene.set_graph(TRACE.knn[2], "picked", pick)
    marked = scene.screenshot()
    neighbours = [j for j in TRACE.knn[2][pick].tolist() if j != pick]
    assert sorted(map(tuple, edge_lines(scene.pick_edges).reshape(-1, 2).tolist())) == sorted((pick, j) for j in neighbours)
    xy, _ = project_by_matrix(scene, CLOUD)
    for j in [pick, *neighbours]:
        x, y = round(xy[j, 0]), SIZE[1] - 1 - round(xy[j, 1])
        patch = np.s_[y - 5 : y + 6, x - 5 : x + 6]
        assert changed_pixels(plain[patch], marked[patch]) > 20
    scene.set_graph(TRACE.knn[2], "none", pick)
    assert not scene.pick_edges.actor.GetVisibility()
    assert changed_pixels(plain, scene.screenshot()) > 50  # the points stay marked
    scene.set_pick(None)
    assert changed_pixels(plain, scene.screenshot()) == 0


def test_marks_follow_a_moving_cloud(scene):
    scene.set_graph(TRACE.knn[0], "picked", 9)
    scene.set_cloud(CLOUD * 0.5)
    marks = vtk_to_numpy(scene._marks.vtk_points.GetData())
    np.testing.assert_allclose(marks[-1], 0.5 * CLOUD[9])
    assert len(edge_lines(scene.pick_edges)) > 0


def test_another_number_of_points_drops_what_belonged_to_the_old_ones(scene):
    scene.set_graph(TRACE.knn[0], "all", 200)
    scene.set_cloud(CLOUD[:100])
    assert len(edge_lines(scene.edges)) == 0
    assert not scene._marks.actor.GetVisibility()
    image = scene.screenshot()
    assert image.shape == (SIZE[1], SIZE[0], 3)


def test_pick_finds_the_point_under_the_cursor(scene):
    """At the centre of every point: the frontmost of the spheres drawn there, by VTK's matrices."""
    xy, depth = project_by_matrix(scene, CLOUD)
    matrix = scene.renderer.GetActiveCamera().GetViewTransformMatrix()
    up = np.array([matrix.GetElement(1, j) for j in range(3)])
    top, _ = project_by_matrix(scene, CLOUD + scene._radius * up)
    radii = np.linalg.norm(top - xy, axis=1)
    for cursor in xy:
        covering = np.flatnonzero(np.linalg.norm(xy - cursor, axis=1) <= radii)
        assert scene.pick(*cursor) == covering[depth[covering].argmin()]
    assert scene.pick(2, 2) is None


def test_pick_takes_the_frontmost_of_overlapping_points(scene):
    """Seen along x: the points 0 and 1 are one behind the other, the camera is at +x or at -x."""
    scene.set_cloud(np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]], np.float32))
    for x, expected in ((9, 0), (-9, 1)):
        scene.renderer.GetActiveCamera().SetPosition(x, 0, 0)
        scene.renderer.GetActiveCamera().SetFocalPoint(0, 0, 0)
        xy, _ = project_by_matrix(scene, scene.points)
        np.testing.assert_allclose(xy[0], xy[1], atol=0.5)
        assert scene.pick(*xy[0]) == expected


def test_pick_has_a_tolerance(scene):
    scene.set_cloud(synthetic_cloud(2000))
    xy, _ = project_by_matrix(scene, scene.points)
    lowest = int(xy[:, 1].argmin())
    x, y = xy[lowest]
    assert scene.pick(x, y - 5, tolerance=5.5) == lowest
    assert scene.pick(x, y - 5, tolerance=4.5) is None


def test_pick_is_fast_at_16384_points(scene):
    scene.set_cloud(synthetic_cloud(16384))
    best = np.inf
    for _ in range(5):
        start = time.process_time()
        scene.pick(240, 180)
        best = min(best, time.process_time() - start)
    assert best < 0.005


def test_far_points_fade(scene):
    """Of two equal points the far one is nearer to the background, whatever the camera distance."""
    scene.set_cloud(np.array([[1, -0.3, 0], [-1, 0.3, 0]], np.float32))
    scene.set_theme(LIGHT)
    scene._shadow.actor.VisibilityOff()
    for zoom in (1.0, 0.5):
        scene.reset_camera(azimuth=0, elevation=0)
        scene.renderer.GetActiveCamera().Dolly(zoom)
        scene.renderer.ResetCameraClippingRange()
        image = scene.screenshot().astype(int)
        xy, _ = project_by_matrix(scene, scene.points)
        near, far = (image[SIZE[1] - 1 - round(y), round(x)] for x, y in xy)
        assert far.sum() - near.sum() > 60


def test_one_scene_in_each_subplot():
    plotter = pv.Plotter(off_screen=True, shape=(1, 2), window_size=SIZE, border=False)
    scenes = [CloudScene(plotter, renderer, theme=theme) for renderer, theme in zip(plotter.renderers, (DARK, LIGHT), strict=True)]
    for scene in scenes:
        scene.set_cloud(CLOUD)
        scene.reset_camera()
    image = scenes[0].screenshot()
    np.testing.assert_allclose(image[1, 1] / 255, rgb(DARK.top), atol=0.02)
    np.testing.assert_allclose(image[1, -2] / 255, rgb(LIGHT.top), atol=0.02)
    scenes[1].set_cloud(np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0]], np.float32))
    coordinate = vtkCoordinate()
    coordinate.SetCoordinateSystemToWorld()
    coordinate.SetValue(0, 1, 0)
    x, y = coordinate.GetComputedDoubleDisplayValue(scenes[1].renderer)
    assert x > SIZE[0] / 2
    assert scenes[1].pick(x, y) == 2
    assert scenes[1].pick(x - SIZE[0] / 2, y) is None
    plotter.close()


@pytest.mark.parametrize("bad", [np.zeros((0, 3)), np.zeros((4, 2)), np.full((4, 3), np.nan)])
def test_bad_clouds_are_refused(scene, bad):
    with pytest.raises(BgnnError, match=r"shape \(N, 3\)"):
        scene.set_cloud(bad)


def test_what_belongs_to_another_cloud_is_refused(scene):
    with pytest.raises(BgnnError, match="graph of 256 points"):
        scene.set_graph(TRACE.knn[0][:100] % 100)
    with pytest.raises(BgnnError, match="each of 256 points"):
        scene.set_scalars(np.zeros(9), palette="height", value_range=(0, 1), title="t")
    with pytest.raises(BgnnError, match="between 0 and 255"):
        scene.set_pick(256)


def test_scenes_do_not_share_graphics_resources():
    """A closed scene that dies while another one draws takes none of that one's buffers with it."""
    pictures, closed = [], []
    for _ in range(4):
        plotter = pv.Plotter(off_screen=True, window_size=SIZE)
        made = CloudScene(plotter)
        made.set_cloud(CLOUD)
        made.set_graph(TRACE.knn[2], "all", 5)
        made.reset_camera()
        made.screenshot()
        closed.clear()
        gc.collect()
        pictures.append(made.screenshot())
        plotter.close()
        closed.append(made)
        del made
    for picture in pictures[1:]:
        np.testing.assert_array_equal(picture, pictures[0])


def test_spheres_are_sized_by_number_and_spacing():
    """A denser or a larger set has smaller spheres; far from the origin, and for one point, nothing breaks."""
    few, many = synthetic_cloud(100), synthetic_cloud(5000)
    clump = np.concatenate([0.05 * few, [[1, 1, 1]], [[-1, -1, -1]]]).astype(np.float32)
    assert sphere_radius(many, 1.0) < 0.5 * sphere_radius(few, 1.0)
    assert sphere_radius(clump, 1.8) < 0.5 * sphere_radius(few, 1.8)
    assert sphere_radius(few * 7, 7.0) == pytest.approx(7 * sphere_radius(few, 1.0), rel=1e-4)
    assert sphere_radius(few.astype(np.float64) + 1e5, 1.0) == pytest.approx(sphere_radius(few, 1.0), rel=1e-3)
    assert 0 < sphere_radius(np.zeros((1, 3), np.float32), 1.0) < 0.1
    assert 0 < sphere_radius(np.zeros((9, 3), np.float32), 1.0) < 0.1


def test_a_closed_scene_leaves_nothing_behind():
    plotter = pv.Plotter(off_screen=True, window_size=SIZE)
    made = CloudScene(plotter)
    made.set_cloud(CLOUD)
    made.reset_camera()
    made.screenshot()
    gone = weakref.ref(made)
    del made
    gc.collect()
    assert gone() is None
    plotter.render()
    plotter.close()


def title_rows(dpi, pixel_ratio):
    """How many rows of pixels the title covers on a window of a DPI."""
    plotter = pv.Plotter(off_screen=True, window_size=SIZE)
    plotter.render_window.SetDPI(dpi)
    made = CloudScene(plotter, pixel_ratio=pixel_ratio)
    before = made.screenshot()
    made.set_title("chair")
    rows = (np.abs(before.astype(int) - made.screenshot()).max(axis=(1, 2)) > 8).sum()
    plotter.close()
    return int(rows)


def test_text_grows_with_the_windows_dpi_once():
    """An interactor sets the DPI of a dense screen: a pixel ratio on top of it made text four times as large at scale 2."""
    plain = title_rows(72, 1.0)
    assert title_rows(72, 2.0) == plain
    assert title_rows(144, 2.0) == pytest.approx(2 * plain, abs=3)
