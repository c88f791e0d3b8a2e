"""Draw one frame off screen and print the OpenGL renderer: ``python -m bgnn_studio.scene.probe``; `doctor` runs it."""

import os
import sys

if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
    os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")

import pyvista as pv


def renderer() -> str:
    """Return the name of the OpenGL renderer after it drew a point that can be seen; raises `RuntimeError` if it cannot."""
    plotter = pv.Plotter(off_screen=True, window_size=[64, 64])
    plotter.renderer.SetBackground(0.0, 0.0, 0.0)
    plotter.add_mesh(pv.Sphere(), color="white")
    image = plotter.screenshot(return_img=True)
    window = plotter.render_window
    if window is None or image is None or not image.any():
        raise RuntimeError("the picture stayed black")
    lines = window.ReportCapabilities().splitlines()
    plotter.close()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("OpenGL renderer")), "unknown")


if __name__ == "__main__":
    print(renderer())  # noqa: T201  (its output is its result)
