"""Numbers with units."""

import pytest

from bgnn_studio.core.units import size_text


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (337_000, "329 KiB"), (7_235_174, "6.9 MiB"), (3 << 30, "3 GiB")]
)
def test_sizes_have_three_digits_and_a_unit(size: int, text: str) -> None:
    assert size_text(size) == text
