"""Two stored runs side by side: how their medians differ, and what else does."""

from dataclasses import dataclass, fields

from bgnn_studio.core.statistics import Difference, median_difference
from bgnn_studio.history.runs import Conditions, Record

_NAMES = {"model_sha256": "model file", "model_name": "model", "points": "N", "isa": "instruction set"}


@dataclass(frozen=True)
class Comparison:
    """Run B against run A.

    Attributes
    ----------
    a, b : Record
    difference : Difference
        Of the medians, in nanoseconds.
    conditions : dict
        Name to (of A, of B), for every condition that differs but the time.
    same_output : bool or None
        Whether the checksums agree; None where one is missing.
    """

    a: Record
    b: Record
    difference: Difference
    conditions: dict[str, tuple[str, str]]
    same_output: bool | None

    @property
    def verdict(self) -> str:
        """One line: what the samples show."""
        found = self.difference
        if "badge" in self.conditions:
            return f"not comparable: {' against '.join(reversed(self.conditions['badge']))}"
        if found.ratio_interval is None:
            return f"{found.ratio:.3f} times as long; too few passes to tell it from chance"
        low, high = found.ratio_interval
        if not found.shown:
            return f"no difference shown (ratio {low:.3f} to {high:.3f}, 95 %)"
        word = "slower" if found.ratio > 1 else "faster"
        return f"{word}: {found.ratio:.3f} times as long ({low:.3f} to {high:.3f}, 95 %)"


def compare(a: Record, b: Record) -> Comparison:
    """Compare run B with run A."""
    both = a.run.conditions, b.run.conditions
    names = [field.name for field in fields(Conditions) if field.name != "time"]
    differ = {_NAMES.get(name, name): (str(getattr(both[0], name)), str(getattr(both[1], name))) for name in names}
    sums = a.run.checksum, b.run.checksum
    return Comparison(
        a,
        b,
        median_difference(a.run.samples_ns, b.run.samples_ns),
        {name: pair for name, pair in differ.items() if pair[0] != pair[1]},
        None if None in sums else sums[0] == sums[1],
    )
