"""Synthetic inferences: true k-NN graphs of a random cloud and of random bits or real features, by brute force in numpy."""

import numpy as np

from bgnn_studio.core.bits import hamming, pack_signs
from bgnn_studio.core.inference import Inference, Step, Trace


def nearest(distances, k):
    """The k nearest of each row by (distance, index), and their distances."""
    index = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return index.astype(np.int32), np.take_along_axis(distances, index, axis=1).astype(np.float32)


def squared_l2(values):
    return np.square(values[:, None].astype(np.float64) - values[None]).sum(axis=-1)


def synthetic_cloud(points=256, seed=0):
    """Points on the unit sphere, squeezed so that no axis is like another."""
    values = np.random.default_rng(seed).standard_normal((points, 3))
    return (values / np.linalg.norm(values, axis=1, keepdims=True) * [1.0, 0.7, 0.5]).astype(np.float32)


def synthetic_inference(cloud, *, k=8, widths=(64, 128), on_bits=True, seed=0):
    """An inference with a trace of 1 + len(widths) layers; features are random projections of the cloud."""
    rng = np.random.default_rng(seed)
    reals = [(cloud @ rng.standard_normal((3, width)) + 0.3 * rng.standard_normal(width)).astype(np.float32) for width in widths]
    features = [pack_signs(real) if on_bits else real for real in reals]
    distances = [squared_l2(cloud)]
    distances += [hamming(f[:, None], f[None]) if on_bits else squared_l2(f) for f in features]
    graphs = [nearest(d, k) for d in distances]
    winners = rng.integers(len(cloud) // 4, size=3 * len(cloud), dtype=np.int32)  # a few points win most channels
    trace = Trace(tuple(g for g, _ in graphs), tuple(d for _, d in graphs), tuple(features), winners)
    return Inference(np.zeros(4, np.float32), (Step("layer1", "knn", 1000),), "scalar", 1, 0, trace)
