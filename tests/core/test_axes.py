"""Round numbers on axes."""

import numpy as np
import pytest

from bgnn_studio.core.axes import log_ticks, ticks, wants_log


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 64, [0, 20, 40, 60]),
        (0, 12, [0, 2, 4, 6, 8, 10, 12]),
        (-0.41, 0.42, [-0.4, -0.2, 0, 0.2, 0.4]),
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0, 0.003, [0, 0.0005, 0.001, 0.0015, 0.002, 0.0025, 0.003]),
    ],
)
def test_ticks_are_round_numbers(low: float, high: float, expected: list[float]) -> None:
    np.testing.assert_allclose(ticks(low, high, 7), expected, atol=1e-12)


def test_there_are_never_too_many_ticks() -> None:
    rng = np.random.default_rng(0)
    for low, width in zip(rng.uniform(-1e3, 1e3, 300), 10 ** rng.uniform(-4, 6, 300), strict=True):
        values = ticks(low, low + width, 7)
        assert 2 <= len(values) <= 7
        assert values[0] >= low - 1e-6 * width
        assert values[-1] <= low + width * (1 + 1e-6)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(40, 600, [50, 100, 200, 500]), (0.02, 0.05, [0.02, 0.05]), (1, 10, [1, 2, 5, 10]), (3, 4, [])],
)
def test_log_ticks_are_1_2_and_5(low: float, high: float, expected: list[float]) -> None:
    np.testing.assert_allclose(log_ticks(low, high), expected)


@pytest.mark.parametrize(
    ("values", "log"), [([1, 3.9], False), ([1, 4.1], True), ([0, 10], False), ([-1, 10], False), ([], False), ([5], False)]
)
def test_an_axis_is_logarithmic_beyond_a_factor_of_four(values: list[float], log: bool) -> None:
    assert wants_log(np.array(values, float)) is log
