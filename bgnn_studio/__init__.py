"""bgnn-studio: inspect, compare and measure Binary Graph Neural Networks on point clouds."""

from importlib.metadata import version

__version__ = version("bgnn-studio")
