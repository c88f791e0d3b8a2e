"""One setting of a recipe: its label, a field to type in or a choice, and below it what is wrong."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QGridLayout, QLabel, QLineEdit, QWidget

from bgnn_studio.training.config import SHAPES
from bgnn_studio.training.setting_docs import Setting
from bgnn_studio.ui.widgets.strip import problem_label

_LABEL = 118
_FOLDER, _ARCHIVE = "\0folder", "\0archive"
_DATA = (
    "\nThe bundled shapes, ModelNet40 in one of its published layouts, PyG's ModelNet, a folder CLASS/SPLIT/FILE or CLASS/FILE,"
    "\nor an NPZ archive. A folder can be dropped on this tab."
)


class SettingField(QWidget):
    """A row of the form.

    Signals
    -------
    edited(key, value)
        The user changed it; the value may be of another type than is expected, as it was typed.
    """

    edited = Signal(str, object)

    def __init__(self, setting: Setting, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setting = setting
        self._value: Any = None
        self.editor: QLineEdit | QComboBox = QComboBox() if setting.choices or setting.key == "data" else QLineEdit()
        name = setting.label if "." not in setting.key else f"{setting.label}, stage {setting.key.partition('.')[0]}"
        self.editor.setAccessibleName(name)
        expected = f"\nExpected: {setting.expected}" if setting.expected else ""
        tip = f"{setting.doc}{_DATA if setting.key == 'data' else expected}\nIn a recipe: {setting.key}".strip()
        self.label = QLabel(setting.label)
        self.label.setObjectName("Caption")
        self.label.setBuddy(self.editor)
        self.label.setFixedWidth(_LABEL)
        for widget in (self.label, self.editor):
            widget.setToolTip(tip)
        if isinstance(self.editor, QLineEdit):
            self.editor.textEdited.connect(self._type)
        else:
            self.editor.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            self.editor.activated.connect(self._choose)
        self.editor.installEventFilter(self)
        self.problem = problem_label()
        grid = QGridLayout(self)
        grid.setContentsMargins(12, 0, 10, 0)
        grid.setSpacing(2)
        grid.addWidget(self.label, 0, 0)
        grid.addWidget(self.editor, 0, 1)
        grid.addWidget(self.problem, 1, 0, 1, 2)
        grid.setColumnStretch(1, 1)

    def set_value(self, value: object) -> None:
        """Show a value without telling anybody."""
        self._value = value
        if isinstance(self.editor, QLineEdit):
            text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else f"{value:g}" if _short(value) else str(value)
            if self.editor.text() != text and _parsed(self.editor.text(), many=self.setting.many) != value:
                self.editor.setText(text)
        elif self.setting.key == "data":
            self._show_data(str(value))
        else:
            self.editor.clear()
            for choice in self.setting.choices:
                self.editor.addItem(choice or "as the variant", choice)
            self.editor.setCurrentIndex(max(0, self.editor.findData(value)))

    def set_problem(self, text: str) -> None:
        """Say what is wrong with the value; empty: nothing."""
        self.problem.setText(text)
        self.problem.setVisible(bool(text))
        self.editor.setAccessibleDescription(text)

    def eventFilter(self, watched: object, event: Any) -> bool:  # noqa: ANN401
        """Let the wheel scroll the form, not change what happens to be under the pointer."""
        if event.type() == event.Type.Wheel and isinstance(self.editor, QComboBox):
            event.ignore()
            return True
        return super().eventFilter(watched, event)

    def _type(self, text: str) -> None:
        self._value = _parsed(text, many=self.setting.many)
        self.edited.emit(self.setting.key, self._value)

    def _show_data(self, value: str) -> None:
        self.editor.clear()
        self.editor.addItem("Bundled shapes", SHAPES)
        if value != SHAPES:
            self.editor.addItem(Path(value).name or value or "none chosen", value)
            self.editor.setItemData(1, value, Qt.ItemDataRole.ToolTipRole)
        self.editor.insertSeparator(self.editor.count())
        self.editor.addItem("Folder\N{HORIZONTAL ELLIPSIS}", _FOLDER)
        self.editor.addItem("NPZ archive\N{HORIZONTAL ELLIPSIS}", _ARCHIVE)
        self.editor.setCurrentIndex(self.editor.findData(value))

    def _choose(self, row: int) -> None:
        value = self.editor.itemData(row)
        if value == _FOLDER:
            value = QFileDialog.getExistingDirectory(self, "Labelled clouds to train on")
        elif value == _ARCHIVE:
            value, _ = QFileDialog.getOpenFileName(self, "Labelled clouds to train on", "", "NPZ archives (*.npz);;All files (*)")
        if not value and self.setting.key == "data":
            value = self._value
        self.set_value(value)
        self.edited.emit(self.setting.key, value)


def _short(value: object) -> bool:
    """Whether a number is the same after it was written with six digits."""
    return isinstance(value, float) and float(f"{value:g}") == value


def _parsed(text: str, *, many: bool) -> object:
    """Return what was typed as a number, or as numbers where there may be many; text stays text."""
    if not many:
        return _number(text)
    parts = [_number(part) for part in text.split(",") if part.strip()]
    return text if any(isinstance(part, str) for part in parts) else tuple(parts)


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text.strip())
        except ValueError:
            continue
    return text.strip()
