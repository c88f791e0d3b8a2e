"""A soft shadow on the floor under a cloud: its points counted on a grid, blurred, drawn as one textured rectangle."""

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkFiltersSources import vtkPlaneSource
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkTexture

GRID = 96
BLUR = 4.5  # standard deviation, in cells
MARGIN = 0.35  # beyond the cloud on each side, in parts of its largest extent: room for the blur to end


class ShadowActor:
    """The floor's shadow."""

    def __init__(self) -> None:
        self._plane = vtkPlaneSource()
        self._image = vtkImageData()
        self._image.SetDimensions(GRID, GRID, 1)
        self._texels = np.zeros((GRID, GRID, 4), np.uint8)
        self._image.GetPointData().SetScalars(numpy_to_vtk(self._texels.reshape(-1, 4), deep=0))
        texture = vtkTexture()
        texture.SetInputData(self._image)
        texture.InterpolateOn()
        texture.RepeatOff()
        mapper = vtkPolyDataMapper()
        mapper.SetInputConnection(self._plane.GetOutputPort())
        self.actor = vtkActor()
        self.actor.SetMapper(mapper)
        self.actor.SetTexture(texture)
        self.actor.GetProperty().LightingOff()
        self.actor.ForceTranslucentOn()
        self.actor.PickableOff()

    def set_colour(self, colour: tuple[float, float, float], opacity: float) -> None:
        """Set what the shadow is made of."""
        self._texels[..., :3] = np.round(np.multiply(colour, 255))
        self._image.GetPointData().GetScalars().Modified()
        self._image.Modified()
        self.actor.GetProperty().SetOpacity(opacity)

    def set_points(self, points: NDArray[np.floating], up: str) -> None:
        """Cast the shadow of (N, 3) points along the axis `up`."""
        vertical = "xyz".index(up)
        axes = [(vertical + 1) % 3, (vertical + 2) % 3]
        low, high = points.min(axis=0).astype(np.float64), points.max(axis=0).astype(np.float64)
        extent = max(float((high - low).max()), 1e-6)
        start, end = low - MARGIN * extent, high + MARGIN * extent
        cells = ((points[:, axes] - start[axes]) / (end - start)[axes] * GRID).astype(np.intp)  # (N, 2)
        counts = np.bincount(cells[:, 1] * GRID + cells[:, 0], minlength=GRID * GRID).reshape(GRID, GRID)
        tap = np.arange(GRID)
        blur = np.exp(-0.5 * np.square((tap[:, None] - tap) / BLUR))
        density = blur @ counts @ blur
        # Square root: a wall seen from above must not outshine the rest of the object.
        self._texels[..., 3] = np.round(255 * np.sqrt(density / density.max()))
        self._image.GetPointData().GetScalars().Modified()
        self._image.Modified()
        floor = low[vertical] - 0.03 * extent
        for place, corner in (
            (self._plane.SetOrigin, (start, start)),
            (self._plane.SetPoint1, (end, start)),
            (self._plane.SetPoint2, (start, end)),
        ):
            position = np.empty(3)
            position[axes], position[vertical] = (corner[0][axes[0]], corner[1][axes[1]]), floor
            place(*position.tolist())
