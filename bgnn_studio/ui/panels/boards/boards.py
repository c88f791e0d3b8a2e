"""The list of boards, this machine first, and the form to add one."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QShortcut
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from bgnn_studio.errors import BgnnError
from bgnn_studio.ui.board_book import THIS_MACHINE, BoardBook, KnownBoard
from bgnn_studio.ui.board_news import Began
from bgnn_studio.ui.board_snapshots import Snapshots, description, summary
from bgnn_studio.ui.panels.boards.add_form import AddForm
from bgnn_studio.ui.panels.library import EntryList

if TYPE_CHECKING:
    from bgnn_studio.ui.profiler import Profiler
    from bgnn_studio.ui.theme import Theme


class BoardsPanel(QWidget):
    """Each board with what it was at its last run.

    Attributes
    ----------
    board : KnownBoard
        The one that is chosen.

    Signals
    -------
    chosen
        Another board is.
    """

    chosen = Signal()

    def __init__(self, book: BoardBook, snapshots: Snapshots, profiler: "Profiler", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._book, self._snapshots, self._profiler = book, snapshots, profiler
        self.board: KnownBoard = THIS_MACHINE
        self.list = EntryList("Boards", "", self._choose)
        self.list.removed.connect(book.remove)
        self.list.findChild(QShortcut).setWhatsThis("Remove board")
        self.form = AddForm()
        self.form.given.connect(self._add)
        self.form.left.connect(lambda: self._show_form(shown=False))
        self.add, self.edit, self.remove = QPushButton("Add\N{HORIZONTAL ELLIPSIS}"), QPushButton("Edit"), QPushButton("Remove")
        self.add.setToolTip("Add a board that is reached over SSH: a Raspberry Pi, a phone with Termux, a server")
        self.remove.setToolTip("Forget the board; its runs stay in the history (Delete)")
        self.add.clicked.connect(lambda _: self._show_form(shown=True))
        self.edit.clicked.connect(lambda _: self._show_form(shown=True, board=self.board))
        self.remove.clicked.connect(lambda _: book.remove(self.board))
        row = QHBoxLayout()
        row.setContentsMargins(12, 0, 12, 6)
        for button in (self.add, self.edit, self.remove):
            row.addWidget(button)
        row.addStretch(1)
        self._buttons = QWidget()
        self._buttons.setLayout(row)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.list, 1)
        column.addWidget(self._buttons)
        column.addWidget(self.form)
        self.form.hide()
        book.changed.connect(self.refresh)
        snapshots.changed.connect(self.refresh)
        profiler.changed.connect(self.refresh)
        profiler.told.connect(lambda _, news: self.refresh() if isinstance(news, Began) else None)
        self.refresh()

    def apply_theme(self, theme: "Theme") -> None:
        """Take the colours of a theme."""
        self.list.rows.theme = theme
        self.list.viewport().update()

    def refresh(self) -> None:
        """Show the boards; where the chosen one is gone, this machine is chosen."""
        boards = self._book.boards
        if self.board not in boards:
            same = [board for board in boards if board.address == self.board.address]
            self._choose(same[0] if same else THIS_MACHINE)
        entries = []
        for board in boards:
            run = self._snapshots.of(board)
            when = "" if run is None else f"{run.conditions.time.astimezone():%d %b %H:%M}"
            busy = self._profiler.busy(board)
            detail, figure = (self._doing(board), "\N{BLACK CIRCLE}") if busy else (summary(run), when)
            entries.append((board, board.title, detail, figure, description(run, board.title)))
        self.list.show_entries(entries, self.board)
        for button in (self.edit, self.remove):
            button.setEnabled(not self.board.is_local)

    def _doing(self, board: KnownBoard) -> str:
        if self._profiler.cancelling(board):
            return "ending"
        began = self._profiler.state(board).began
        return "connecting" if began is None else f"runs {began.title}"

    def _choose(self, board: KnownBoard) -> None:
        self.board = board
        for button in (self.edit, self.remove):
            button.setEnabled(not board.is_local)
        self.chosen.emit()

    def _add(self, board: KnownBoard) -> None:
        before, self.board = self.board, board
        try:
            self._book.add(board)
        except BgnnError as error:
            self.board = before
            self.form.refuse(error)
        else:
            self._show_form(shown=False)
            self.chosen.emit()

    def _show_form(self, *, shown: bool, board: KnownBoard | None = None) -> None:
        self.form.setVisible(shown)
        self._buttons.setVisible(not shown)
        if shown:
            self.form.begin(board)
