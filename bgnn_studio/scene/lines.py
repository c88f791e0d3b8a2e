"""Edges as one mesh of lines between shared points: a layer switch writes the connectivity in place, nothing is re-added."""

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray
from vtkmodules.vtkCommonCore import vtkPoints, vtkUnsignedCharArray
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

from bgnn_studio.scene.depth_cue import FADE_GLSL, IN_FRONT

_LIGHT = "//VTK::Light::Impl"
# `shade` darkens lines against the points they join.
_LINE_GLSL = """{light}
{fade}
gl_FragData[0].rgb *= 1.0 - shade;
gl_FragData[0].a *= 1.0 - {strength} * fade;
{depth}
"""
# Only for marks: where a shader writes depth, hidden fragments are shaded too.
_FRONT_GLSL = f"gl_FragDepth = {IN_FRONT} * gl_FragCoord.z;"


class LinesActor:
    """Lines between points of a cloud.

    Parameters
    ----------
    points : vtkPoints
        Shared with the cloud.
    marks : bool
        The lines of a picked point: seen through all that is in front, and fading less with depth.

    Attributes
    ----------
    connectivity : (2E,) int64
        Point pairs, the very memory that VTK draws from.
    """

    def __init__(self, points: vtkPoints, *, marks: bool = False) -> None:
        self.connectivity = np.empty(0, np.int64)
        self._cells = vtkCellArray()
        self._data = vtkPolyData()
        self._data.SetPoints(points)
        self._data.SetLines(self._cells)
        self.mapper = vtkPolyDataMapper()
        self.mapper.SetInputData(self._data)
        self.actor = vtkActor()
        self.actor.SetMapper(self.mapper)
        self.actor.GetProperty().LightingOff()
        self.actor.VisibilityOff()
        strength, depth = (0.4, _FRONT_GLSL) if marks else (0.85, "")
        code = _LINE_GLSL.format(light=_LIGHT, fade=FADE_GLSL, strength=strength, depth=depth)
        self.actor.GetShaderProperty().AddFragmentShaderReplacement(_LIGHT, True, code, False)
        self._uniforms = self.actor.GetShaderProperty().GetFragmentCustomUniforms()
        self.set_shade(0.0)

    def set_shade(self, shade: float) -> None:
        """Darken lines by this fraction."""
        self._uniforms.SetUniformf("shade", shade)

    def set_pairs(self, pairs: NDArray[np.int64], colours: NDArray[np.uint8] | None = None) -> None:
        """Draw (E, 2) pairs of points, in the colours of their ends or in one colour each, (E, 3) uint8."""
        if pairs.size == self.connectivity.size:
            self.connectivity[:] = pairs.ravel()
            self._cells.GetConnectivityArray().Modified()
        else:
            self.connectivity = pairs.flatten()
            self._cells.SetData(2, numpy_to_vtkIdTypeArray(self.connectivity, deep=0))
        self._data.GetCellData().SetScalars(None if colours is None else numpy_to_vtk(np.ascontiguousarray(colours), deep=1))
        if colours is None:
            self.mapper.SetScalarModeToUsePointData()
        else:
            self.mapper.SetScalarModeToUseCellData()
        self._cells.Modified()
        self._data.Modified()
        self.actor.SetVisibility(len(pairs) > 0)

    def set_hidden(self, *, hidden: bool) -> None:
        """Leave the lines out of the picture, or draw them again; `set_pairs` draws them, too."""
        self.actor.SetVisibility(not hidden and self.connectivity.size > 0)

    def set_point_colours(self, colours: vtkUnsignedCharArray) -> None:
        """Share the cloud's colours: each line runs from the colour of one end to that of the other."""
        self._data.GetPointData().SetScalars(colours)

    def touch(self) -> None:
        """Tell VTK that the shared points or colours were rewritten."""
        self._data.Modified()
