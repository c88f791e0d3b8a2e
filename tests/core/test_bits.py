"""The bit contract, against Python integers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bgnn_studio.core.bits import hamming, pack_signs, popcount, unpack_bits, unpack_signs


def word_by_hand(values: list[float], word: int) -> int:
    return sum(1 << c % 64 for c, v in enumerate(values) if v < 0 and c // 64 == word)


@pytest.mark.parametrize("channels", [1, 63, 64, 65, 127, 128, 129])
def test_pack_is_the_contract(channels: int) -> None:
    values = np.random.default_rng(channels).standard_normal((5, channels)).astype(np.float32)
    words = pack_signs(values)
    assert words.dtype == np.uint64
    assert words.shape == (5, -(-channels // 64))
    for row, packed in zip(values.tolist(), words.tolist(), strict=True):
        assert packed == [word_by_hand(row, w) for w in range(len(packed))]


def test_zero_of_either_sign_and_nan_are_positive() -> None:
    assert pack_signs(np.array([0.0, -0.0, np.nan, -1e-45, -np.inf], dtype=np.float32)).tolist() == [0b11000]


@given(st.lists(st.sampled_from([-1, 1]), min_size=1, max_size=200))
def test_unpack_inverts_pack(signs: list[int]) -> None:
    words = pack_signs(np.array(signs))
    assert unpack_signs(words, len(signs)).tolist() == signs
    assert unpack_bits(words, len(signs)).tolist() == [int(s < 0) for s in signs]


@given(st.integers(1, 130), st.integers(0, 2**32 - 1))
def test_hamming_is_a_metric_and_gives_the_dot_product(channels: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b, c = signs = rng.choice([-1, 1], size=(3, channels))
    words = pack_signs(signs)
    ab, bc, ac = (int(hamming(words[i], words[j])) for i, j in ((0, 1), (1, 2), (0, 2)))
    assert ab == int((a != b).sum())
    assert channels - 2 * ab == int(a @ b)
    assert ac <= ab + bc
    assert int(hamming(words[2], words[2])) == 0
    assert int(popcount(words[2])) == int((c < 0).sum())
