"""Panels of the Train tab."""
