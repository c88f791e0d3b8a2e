"""The bundled labelled shape set: procedural, from a seed, numpy only."""

from bgnn_studio.training.shapes.dataset import (
    CLASSES,
    CLEAN,
    GENERATOR_VERSION,
    POINTS,
    SEED,
    SPLITS,
    TEST_SHA256,
    Nuisance,
    ShapeSet,
    make_cloud,
    make_dataset,
)

__all__ = [
    "CLASSES",
    "CLEAN",
    "GENERATOR_VERSION",
    "POINTS",
    "SEED",
    "SPLITS",
    "TEST_SHA256",
    "Nuisance",
    "ShapeSet",
    "make_cloud",
    "make_dataset",
]
