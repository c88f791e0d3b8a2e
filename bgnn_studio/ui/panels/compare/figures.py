"""The table of every figure: a row for each, under headings, the best marked."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor, QFont, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from bgnn_studio.ui.theme import DARK

if TYPE_CHECKING:
    from bgnn_studio.core.comparison_table import Row, Table
    from bgnn_studio.ui.theme import Theme

_BEST = "\N{BULLET} "
_ROW_HEIGHT, _SECTION_HEIGHT, _COLUMN_WIDTH = 23, 30, 74


class FiguresTable(QTableWidget):
    """Figures of a comparison; the tooltip of each says where it comes from and what to know of it. Ctrl+C copies the table."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Figures of the compared models")
        self.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.verticalHeader().hide()
        self.setHorizontalScrollMode(QTableWidget.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QTableWidget.ScrollMode.ScrollPerPixel)
        self.horizontalHeader().setHighlightSections(False)
        self._theme = DARK
        self.table: Table | None = None
        self._places: list[int] = []
        copy = QShortcut(QKeySequence.StandardKey.Copy, self)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self._copy)

    def apply_theme(self, theme: "Theme") -> None:
        """Take the colours of a theme."""
        self._theme = theme
        if (table := self.table) is not None:
            self.table = None
            self.show_table(table)

    def show_table(self, table: "Table") -> None:
        """Show a table; of one with the same rows only what differs is written, and the place that is scrolled to stays."""
        before, self.table = self.table, table
        if before is None or _outline(before) != _outline(table):
            self._lay_out(table)
            before = None
        for i, row in enumerate(table.rows):
            if before is None or before.rows[i] != row:
                self._put_row(self._places[i], table, row)

    def _lay_out(self, table: "Table") -> None:
        """Make columns and headings, and remember where the rows go."""
        place = self.verticalScrollBar().value()
        self.clearSpans()
        self.clearContents()
        self.setColumnCount(len(table.names) + 2)
        self.setHorizontalHeaderLabels(["", *table.names, "Kind"])
        sections = list(table.sections())
        self.setRowCount(len(table.rows) + len(sections))
        self._places, at = [], 0
        for section, rows in sections:
            self._put_section(at, section)
            self._places += range(at + 1, at + 1 + len(rows))
            at += 1 + len(rows)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(_COLUMN_WIDTH)
        for column in (0, len(table.names) + 1):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        for column in range(1, len(table.names) + 1):
            self.horizontalHeaderItem(column).setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.verticalScrollBar().setValue(place)

    def _put_section(self, at: int, section: str) -> None:
        item = QTableWidgetItem(section)
        item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        item.setTextAlignment(Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft)
        item.setFont(_bold(self.font()))
        self.setItem(at, 0, item)
        self.setSpan(at, 0, 1, self.columnCount())
        self.setRowHeight(at, _SECTION_HEIGHT)

    def _put_row(self, at: int, table: "Table", row: "Row") -> None:
        better = f"\n{row.better.capitalize()} is better." if row.better else ""
        notes = table.notes(row)
        tip = "\n".join([f"{row.how}.{better}", *notes])
        name = QTableWidgetItem(row.name)
        name.setForeground(QBrush(QColor(self._theme.muted)))
        name.setToolTip(tip)
        self.setItem(at, 0, name)
        for i, cell in enumerate(row.cells):
            best = i in row.best
            item = QTableWidgetItem(f"{_BEST}{cell.text}" if best else cell.text)
            item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            missing = cell.value is None or cell.value == "reference"
            colour = self._theme.accent if best else self._theme.faint if missing else self._theme.text
            item.setForeground(QBrush(QColor(colour)))
            if best:
                item.setFont(_bold(self.font()))
            item.setToolTip("\n".join(part for part in (cell.note, f"{row.name} ({row.kind}): {row.how}.", row.unfair) if part))
            said = ", ".join(part for part in (f"{row.name} of {table.names[i]}: {cell.text}", "best" if best else "", cell.note) if part)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, said)
            self.setItem(at, i + 1, item)
        kind = QTableWidgetItem(row.kind)
        kind.setForeground(QBrush(QColor(self._theme.faint)))
        kind.setToolTip(tip)
        self.setItem(at, self.columnCount() - 1, kind)
        self.setRowHeight(at, _ROW_HEIGHT)

    def _copy(self) -> None:
        from bgnn_studio.core.comparison_text import as_csv

        if self.table is not None:
            QApplication.clipboard().setText(as_csv(self.table))


def _bold(font: QFont) -> QFont:
    bold = QFont(font)
    bold.setWeight(QFont.Weight.DemiBold)
    return bold


def _outline(table: "Table") -> tuple[object, ...]:
    return table.names, tuple((row.section, row.name) for row in table.rows)
