"""Depth cue: what is far fades into the background, computed per fragment.

Spheres know their distance from the eye; for lines it is recovered from the window depth (perspective projection, near
plane n, far plane f): ``z = 2 n f / (f + n - ndc (f - n))``.
"""

import weakref

import numpy as np
from numpy.typing import NDArray
from vtkmodules.vtkCommonCore import vtkCommand
from vtkmodules.vtkRenderingCore import vtkActor, vtkRenderer

# Declared by VTK as `uniform vec4 depthCue`: near and far plane, distances where fading begins and ends.
FADE_GLSL = """
float ndc = 2.0 * gl_FragCoord.z - 1.0;
float eyeDistance = 2.0 * depthCue.x * depthCue.y / (depthCue.x + depthCue.y - ndc * (depthCue.y - depthCue.x));
float fade = clamp((eyeDistance - depthCue.z) / (depthCue.w - depthCue.z), 0.0, 1.0);
"""

# Scales window depths of what must shine through the cloud into the front of the depth range, in their own order.
IN_FRONT = 0.05


class DepthCue:
    """Keeps the uniform `depthCue` of some actors in step with the camera, before every frame of their renderer."""

    def __init__(self, renderer: vtkRenderer, actors: list[vtkActor]) -> None:
        self._renderer = renderer
        self._uniforms = [actor.GetShaderProperty().GetFragmentCustomUniforms() for actor in actors]
        self._centre: NDArray[np.float64] = np.zeros(3)
        self._radius = 1.0
        self.update()
        # The renderer outlives the scene in a window: a weak reference keeps neither alive.
        update = weakref.WeakMethod(self.update)
        renderer.AddObserver(vtkCommand.StartEvent, lambda *_: (call := update()) and call())

    def set_sphere(self, centre: NDArray[np.float64], radius: float) -> None:
        """Fade from the front to the back of this sphere."""
        self._centre, self._radius = centre, radius
        self.update()

    def update(self) -> None:
        """Write the uniform for the camera as it is."""
        camera = self._renderer.GetActiveCamera()
        near, far = camera.GetClippingRange()
        distance = float(np.dot(self._centre - camera.GetPosition(), camera.GetDirectionOfProjection()))
        for uniforms in self._uniforms:
            uniforms.SetUniform4f("depthCue", [near, far, distance - self._radius, distance + self._radius])
