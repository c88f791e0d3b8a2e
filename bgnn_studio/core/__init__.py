"""Numpy and standard library only: bits, clouds, graphs and their metrics, network specs, inferences, session state."""
