"""Round numbers for axes."""

import numpy as np
from numpy.typing import NDArray


def ticks(low: float, high: float, most: int) -> NDArray[np.float64]:
    """Return round numbers within [low, high], `most` at most, spaced by 1, 2 or 5 times a power of ten."""
    least = (high - low) / (most - 1)
    power = 10.0 ** np.floor(np.log10(least))
    step = power * next(m for m in (1, 2, 5, 10) if m * power >= least * (1 - 1e-9))
    return np.asarray(step * np.arange(np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9) + 1))


def log_ticks(low: float, high: float) -> NDArray[np.float64]:
    """Return 1, 2 and 5 times powers of ten within [low, high], of positive numbers."""
    powers = 10.0 ** np.arange(np.floor(np.log10(low)), np.floor(np.log10(high)) + 1)
    values = np.outer(powers, [1, 2, 5]).ravel()
    return np.asarray(values[(values >= low * (1 - 1e-9)) & (values <= high * (1 + 1e-9))])


def wants_log(values: NDArray[np.floating]) -> bool:
    """Whether positive values reach over more than a factor of four: then equal factors, not equal steps, look equal."""
    return bool(values.size) and bool(values.min() > 0) and bool(values.max() > 4 * values.min())
