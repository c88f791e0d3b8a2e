"""The table of a comparison: one row for each figure, one cell for each model, and which of them is best."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["measured", "computed", "model file"]
Better = Literal["smaller", "larger"]
MISSING = "\N{EN DASH}"


@dataclass(frozen=True)
class Cell:
    """One figure of one model.

    Attributes
    ----------
    value : int, float, str or None
        Unrounded, in the row's unit; None where there is none, and `note` says why.
    text : str
        For people.
    note : str
        What to know of this one figure.
    """

    value: float | str | None
    text: str
    note: str = ""


@dataclass(frozen=True)
class Row:
    """One figure of all models.

    Attributes
    ----------
    section : str
        The heading that the row stands under.
    layer : int or None
        Graph layer, from 1, for figures of one.
    name, unit : str
    kind : str
        ``measured`` here, ``computed`` from the spec, or as the ``model file`` says.
    better : str or None
        Whether the ``smaller`` or the ``larger`` value is better; None where neither is.
    how : str
        Conditions or formula.
    cells : tuple of Cell
        In the order of the models.
    unfair : str
        Why no best is marked although one value may be better: the figures do not measure the same.
    """

    section: str
    layer: int | None
    name: str
    unit: str
    kind: Kind
    better: Better | None
    how: str
    cells: tuple[Cell, ...]
    unfair: str = ""

    @property
    def best(self) -> frozenset[int]:
        """Places of the best cells: all that share the best value; none where there are not two different values to choose from."""
        values = {i: cell.value for i, cell in enumerate(self.cells) if isinstance(cell.value, (int, float))}
        if self.better is None or self.unfair or len(set(values.values())) < 2:
            return frozenset()
        best = (min if self.better == "smaller" else max)(values.values())
        return frozenset(i for i, value in values.items() if value == best)


@dataclass(frozen=True)
class Table:
    """All rows of a comparison.

    Attributes
    ----------
    cloud : str
    names : tuple of str
        Of the models; the first is the reference.
    rows : tuple of Row
        Those of a section follow one another.
    """

    cloud: str
    names: tuple[str, ...]
    rows: tuple[Row, ...]

    def row(self, name: str, layer: int | None = None) -> Row:
        """Return the row of this name, of a layer where it has one."""
        return next(row for row in self.rows if (row.name, row.layer) == (name, layer))

    def sections(self) -> Iterator[tuple[str, list[Row]]]:
        """Go through the sections in their order."""
        for section in dict.fromkeys(row.section for row in self.rows):
            yield section, [row for row in self.rows if row.section == section]

    def notes(self, row: Row) -> list[str]:
        """Return what there is to know of a row's figures: each note once, after the names of the models that it is of."""
        found = dict.fromkeys(cell.note for cell in row.cells if cell.note)
        lines = [
            f"{', '.join(name for name, cell in zip(self.names, row.cells, strict=True) if cell.note == note)}: {note}" for note in found
        ]
        return [*lines, *([row.unfair] if row.unfair else [])]


def cell(value: float | str | None, show: Callable[[float], str] = str, note: str = "") -> Cell:
    """Return the cell of a value, with its text by `show`."""
    if value is None:
        return Cell(None, MISSING, note)
    return Cell(value, value if isinstance(value, str) else show(value), note)
