"""Which open models are to be profiled: a check mark for each."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStackedWidget, QVBoxLayout, QWidget

from bgnn_studio.core.units import size_text
from bgnn_studio.ui.widgets.labels import hint

if TYPE_CHECKING:
    from bgnn_studio.core.session import Session
    from bgnn_studio.native import Model

_MODEL = Qt.ItemDataRole.UserRole


class ModelsPanel(QWidget):
    """Every open model is checked unless the user took its mark away.

    Signals
    -------
    changed
        Others are checked.
    """

    changed = Signal()

    def __init__(self, session: "Session[Model]", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._left_out: set[Model] = set()
        self.list = QListWidget()
        self.list.setAccessibleName("Models to profile")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._stack = QStackedWidget()
        self._stack.addWidget(hint("Drop model files (.gguf) here, or open them with Ctrl+O."))
        self._stack.addWidget(self.list)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 0, 0, 6)
        column.addWidget(self._stack)
        self.list.itemChanged.connect(self._mark)
        session.subscribe(lambda changed: self.refresh() if "models" in changed else None)
        self.refresh()

    @property
    def checked(self) -> "list[Model]":
        """The models to profile, in the order of the list."""
        return [model for model in self._session.models if model not in self._left_out]

    def refresh(self) -> None:
        """Show the session's models."""
        self._left_out &= set(self._session.models)
        self.list.blockSignals(True)
        self.list.clear()
        for model in self._session.models:
            item = QListWidgetItem(model.name)
            item.setData(_MODEL, model)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Unchecked if model in self._left_out else Qt.CheckState.Checked)
            size = f", {size_text(model.path.stat().st_size)}" if model.path and model.path.exists() else ""
            item.setToolTip(f"{model.name}: {model.spec.variant}{size}, trained with {model.spec.points:,} points, k = {model.spec.k}")
            self.list.addItem(item)
        self.list.blockSignals(False)
        self._stack.setCurrentIndex(bool(self._session.models))
        self.changed.emit()

    def _mark(self, item: QListWidgetItem) -> None:
        model = item.data(_MODEL)
        if item.checkState() == Qt.CheckState.Checked:
            self._left_out.discard(model)
        else:
            self._left_out.add(model)
        self.changed.emit()
