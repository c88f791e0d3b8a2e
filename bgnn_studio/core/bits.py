"""The bit contract in numpy: a bit is 1 exactly when the value is negative; channel c is bit c % 64 of word c // 64.

Written once in `native/include/bgnn.h`; this is its numpy form, the oracle of the kernel tests and the window's reader
of packed features.
"""

import numpy as np
from numpy.typing import NDArray


def pack_signs(values: NDArray[np.floating] | NDArray[np.integer]) -> NDArray[np.uint64]:
    """Pack the signs of (..., C) values into (..., W) uint64 words; zero counts as positive, pad bits are 0."""
    negative = np.asarray(values) < 0
    channels = negative.shape[-1]
    padded = np.zeros((*negative.shape[:-1], -(-channels // 64) * 64), dtype=bool)
    padded[..., :channels] = negative
    return np.packbits(padded, axis=-1, bitorder="little").view("<u8").astype(np.uint64, copy=False)


def unpack_bits(words: NDArray[np.uint64], channels: int) -> NDArray[np.uint8]:
    """Unpack (..., W) words into (..., C) bits, 1 where the value was negative."""
    octets = np.ascontiguousarray(words, dtype="<u8").view(np.uint8)
    return np.unpackbits(octets, axis=-1, count=channels, bitorder="little")


def unpack_signs(words: NDArray[np.uint64], channels: int) -> NDArray[np.int8]:
    """Unpack (..., W) words into (..., C) int8 values, -1 or +1."""
    return (1 - 2 * unpack_bits(words, channels).astype(np.int8)).astype(np.int8)


def popcount(words: NDArray[np.uint64]) -> NDArray[np.int32]:
    """Count the set bits of each row of (..., W) words."""
    return np.bitwise_count(words).sum(axis=-1, dtype=np.int32)


def hamming(a: NDArray[np.uint64], b: NDArray[np.uint64]) -> NDArray[np.int32]:
    """Hamming distance of (..., W) packed words, broadcast."""
    return popcount(np.bitwise_xor(a, b))
