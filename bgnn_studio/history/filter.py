"""Which runs to list."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Filter:
    """Conditions that all hold; None: any.

    Attributes
    ----------
    kind, engine, badge, variant, machine, isa, threads
        Equal to the run's.
    model : str or None
        Its name, or the beginning of its sha256 (from 8 digits on).
    tag : str or None
        One that the run has.
    since : datetime or None
        Not before this time.
    """

    kind: str | None = None
    engine: str | None = None
    badge: str | None = None
    variant: str | None = None
    machine: str | None = None
    isa: str | None = None
    threads: int | None = None
    model: str | None = None
    tag: str | None = None
    since: datetime | None = None

    def sql(self) -> tuple[str, list[str | int]]:
        """Return an SQL condition on the table ``runs``, and its values."""
        clauses = list(self._clauses())
        return " AND ".join(clause for clause, _ in clauses) or "1", [value for _, values in clauses for value in values]

    def _clauses(self) -> Iterator[tuple[str, list[str | int]]]:
        for column in ("kind", "engine", "badge", "variant", "machine", "isa", "threads"):
            if (value := getattr(self, column)) is not None:
                yield f"{column} = ?", [value]
        if self.model is not None:
            digest = len(self.model) >= 8 and not set(self.model.lower()) - set("0123456789abcdef")
            yield (
                ("(model_name = ? OR substr(model_sha256, 1, ?) = ?)", [self.model, len(self.model), self.model.lower()])
                if digest
                else ("model_name = ?", [self.model])
            )
        if self.tag is not None:
            yield "id IN (SELECT run FROM tags WHERE tag = ?)", [self.tag]
        if self.since is not None:
            yield "time >= ?", [time_text(self.since)]


def time_text(time: datetime) -> str:
    """Return a time in UTC as text that sorts: ``2026-11-22T21:57:17.123456+00:00``."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")
