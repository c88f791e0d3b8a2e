"""Colour legend at the lower right and title at the upper left, laid out in parts of the viewport so that nothing moves by hand."""

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
from vtkmodules.vtkRenderingCore import vtkActor2D, vtkCoordinate, vtkPolyDataMapper2D, vtkRenderer, vtkTextActor

from bgnn_studio.core.axes import ticks

TITLE_SIZE, LABEL_SIZE = 15, 13
LEFT, RIGHT, BOTTOM, TOP = 0.963, 0.975, 0.06, 0.40
LABELS = 7  # of a scale, at most
CATEGORIES = 13  # at most; from the eighth on the strip grows upwards


class Legend:
    """A colour strip with its labels to the left, so that long ones cannot leave the picture, and a title.

    Text follows the DPI of the render window (72 is one device pixel per pixel), which an interactor sets on dense screens.
    """

    def __init__(self, renderer: vtkRenderer) -> None:
        viewport = vtkCoordinate()
        viewport.SetCoordinateSystemToNormalizedViewport()
        self._strip = vtkPolyData()
        mapper = vtkPolyDataMapper2D()
        mapper.SetInputData(self._strip)
        mapper.SetTransformCoordinate(viewport)
        self._strip_actor = vtkActor2D()
        self._strip_actor.SetMapper(mapper)
        self.title = _text(0.025, 0.965, TITLE_SIZE, top=True)
        self.heading = _text(RIGHT, TOP + 0.05, LABEL_SIZE, right=True)
        self.labels = [_text(LEFT - 0.007, BOTTOM, LABEL_SIZE, right=True, middle=True) for _ in range(CATEGORIES)]
        for actor in (self._strip_actor, self.title, self.heading, *self.labels):
            renderer.AddViewProp(actor)
        self.hide_scale()

    def set_text_colour(self, colour: tuple[float, float, float]) -> None:
        """Set the colour of all text."""
        for actor in (self.title, self.heading, *self.labels):
            actor.GetTextProperty().SetColor(*colour)

    def set_title(self, text: str) -> None:
        """Set the title at the upper left."""
        self.title.SetInput(text)

    def set_scale(
        self, colours: NDArray[np.uint8], value_range: tuple[float, float], heading: str, categories: tuple[str, ...] | None = None
    ) -> None:
        """Show (count, 3) colours from the low end of a range to the high one, or one colour per category."""
        bands = len(colours)
        top = TOP if categories is None else min(0.82, BOTTOM + (TOP - BOTTOM) * max(1.0, bands / LABELS))
        # A scale is one closed strip; categories stand apart.
        gap = 0.0 if categories is None else 0.06
        starts = np.arange(bands) + gap
        heights = BOTTOM + (top - BOTTOM) * np.stack([starts, starts + 1 - 2 * gap], axis=1) / bands  # (bands, 2)
        corners = np.zeros((bands, 4, 3), np.float32)
        corners[:, [0, 3], 0], corners[:, [1, 2], 0] = LEFT, RIGHT
        corners[:, [0, 1], 1], corners[:, [2, 3], 1] = heights[:, :1], heights[:, 1:]
        points = vtkPoints()
        points.SetData(numpy_to_vtk(corners.reshape(-1, 3), deep=1))
        quads = vtkCellArray()
        quads.SetData(4, numpy_to_vtk(np.arange(4 * bands), deep=1))
        self._strip.SetPoints(points)
        self._strip.SetPolys(quads)
        self._strip.GetCellData().SetScalars(numpy_to_vtk(colours, deep=1))
        if categories is None:
            values = ticks(*value_range, LABELS)
            low, high = value_range
            names, places = [_number(v) for v in values], (values - low) / (high - low)
        else:
            names, places = list(categories), (np.arange(bands) + 0.5) / bands
        for actor in self.labels:
            actor.VisibilityOff()
        for actor, name, place in zip(self.labels, names, places, strict=False):
            actor.SetInput(name)
            actor.SetPosition(LEFT - 0.007, BOTTOM + (top - BOTTOM) * float(place))
            actor.VisibilityOn()
        self.heading.SetInput(heading)
        self.heading.SetPosition(RIGHT, top + 0.05)
        self.heading.VisibilityOn()
        self._strip_actor.VisibilityOn()

    def set_heading(self, heading: str) -> None:
        """Say what the colours are, where they are on no scale."""
        self.hide_scale()
        self.heading.SetInput(heading)
        self.heading.SetPosition(RIGHT, BOTTOM)
        self.heading.VisibilityOn()

    def hide_scale(self) -> None:
        """Take the scale away; the title stays."""
        for actor in (self._strip_actor, self.heading, *self.labels):
            actor.VisibilityOff()


def _number(value: float) -> str:
    text = f"{value:.6g}"
    return "0" if text == "-0" else text.replace("-", "\N{MINUS SIGN}")


def _text(x: float, y: float, size: int, *, right: bool = False, top: bool = False, middle: bool = False) -> vtkTextActor:
    actor = vtkTextActor()
    actor.GetPositionCoordinate().SetCoordinateSystemToNormalizedViewport()
    actor.SetPosition(x, y)
    actor.SetInput("")
    style = actor.GetTextProperty()
    style.SetFontSize(size)
    style.SetLineSpacing(1.35)
    if right:
        style.SetJustificationToRight()
    if top:
        style.SetVerticalJustificationToTop()
    if middle:
        style.SetVerticalJustificationToCentered()
    return actor
