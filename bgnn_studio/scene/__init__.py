"""Clouds and graphs in 3D with pyvista and VTK: no Qt, so that the command line and the tests draw what the window draws."""
