import numpy as np
import pytest
import pyvista as pv
from vtkmodules.vtkRenderingCore import vtkCoordinate

from bgnn_studio.scene import camera
from tests.traces import synthetic_cloud


@pytest.fixture
def renderer():
    plotter = pv.Plotter(off_screen=True, window_size=(640, 400))
    yield plotter.renderer
    plotter.close()


@pytest.mark.parametrize("up", ["x", "y", "z"])
def test_a_fitted_cloud_touches_the_room_it_has(renderer, up):
    cloud = synthetic_cloud(500)
    camera.fit(renderer, cloud, -58, 20, up)
    xy, _, _ = camera.project(renderer, cloud)
    (right, top), (left, bottom) = camera.ROOM
    sides = np.array([xy.max(axis=0) / [320, 200] - 1, 1 - xy.min(axis=0) / [320, 200]])
    assert (sides <= np.array([[right, top], [left, bottom]]) + 1e-3).all()
    assert (sides >= np.array([[right, top], [left, bottom]]) - 2e-2).all(axis=0).any()


@pytest.mark.parametrize("up", ["x", "y", "z"])
def test_up_is_up_and_the_floor_is_seen_from_above(renderer, up):
    camera.fit(renderer, synthetic_cloud(50), 30, 25, up)
    axis = np.array(camera.AXES[up])
    (foot, head), _, _ = camera.project(renderer, np.stack([np.zeros(3), 0.2 * axis]))
    assert head[1] > foot[1]
    assert head[0] == pytest.approx(foot[0], abs=3)
    assert np.array(renderer.GetActiveCamera().GetPosition()) @ axis > 0


def test_azimuth_turns_from_the_first_axis_to_the_second():
    np.testing.assert_allclose(camera.view_direction(0, 0, "z"), [1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(camera.view_direction(90, 0, "z"), [0, 1, 0], atol=1e-12)
    np.testing.assert_allclose(camera.view_direction(0, 90, "y"), [0, 1, 0], atol=1e-12)
    np.testing.assert_allclose(camera.view_direction(0, 0, "y"), [0, 0, 1], atol=1e-12)
    np.testing.assert_allclose(camera.view_direction(0, 90, "x"), [1, 0, 0], atol=1e-12)


def test_projection_is_vtks(renderer):
    """Against vtkCoordinate, point by point."""
    cloud = synthetic_cloud(30)
    camera.fit(renderer, cloud, 12, 34, "z")
    renderer.GetActiveCamera().Roll(17)
    xy, depth, focal_length = camera.project(renderer, cloud)
    for point, found in zip(cloud, xy, strict=True):
        coordinate = vtkCoordinate()
        coordinate.SetCoordinateSystemToWorld()
        coordinate.SetValue(*point.tolist())
        np.testing.assert_allclose(found, coordinate.GetComputedDoubleDisplayValue(renderer), atol=0.51)
    matrix = renderer.GetActiveCamera().GetViewTransformMatrix()
    up = np.array([matrix.GetElement(1, j) for j in range(3)])
    moved, _, _ = camera.project(renderer, cloud + 0.01 * up)
    np.testing.assert_allclose(np.linalg.norm(moved - xy, axis=1), 0.01 * focal_length / depth, rtol=1e-6)


def test_one_point_is_fitted_too(renderer):
    camera.fit(renderer, np.array([[3.0, 2.0, 1.0]]), -58, 20, "z")
    position = np.array(renderer.GetActiveCamera().GetPosition())
    assert np.isfinite(position).all()
    assert np.linalg.norm(position - [3, 2, 1]) > 0
