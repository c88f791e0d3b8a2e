"""A question of the connection, in a bar of the tab: the window stays usable while it is open."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from bgnn_studio.ui.board_questions import Question


class QuestionBar(QFrame):
    """Accept and Refuse for the key of a new host, a field for a secret; hidden while nothing is asked.

    Signals
    -------
    answered
        The question has its answer: there may be another one.
    """

    answered = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("Question")
        self.setAccessibleName("Question of the connection")
        self.question: Question | None = None
        self.title, self.detail = QLabel(), QLabel()
        self.title.setObjectName("Headline")
        self.detail.setObjectName("Caption")
        for label in (self.title, self.detail):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.field = QLineEdit()
        self.field.setEchoMode(QLineEdit.EchoMode.Password)
        self.field.setAccessibleName("Answer")
        self.field.setMaximumWidth(260)
        self.field.returnPressed.connect(self._accept)
        self.accept, self.refuse = QPushButton(), QPushButton()
        self.accept.clicked.connect(lambda _: self._accept())
        self.refuse.clicked.connect(lambda _: self._give(None))
        row = QHBoxLayout()
        row.addWidget(self.field, 1)
        row.addWidget(self.accept)
        row.addWidget(self.refuse)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 12, 10)
        column.setSpacing(6)
        for label in (self.title, self.detail):
            column.addWidget(label)
        column.addLayout(row)
        self.hide()

    def show_question(self, question: "Question | None") -> None:
        """Show a question, and take the keyboard for a secret; nothing changes for the one that is shown."""
        if question is None:
            self._drop()
        elif question is not self.question:
            self._ask(question)

    def _ask(self, question: "Question") -> None:
        self.question = question
        self.title.setText(question.title)
        self.detail.setText(question.detail)
        self.field.clear()
        self.field.setVisible(question.secret)
        self.accept.setText("Log in" if question.secret else "Accept")
        self.refuse.setText("Give up" if question.secret else "Refuse")
        self.show()
        (self.field if question.secret else self.refuse).setFocus()

    def _drop(self) -> None:
        self.question = None
        self.field.clear()
        self.hide()

    def _accept(self) -> None:
        if self.question is not None:
            self._give(self.field.text() if self.question.secret else "yes")

    def _give(self, answer: str | None) -> None:
        question = self.question
        self._drop()
        if question is not None:
            question.give(answer)
            self.answered.emit()
