"""The checksum that tells whether two machines computed the same: FNV-1a (64 bits) over every graph, bit and logit of a pass."""

from typing import TYPE_CHECKING, Any

import numpy as np

from bgnn_studio.native.library import ffi, lib

if TYPE_CHECKING:
    from bgnn_studio.core.inference import Inference

_START = 14695981039346656037


def fnv1a(*arrays: np.ndarray[Any, Any]) -> int:
    """Return the FNV-1a hash (Fowler, Noll, Vo; 64 bits) of the bytes of arrays one after another, each element little-endian."""
    total = _START
    for array in arrays:
        data = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        total = lib.bgnn_fnv(total, ffi.from_buffer(data), data.nbytes)
    return total


def checksum(inference: "Inference") -> str:
    """Return the 16 digits that bgnn-runner gives for the same pass (see `native/runner/README.md`); the inference has its trace."""
    if inference.trace is None:
        raise ValueError("Expected an inference with its trace.")
    graphs, features = inference.trace.knn, inference.trace.features
    pairs = zip(graphs[1:], features, strict=True)
    return f"{fnv1a(graphs[0], *(array for pair in pairs for array in pair), inference.logits):016x}"
