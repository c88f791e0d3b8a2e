"""A table of stored runs: when, what it took and under which conditions; tags can be edited in place."""

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from bgnn_studio.core.units import ms_text
from bgnn_studio.history import Entry

COLUMNS = ("When", "Median [ms]", "Threads", "ISA", "Tags")
_TIPS = (
    "Local time",
    "Median, and half its 95 % interval",
    "Threads of the pass",
    "Instruction set that ran",
    "Words of your own, with spaces between; double click to edit",
)
_TAGS = len(COLUMNS) - 1


class _Entries(QAbstractTableModel):
    tagged = Signal(object, object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.entries: tuple[Entry, ...] = ()

    def set_entries(self, entries: tuple[Entry, ...]) -> None:
        self.beginResetModel()
        self.entries = entries
        self.endResetModel()

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 (Qt's signature)
        return 0 if parent.isValid() else len(self.entries)

    def columnCount(self, _parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008
        return len(COLUMNS)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        entry = self.entries[index.row()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignLeft if index.column() == _TAGS else Qt.AlignmentFlag.AlignRight
            return side | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ToolTipRole:
            return describe(entry)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return _cells(entry)[index.column()]
        return None

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        editable = Qt.ItemFlag.ItemIsEditable if index.column() == _TAGS else Qt.ItemFlag.NoItemFlags
        return super().flags(index) | editable

    def setData(self, index: QModelIndex, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Ask for other tags; they are shown once they are stored."""
        tags = frozenset(str(value).split())
        entry = self.entries[index.row()]
        if role != Qt.ItemDataRole.EditRole or tags == entry.tags:
            return False
        self.tagged.emit(entry, tags)
        return True

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignLeft if section == _TAGS else Qt.AlignmentFlag.AlignRight
            return side | Qt.AlignmentFlag.AlignVCenter
        words = {Qt.ItemDataRole.DisplayRole: COLUMNS, Qt.ItemDataRole.ToolTipRole: _TIPS}
        return words[role][section] if role in words else None


class RunTable(QTableView):
    """Shows entries, the newest first.

    Signals
    -------
    chosen(entries)
        Others are selected.
    tagged(entry, tags)
        The user typed other tags for a run.
    """

    chosen = Signal(object)
    tagged = Signal(object, object)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._entries = _Entries(self)
        self._entries.tagged.connect(self.tagged)
        self.setModel(self._entries)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setMinimumSize(200, 92)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(22)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(_TAGS, QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        self.selectionModel().selectionChanged.connect(lambda *_: self.chosen.emit(self.chosen_entries()))

    def set_entries(self, entries: Sequence[Entry]) -> None:
        """Show other runs; what was selected stays selected where it is still there."""
        kept = {entry.id for entry in self.chosen_entries()}
        self._entries.set_entries(tuple(entries))
        for row, entry in enumerate(entries):
            if entry.id in kept:
                self.selectRow(row)

    def chosen_entries(self) -> tuple[Entry, ...]:
        """Return the selected runs, from the top."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        return tuple(self._entries.entries[row] for row in rows)

    def select(self, identity: int) -> None:
        """Select one run."""
        for row, entry in enumerate(self._entries.entries):
            if entry.id == identity:
                self.selectRow(row)


def describe(entry: Entry) -> str:
    """Return what a tooltip says of a run."""
    c, s = entry.conditions, entry.summary
    lines = [
        f"Run {entry.id}, {c.badge} on {c.machine}",
        f"{c.model_name} on {c.cloud}: N = {c.points}, k = {c.k}, {c.threads} thread{'s' * (c.threads > 1)}, {c.isa}",
        f"median {ms_text(s.p50_ns / 1e6)} ms, p90 {ms_text(s.p90_ns / 1e6)}, p99 {ms_text(s.p99_ns / 1e6)}, {s.n} passes",
    ]
    return "\n".join([*lines, *([entry.notes] if entry.notes else [])])


def _cells(entry: Entry) -> tuple[str, ...]:
    c, s = entry.conditions, entry.summary
    half = "" if s.interval_ns is None else f" \N{PLUS-MINUS SIGN}{50 * (s.interval_ns[1] - s.interval_ns[0]) / s.p50_ns:.1f} %"
    when = f"{c.time.astimezone():%d %b %H:%M}"
    return (when, ms_text(s.p50_ns / 1e6) + half, str(c.threads), c.isa, " ".join(sorted(entry.tags)))
