"""Points as lit spheres: one quad a point, shaded and anti-aliased in the fragment shader, sized in the unit of the cloud."""

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkPolyData
from vtkmodules.vtkRenderingCore import vtkActor, vtkPointGaussianMapper

from bgnn_studio.scene.depth_cue import FADE_GLSL, IN_FRONT

# offsetVCVSOutput runs over the unit disc of the splat; light comes from the upper left, in front. The depth written is
# that of the sphere and not of the disc, so that edges come out of its surface.
_SPHERE_GLSL = """//VTK::Color::Impl
float rr = dot(offsetVCVSOutput.xy, offsetVCVSOutput.xy);
if (rr > 1.0) {{ discard; }}
vec3 normal = vec3(offsetVCVSOutput.xy, sqrt(1.0 - rr));
float lambert = clamp(dot(normal, normalize(vec3(-0.35, 0.55, 0.75))), 0.0, 1.0);
float gloss = pow(clamp(dot(normal, normalize(vec3(-0.25, 0.4, 0.9))), 0.0, 1.0), 30.0);
vec3 lit = vertexColorVSOutput.rgb * (0.42 + 0.68 * lambert) + vec3(0.22 * gloss);
{rim}
{fade}
ambientColor = mix(lit, background, {strength} * fade);
diffuseColor = vec3(0.0);
opacity = 1.0 - smoothstep(0.8, 1.0, rr);
float front = eyeDistance - radius * normal.z;
float sum = depthCue.y + depthCue.x;
gl_FragDepth = {range} * (0.5 + 0.5 * (sum - 2.0 * depthCue.x * depthCue.y / front) / (depthCue.y - depthCue.x));
"""
_RIM_GLSL = "lit = mix(lit, accent, smoothstep(0.55, 0.63, rr));"


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
        mapper = vtkPointGaussianMapper()
        mapper.SetInputData(self._data)
        mapper.EmissiveOff()
        mapper.SetScaleFactor(1.0)
        mapper.SetScaleArray("radius")
        mapper.SetBoundScale(1.0)
        rim, strength, depth_range = (_RIM_GLSL, 0.4, IN_FRONT) if marks else ("", 0.75, 1.0)
        mapper.SetSplatShaderCode(_SPHERE_GLSL.format(rim=rim, fade=FADE_GLSL, strength=strength, range=depth_range))
        self.actor = vtkActor()
        self.actor.SetMapper(mapper)
        self.actor.GetProperty().LightingOff()
        self._uniforms = self.actor.GetShaderProperty().GetFragmentCustomUniforms()

    def set_theme(self, background: tuple[float, float, float], accent: tuple[float, float, float]) -> None:
        """Set the colour that far points fade to and the colour of the rims."""
        self._uniforms.SetUniform3f("background", background)
        self._uniforms.SetUniform3f("accent", accent)

    def set_radius(self, radius: float) -> None:
        """Set the radius of the spheres' surface in the depth buffer; `radii` is what they show."""
        self._uniforms.SetUniformf("radius", radius)

    def set_points(self, points: NDArray[np.floating]) -> None:
        """Set (N, 3) positions; colours and radii keep their values when N is unchanged, and are undefined otherwise."""
        if len(points) != len(self._xyz):
            self._xyz = np.empty((len(points), 3), np.float32)
            self.colours = np.empty((len(points), 3), np.uint8)
            self.radii = np.empty(len(points), np.float32)
            self.vtk_points.SetData(numpy_to_vtk(self._xyz, deep=0))
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
