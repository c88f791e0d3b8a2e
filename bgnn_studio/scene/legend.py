"""Colour legend and title of a scene, in its theme's text colour."""

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonCore import VTK_UNSIGNED_CHAR, vtkLookupTable
from vtkmodules.vtkRenderingAnnotation import vtkScalarBarActor
from vtkmodules.vtkRenderingCore import vtkRenderer, vtkTextActor, vtkTextProperty

TITLE_SIZE, LABEL_SIZE = 14, 12


class Legend:
    """A scalar bar at the right, and a title at the upper left.

    Parameters
    ----------
    pixel_ratio : float
        Device pixels per pixel: text keeps its size on dense screens and in oversampled images.
    """

    def __init__(self, renderer: vtkRenderer, pixel_ratio: float) -> None:
        self.bar = vtkScalarBarActor()
        self.bar.SetOrientationToVertical()
        self.bar.UnconstrainedFontSizeOn()
        self.bar.SetMaximumWidthInPixels(round(90 * pixel_ratio))
        self.bar.SetBarRatio(0.16)
        self.bar.SetPosition(0.885, 0.06)
        self.bar.SetWidth(0.11)
        self.bar.SetHeight(0.42)
        self.bar.VisibilityOff()
        self.title = vtkTextActor()
        self.title.GetPositionCoordinate().SetCoordinateSystemToNormalizedViewport()
        self.title.SetPosition(0.025, 0.94)
        self._texts = [
            self.title.GetTextProperty(),
            self.bar.GetTitleTextProperty(),
            self.bar.GetLabelTextProperty(),
            self.bar.GetAnnotationTextProperty(),
        ]
        for text, size in zip(self._texts, (TITLE_SIZE, LABEL_SIZE, LABEL_SIZE, LABEL_SIZE), strict=True):
            _plain(text, round(size * pixel_ratio))
        renderer.AddViewProp(self.bar)
        renderer.AddViewProp(self.title)

    def set_text_colour(self, colour: tuple[float, float, float]) -> None:
        """Set the colour of all text."""
        for text in self._texts:
            text.SetColor(colour)

    def set_title(self, text: str) -> None:
        """Set the title; an empty one takes no room."""
        self.title.SetInput(text)

    def set_scale(
        self, colours: NDArray[np.uint8], value_range: tuple[float, float], title: str, unit: str, categories: tuple[str, ...] | None
    ) -> None:
        """Show a scale: (count, 3) colours from one end of the range to the other, or one colour per category."""
        rgba = np.column_stack([colours, np.full(len(colours), 255, np.uint8)])
        table = vtkLookupTable()
        table.SetTable(numpy_to_vtk(rgba, deep=1, array_type=VTK_UNSIGNED_CHAR))
        table.SetTableRange(*value_range)
        self.bar.SetTitle(f"{title} [{unit}]" if unit else title)
        if categories is None:
            low, high = value_range
            self.bar.SetNumberOfLabels(5)
            self.bar.SetUnconstrainedFontSize(1)
            self.bar.SetLabelFormat("{:.0f}" if high - low >= 8 else "{:.2f}")
        else:
            table.IndexedLookupOn()
            for i, name in enumerate(categories):
                table.SetAnnotation(i, name)
        self.bar.SetDrawTickLabels(categories is None)
        self.bar.SetDrawAnnotations(categories is not None)
        self.bar.SetLookupTable(table)
        self.bar.VisibilityOn()

    def hide_scale(self) -> None:
        """Take the scale away."""
        self.bar.VisibilityOff()


def _plain(text: vtkTextProperty, size: int) -> None:
    text.SetFontFamilyToArial()
    text.SetFontSize(size)
    text.BoldOff()
    text.ItalicOff()
    text.ShadowOff()
