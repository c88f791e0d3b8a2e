"""Camera: a view that fits a cloud, and where points fall on the screen."""

import numpy as np
from numpy.typing import NDArray
from vtkmodules.vtkRenderingCore import vtkRenderer

VIEW_ANGLE = 26.0
Room = tuple[tuple[float, float], tuple[float, float]]
# Parts of the half viewport that a fitted cloud takes: (right, up) and (left, down). The legend stands at the right.
ROOM: Room = ((0.68, 0.80), (0.92, 0.84))
AXES = {"x": (1.0, 0.0, 0.0), "y": (0.0, 1.0, 0.0), "z": (0.0, 0.0, 1.0)}


def view_direction(azimuth: float, elevation: float, up: str) -> NDArray[np.float64]:
    """Return the unit vector from the cloud to the camera; degrees, elevation above the floor that `up` stands on."""
    a, e = np.radians([azimuth, elevation])
    # Cyclic: the two axes after `up` span the floor.
    ground = np.array([np.cos(a) * np.cos(e), np.sin(a) * np.cos(e), np.sin(e)])
    return np.roll(ground, {"z": 0, "x": 1, "y": 2}[up])


def fit(renderer: vtkRenderer, points: NDArray[np.floating], azimuth: float, elevation: float, up: str, *, room: Room = ROOM) -> None:
    """Place the camera so that (N, 3) points fill the `room` of the viewport, seen from a direction, with `up` pointing up."""
    camera = renderer.GetActiveCamera()
    toward = view_direction(azimuth, elevation, up)
    right = np.cross(AXES[up], toward)
    right /= np.linalg.norm(right)
    basis = np.stack([right, np.cross(toward, right), toward])  # (3, 3) rows: right, up, toward the camera
    local = points.astype(np.float64) @ basis.T  # (N, 3)
    width, height = renderer.GetSize()
    tangent = np.tan(np.radians(VIEW_ANGLE / 2)) * np.array([width / max(height, 1), 1.0])
    high, low = tangent * room
    centre = (local.min(axis=0) + local.max(axis=0)) / 2
    # A point is inside when |offset| <= slope * (distance - depth); the centre moves to where both sides need the same distance.
    for _ in range(4):
        offset, depth = (local - centre)[:, :2], (local - centre)[:, 2:]
        high_need, low_need = (offset / high + depth).max(axis=0), (-offset / low + depth).max(axis=0)
        centre[:2] += (high_need - low_need) / (1 / high + 1 / low)
    distance = max(float(np.maximum(high_need, low_need).max()), 1e-6)
    focal = centre @ basis
    camera.ParallelProjectionOff()
    camera.SetViewAngle(VIEW_ANGLE)
    camera.SetFocalPoint(focal)
    camera.SetPosition(focal + distance * toward)
    camera.SetViewUp(AXES[up])
    renderer.ResetCameraClippingRange()


def project(renderer: vtkRenderer, points: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Project (N, 3) points with the renderer's camera.

    Returns
    -------
    xy : (N, 2) float64
        Display coordinates: pixels of the render window from its lower left corner.
    depth : (N,) float64
        Distance along the direction of view; not positive behind the camera.
    focal_length : float
        Pixels that a length of 1 takes at depth 1.
    """
    camera = renderer.GetActiveCamera()
    x0, y0 = renderer.GetOrigin()
    width, height = renderer.GetSize()
    position = np.array(camera.GetPosition())
    forward = np.array(camera.GetDirectionOfProjection())
    right = np.cross(forward, camera.GetViewUp())
    right /= np.linalg.norm(right)
    basis = np.stack([right, np.cross(right, forward), forward])
    local = (points - position) @ basis.T  # (N, 3)
    focal_length = height / (2 * np.tan(np.radians(camera.GetViewAngle() / 2)))
    depth = local[:, 2]
    safe = np.where(depth > 0, depth, np.inf)[:, None]
    xy = local[:, :2] * focal_length / safe + [x0 + width / 2, y0 + height / 2]
    return xy, depth, float(focal_length)
