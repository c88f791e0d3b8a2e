"""Facts of bit codes against plain loops over lists of signs."""

from collections import Counter
from math import log2

import numpy as np
import pytest

from bgnn_studio.core.bit_facts import bit_facts
from bgnn_studio.core.bits import pack_signs
from bgnn_studio.native.kernels import knn_hamming


def signs_with_faults(points: int, channels: int) -> np.ndarray:
    """Return (points, channels) of +-1 with dead, equal and opposite columns and repeated rows, where there is room."""
    signs = np.where(np.random.default_rng(channels).random((points, channels)) < 0.3, -1, 1)
    signs[points // 2 :: 3] = signs[0]
    if channels > 8:
        signs[:, 2], signs[:, 5] = 1, -1
        signs[:, 6], signs[:, channels - 1] = signs[:, 1], -signs[:, 1]
    return signs


@pytest.mark.parametrize("channels", [1, 4, 63, 64, 65, 130])
@pytest.mark.parametrize("k", [1, 6])
def test_facts_are_those_of_plain_loops(channels: int, k: int) -> None:
    signs = signs_with_faults(47, channels)
    rows = signs.tolist()
    all_distances = [sorted(sum(a != b for a, b in zip(x, y, strict=True)) for y in rows) for x in rows]
    facts = bit_facts(pack_signs(signs), channels, np.array(all_distances, np.float32)[:, :k], knn_hamming)
    assert facts.points == 47
    assert facts.codes == len({tuple(row) for row in rows})
    assert facts.tied == sum(d[k] == d[k - 1] for d in all_distances)
    columns = signs.T.tolist()
    shares = [Counter(column)[-1] / 47 for column in columns]
    dead = [len(set(column)) == 1 for column in columns]
    np.testing.assert_array_equal(facts.dead, dead)
    np.testing.assert_allclose(facts.negative, shares)
    np.testing.assert_allclose(facts.balance, [2 * min(p, 1 - p) for p in shares], atol=1e-12)
    np.testing.assert_allclose(facts.entropy, [-sum(q * log2(q) for q in (p, 1 - p) if q) for p in shares])
    for c, column in enumerate(columns):
        equal = [b for b in range(c) if columns[b] in (column, [-v for v in column])]
        assert facts.duplicate_of[c] == (equal[0] if equal and not dead[c] else -1)
    assert channels < 9 or ((facts.duplicate_of >= 0).sum() >= 2 and facts.dead.sum() >= 2)


def test_all_points_as_neighbours_have_no_ties() -> None:
    words = np.zeros((5, 1), np.uint64)
    assert bit_facts(words, 3, np.zeros((5, 5)), knn_hamming).tied == 0
    assert bit_facts(words, 3, np.zeros((5, 4)), knn_hamming).tied == 5
