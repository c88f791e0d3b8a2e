"""Points as lit spheres, ray-cast and anti-aliased in the fragment shader, sized in the unit of the cloud."""

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
from vtkmodules.vtkRenderingCore import vtkActor
from vtkmodules.vtkRenderingOpenGL2 import vtkOpenGLSphereMapper

from bgnn_studio.scene.depth_cue import IN_FRONT

# The mapper casts a ray at each sphere: `d` is the discriminant, 4 at the centre of the disc and 0 at its rim; the normal
# and the depth are those of the surface, so that edges come out of it. Light comes from the upper left, in front.
_LIGHT = "//VTK::Light::Impl"
_SPHERE_GLSL = """{light}
vec3 shade = vertexColorVSOutput.rgb * (0.42 + 0.68 * clamp(dot(normalVCVSOutput, normalize(vec3(-0.35, 0.55, 0.75))), 0.0, 1.0));
shade += vec3(0.22 * pow(clamp(dot(normalVCVSOutput, normalize(vec3(-0.25, 0.4, 0.9))), 0.0, 1.0), 30.0));
{rim}
float fade = clamp((-centerVCVSOutput.z - depthCue.z) / (depthCue.w - depthCue.z), 0.0, 1.0);
gl_FragData[0] = vec4(mix(shade, background, {strength} * fade), smoothstep(0.0, 0.8, d));
gl_FragDepth *= {range};
"""
_RIM_GLSL = "shade = mix(accent, shade, smoothstep(1.5, 1.8, d));"
SPACING_SAMPLE = 64  # points whose nearest neighbour is looked for


def sphere_radius(points: NDArray[np.floating], extent: float) -> float:
    """Choose a radius for (N, 3) points within `extent` of their centre: between what their number and their spacing ask for."""
    points = points.astype(np.float64) - points[0]  # far from the origin the expanded square would cancel
    sample = points[:: -(-len(points) // SPACING_SAMPLE)]
    squared = np.square(points).sum(axis=1) - 2 * sample @ points.T + np.square(sample).sum(axis=1)[:, None]  # (S, N)
    # The second smallest: the smallest is the point itself.
    spacing = np.sqrt(np.median(np.partition(squared, 1, axis=1)[:, 1]).clip(min=0)) if len(points) > 1 else extent
    by_number = 0.42 * extent / np.sqrt(len(points))
    return float(np.clip(np.sqrt(by_number * 0.4 * spacing), 0.002 * extent, 0.03 * extent))


class PointsActor:
    """A cloud of spheres with one colour and one radius each; arrays are rewritten in place while N stays the same.

    Parameters
    ----------
    marks : bool
        The look of picked points: each sphere inside a ring of the accent colour, seen through all that is in front.
    """

    def __init__(self, *, marks: bool = False) -> None:
        self.colours = np.empty((0, 3), np.uint8)
        self.radii = np.empty(0, np.float32)
        self._xyz = np.empty((0, 3), np.float32)
        self.vtk_points = vtkPoints()
        self._data = vtkPolyData()
        self._data.SetPoints(self.vtk_points)
        mapper = vtkOpenGLSphereMapper()
        mapper.SetInputData(self._data)
        mapper.SetScaleArray("radius")
        rim, strength, depth_range = (_RIM_GLSL, 0.4, IN_FRONT) if marks else ("", 0.75, 1.0)
        code = _SPHERE_GLSL.format(light=_LIGHT, rim=rim, strength=strength, range=depth_range)
        self.actor = vtkActor()
        self.actor.SetMapper(mapper)
        self.actor.GetProperty().LightingOff()
        self.actor.GetShaderProperty().AddFragmentShaderReplacement(_LIGHT, True, code, False)
        self._uniforms = self.actor.GetShaderProperty().GetFragmentCustomUniforms()

    def set_theme(self, background: tuple[float, float, float], accent: tuple[float, float, float]) -> None:
        """Set the colour that far points fade to and the colour of the rims."""
        self._uniforms.SetUniform3f("background", background)
        self._uniforms.SetUniform3f("accent", accent)

    def set_points(self, points: NDArray[np.floating]) -> None:
        """Set (N, 3) positions; colours and radii keep their values when N is unchanged, and are undefined otherwise."""
        if len(points) != len(self._xyz):
            self._xyz = np.empty((len(points), 3), np.float32)
            self.colours = np.empty((len(points), 3), np.uint8)
            self.radii = np.empty(len(points), np.float32)
            self.vtk_points.SetData(numpy_to_vtk(self._xyz, deep=0))
            vertices = vtkCellArray()
            vertices.SetData(1, numpy_to_vtkIdTypeArray(np.arange(len(points)), deep=1))
            self._data.SetVerts(vertices)
            self.vtk_colours = numpy_to_vtk(self.colours, deep=0)
            self.vtk_colours.SetName("colour")
            radii = numpy_to_vtk(self.radii, deep=0)
            radii.SetName("radius")
            attributes = self._data.GetPointData()
            attributes.Initialize()
            attributes.SetScalars(self.vtk_colours)
            attributes.AddArray(radii)
        self._xyz[:] = points
        self.touch()

    def touch(self) -> None:
        """Tell VTK that positions, colours or radii were rewritten."""
        self.vtk_points.GetData().Modified()
        self.vtk_points.Modified()
        for i in range(self._data.GetPointData().GetNumberOfArrays()):
            self._data.GetPointData().GetArray(i).Modified()
        self._data.Modified()
