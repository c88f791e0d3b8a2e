"""k-NN against all N^2 distances in numpy, sorted by (distance, index); seeds in the parameters."""

import numpy as np
import pytest
import torch

from bgnn_studio.errors import BgnnError
from bgnn_studio.training.knn import engine_knn, knn_hamming, knn_l2

torch.set_num_threads(1)


def _oracle(distance: np.ndarray, k: int) -> np.ndarray:
    return np.stack([np.lexsort((np.arange(len(row)), row))[:k] for row in distance])


@pytest.mark.parametrize(("n", "channels", "k"), [(1, 1, 1), (20, 3, 20), (200, 3, 20), (90, 64, 12), (130, 5, 7)])
@pytest.mark.parametrize("seed", range(3))
def test_l2_of_integers_is_exact(n: int, channels: int, k: int, seed: int) -> None:
    """Small integers: every arithmetic is exact and most distances tie."""
    x = np.random.default_rng(seed).integers(-2, 3, (2, n, channels))
    found = knn_l2(torch.from_numpy(x).float(), k).numpy()
    for cloud, index in zip(x, found, strict=True):
        np.testing.assert_array_equal(index, _oracle(((cloud[:, None] - cloud) ** 2).sum(2), k))


@pytest.mark.parametrize("offset", [0.0, 30.0, 1e4])
def test_l2_preselection_survives_offsets_and_duplicates(offset: float) -> None:
    """|a|^2 + |b|^2 - 2ab alone would lose all digits at an offset of 10^4; 40 copies of one point tie past the candidates."""
    rng = np.random.default_rng(4)
    x = (rng.normal(size=(256, 3)) + offset).astype(np.float32)
    x[100:140] = x[7]
    distance = ((x[:, None].astype(np.float64) - x) ** 2).sum(2)
    found = knn_l2(torch.from_numpy(x)[None], 12)[0].numpy()
    assert (found == _oracle(distance, 12)).all()


def test_l2_of_points_rounds_as_the_engine_does() -> None:
    """On a regular grid, which side of a near tie wins hangs on the last bit: difference in float32, then fused multiply-add."""
    axis = np.linspace(-1, 1, 9, dtype=np.float32)
    x = np.stack(np.meshgrid(axis, axis, axis[:2], indexing="ij"), -1).reshape(-1, 3)
    total = np.zeros((len(x), len(x)), np.float32)
    for c in range(3):
        difference = (x[:, None, c] - x[None, :, c]).astype(np.longdouble)
        total = (difference * difference + total).astype(np.float32)
    np.testing.assert_array_equal(knn_l2(torch.from_numpy(x)[None], 11)[0].numpy(), _oracle(total, 11))


@pytest.mark.parametrize(("n", "channels", "k"), [(1, 1, 1), (50, 64, 20), (300, 7, 16), (64, 65, 64), (2100, 2049, 3)])
def test_hamming(n: int, channels: int, k: int) -> None:
    """The last size is past the exact integers of float32 keys."""
    x = np.where(np.random.default_rng(n).random((2, n, channels)) < 0.5, -1, 1)
    x[0, : n // 2] = x[0, n // 2 : 2 * (n // 2)]
    found = knn_hamming(torch.from_numpy(x).float(), k).numpy()
    rows = slice(None, None, max(1, n // 10))
    for cloud, index in zip(x, found, strict=True):
        np.testing.assert_array_equal(index[rows], _oracle((cloud[rows, None] != cloud).sum(2), k))


@pytest.mark.parametrize(("n", "channels", "k"), [(1, 1, 1), (90, 3, 20), (65, 64, 12), (64, 65, 64)])
def test_the_engines_graphs_are_the_same(n: int, channels: int, k: int) -> None:
    x = torch.from_numpy(np.random.default_rng(n).integers(-2, 3, (3, n, channels))).float()
    bits = torch.where(x >= 0, 1.0, -1.0)
    torch.testing.assert_close(engine_knn(x, k, in_hamming=False), knn_l2(x, k))
    torch.testing.assert_close(engine_knn(bits, k, in_hamming=True), knn_hamming(bits, k))


@pytest.mark.parametrize("knn", [knn_l2, knn_hamming, lambda x, k: engine_knn(x, k, in_hamming=True)])
def test_more_neighbours_than_points_is_refused(knn) -> None:
    with pytest.raises(BgnnError, match=r"at least k = 5 points per cloud \(got 4\)"):
        knn(torch.ones(1, 4, 3), 5)
