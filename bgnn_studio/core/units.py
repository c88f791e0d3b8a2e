"""Numbers with units, as people read them."""

from math import floor, log10


def size_text(size_bytes: float) -> str:
    """Return bytes as ``512 B``, ``181 KiB`` or ``7.04 MiB``."""
    for unit in ("B", "KiB", "MiB"):
        if size_bytes < 1024:
            return f"{size_bytes:.0f} {unit}" if unit == "B" or size_bytes >= 100 else f"{size_bytes:.3g} {unit}"
        size_bytes /= 1024
    return f"{size_bytes:.3g} GiB"


def duration_text(seconds: float) -> str:
    """Return a duration as ``48 s``, ``7 min`` or ``2 h 05 min``."""
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"


def ms_text(milliseconds: float) -> str:
    """Return milliseconds to three digits, without the unit: ``0.374``, ``4.12``, ``20.1``, ``1234``; below a microsecond ``0.000``."""
    digits = 3 if milliseconds < 1e-3 else 2 - floor(log10(milliseconds))
    return f"{milliseconds:.{min(max(digits, 0), 3)}f}"
