"""Numbers with units."""

import pytest

from bgnn_studio.core.units import duration_text, ms_text, size_text


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (337_000, "329 KiB"), (7_235_174, "6.9 MiB"), (3 << 30, "3 GiB")]
)
def test_sizes_have_three_digits_and_a_unit(size: int, text: str) -> None:
    assert size_text(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (99.4, "99 s"), (99.6, "2 min"), (5969, "99 min"), (5970, "1 h 40 min"), (7500, "2 h 05 min"), (86_400, "24 h 00 min")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0.0, "0.000"),
        (0.0004, "0.000"),
        (0.0123, "0.012"),
        (0.3741, "0.374"),
        (4.118, "4.12"),
        (20.07, "20.1"),
        (123.4, "123"),
        (1234.5, "1234"),
    ],
)
def test_milliseconds_have_three_digits(milliseconds: float, text: str) -> None:
    assert ms_text(milliseconds) == text
