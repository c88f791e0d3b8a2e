"""The parity contract end to end: published checkpoints, imported, exported and run, against an independent implementation."""

from pathlib import Path

import numpy as np
import pytest

from bgnn_studio.core.bits import pack_signs, popcount
from bgnn_studio.core.inference import Inference
from bgnn_studio.native import Model
from bgnn_studio.training.checkpoints import load_checkpoint
from bgnn_studio.training.export import export_model, export_tensors

LOGITS = 1e-4  # relative to the largest: float32 sums in another order
FEATURES = 1e-4
BITS = 1e-6  # share of bits that rounding may flip where they are the signs of real values

Reference = dict[str, np.ndarray]


def run(variant: str, shared_dir: Path, tmp_path: Path) -> tuple[list[Inference], Reference]:
    """Return the engine's six traced inferences, and what is expected."""
    export_model(tmp_path / "m.gguf", load_checkpoint(shared_dir / "conformance" / f"{variant}.t7", variant=variant))
    with np.load(shared_dir / "conformance" / f"{variant}.npz") as archive:
        reference = dict(archive)
    with Model.open(tmp_path / "m.gguf") as model:
        return [model.infer(cloud, trace=True) for cloud in reference["points"]], reference


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """Return the largest difference, relative to the largest value."""
    return float(np.abs(a - b).max() / np.abs(b).max())


def test_dgcnn(shared_dir: Path, tmp_path: Path):
    results, reference = run("dgcnn", shared_dir, tmp_path)
    for i, result in enumerate(results):
        np.testing.assert_array_equal(result.trace.knn[0], reference["knn1"][i])
        assert difference(result.logits, reference["logits"][i]) < LOGITS


@pytest.mark.parametrize("variant", ["bf1", "bf2"])
def test_networks_on_bits(variant: str, shared_dir: Path, tmp_path: Path):
    results, reference = run(variant, shared_dir, tmp_path)
    packed = {n: pack_signs(reference[f"features{n}"]) for n in (2, 3, 4)}
    first = np.stack([r.trace.features[0] for r in results])
    flipped = popcount(first ^ packed[2]).sum(axis=1)  # (6,) of the first layer's bits
    assert flipped.sum() <= BITS * reference["features2"].size
    for i in np.flatnonzero(flipped == 0):
        for n in (3, 4):
            np.testing.assert_array_equal(results[i].trace.features[n - 2], packed[n][i])
        for n in (1, 2, 3, 4):
            np.testing.assert_array_equal(results[i].trace.knn[n - 1], reference[f"knn{n}"][i])
        assert difference(results[i].logits, reference["logits"][i]) < LOGITS


def edge_bits(tensors: dict[str, np.ndarray], features: np.ndarray, knn: np.ndarray) -> np.ndarray:
    """Return the bits that conv2 takes, (N, k, W), from its input (N, C) and graph."""
    own = np.broadcast_to(features[:, None], (*knn.shape, features.shape[1]))
    edges = np.concatenate([features[knn] - own, own], axis=-1)
    return pack_signs(np.where(edges < tensors["conv2.threshold"], -1, 1)) ^ tensors["conv2.flip"]


def test_rf(shared_dir: Path, tmp_path: Path):
    results, reference = run("rf", shared_dir, tmp_path)
    tensors = export_tensors(load_checkpoint(shared_dir / "conformance" / "rf.t7"))
    flipped = bits = compared = 0
    for i, result in enumerate(results):
        np.testing.assert_array_equal(result.trace.knn[0], reference["knn1"][i])
        ours = edge_bits(tensors, result.trace.features[0], result.trace.knn[1])
        theirs = edge_bits(tensors, reference["features2"][i], reference["knn2"][i])
        flipped += int(popcount(ours ^ theirs).sum())
        bits += 128 * theirs.shape[0] * theirs.shape[1]
        if difference(result.trace.features[1], reference["features3"][i]) >= FEATURES:
            continue  # a flipped bit: from there on another network's numbers
        compared += 1
        for n in (3, 4):
            assert (result.trace.knn[n - 1] == reference[f"knn{n}"][i]).mean() >= 0.999
        assert difference(result.logits, reference["logits"][i]) < LOGITS
    assert flipped <= BITS * bits
    assert compared >= 4
