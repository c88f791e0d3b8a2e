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
from bgnn_studio.training.shapes.labelled import DATASET, as_labelled, labelled_shapes

__all__ = [
    "CLASSES",
    "CLEAN",
    "DATASET",
    "GENERATOR_VERSION",
    "POINTS",
    "SEED",
    "SPLITS",
    "TEST_SHA256",
    "Nuisance",
    "ShapeSet",
    "as_labelled",
    "labelled_shapes",
    "make_cloud",
    "make_dataset",
]
