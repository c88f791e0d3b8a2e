"""Open clouds and open models: the two lists that choose what everything else shows."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QKeySequence, QPainter, QPaintEvent, QShortcut
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QVBoxLayout, QWidget

from bgnn_studio.core.units import size_text
from bgnn_studio.errors import BgnnError
from bgnn_studio.ui.panels.points_bar import PointsBar
from bgnn_studio.ui.panels.reference import ReferenceBar
from bgnn_studio.ui.theme import DARK, Theme

if TYPE_CHECKING:
    from bgnn_studio.core.opened import OpenCloud
    from bgnn_studio.core.session import Session
    from bgnn_studio.native import Model
    from bgnn_studio.ui.toasts import Toasts

_ENTRY = Qt.ItemDataRole.UserRole
_DETAIL = Qt.ItemDataRole.UserRole + 1
_FIGURE = Qt.ItemDataRole.UserRole + 2


class _Rows(QStyledItemDelegate):
    """Two lines: the name with a figure at its right, and below it a quiet detail."""

    theme = DARK

    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(120, 44)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        theme, box = self.theme, QRectF(option.rect).adjusted(6, 1, -6, -1)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if chosen or option.state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.accent_soft if chosen else theme.hover))
            painter.drawRoundedRect(box, 6, 6)
        if chosen:
            painter.setBrush(QColor(theme.accent))
            painter.drawRoundedRect(QRectF(box.left(), box.top() + 9, 3, box.height() - 18), 1.5, 1.5)
        bold = QFont(option.font)
        bold.setWeight(QFont.Weight.DemiBold)
        inner = box.adjusted(12, 4, -10, -4)
        upper, lower = inner.adjusted(0, 0, 0, -inner.height() / 2), inner.adjusted(0, inner.height() / 2, 0, 0)
        figure = index.data(_FIGURE) or ""
        painter.setFont(option.font)
        painter.setPen(QColor(theme.text))
        painter.drawText(upper, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, figure)
        room = upper.width() - QFontMetricsF(option.font).horizontalAdvance(figure) - 8
        painter.setFont(bold)
        name = QFontMetricsF(bold).elidedText(index.data(Qt.ItemDataRole.DisplayRole), Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(upper, Qt.AlignmentFlag.AlignVCenter, name)
        small = QFont(option.font)
        small.setPointSizeF(small.pointSizeF() - 1)
        painter.setFont(small)
        painter.setPen(QColor(theme.muted))
        detail = QFontMetricsF(small).elidedText(index.data(_DETAIL), Qt.TextElideMode.ElideRight, lower.width())
        painter.drawText(lower, Qt.AlignmentFlag.AlignVCenter, detail)
        painter.restore()


class EntryList(QListWidget):
    """A list of (entry, name, detail, figure, tooltip); Delete takes an entry away."""

    removed = Signal(object)

    def __init__(self, name: str, empty: str, choose: Callable[[object], None]) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self._empty = empty
        self.setMinimumWidth(208)
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.rows = _Rows(self)
        self.setItemDelegate(self.rows)
        self._choose = choose
        self.currentItemChanged.connect(self._changed)
        delete = QShortcut(QKeySequence.StandardKey.Delete, self)
        delete.setContext(Qt.ShortcutContext.WidgetShortcut)
        delete.setWhatsThis("Close cloud or model")
        delete.activated.connect(self._delete)

    def show_entries(self, entries: Sequence[tuple[object, str, str, str, str]], chosen: object) -> None:
        """Fill the list and mark the chosen entry, telling nobody."""
        self.blockSignals(True)
        self.clear()
        for entry, name, detail, figure, tip in entries:
            item = QListWidgetItem(name)
            item.setData(_ENTRY, entry)
            item.setData(_DETAIL, detail)
            item.setData(_FIGURE, figure)
            item.setToolTip(tip)
            self.addItem(item)
            if entry is chosen:
                self.setCurrentItem(item)
        self.blockSignals(False)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the rows, or what to do when there are none."""
        super().paintEvent(event)
        if not self.count():
            painter = QPainter(self.viewport())
            painter.setPen(QColor(self.rows.theme.muted))
            painter.drawText(self.viewport().rect().adjusted(12, 4, -12, 0), Qt.TextFlag.TextWordWrap, self._empty)
            painter.end()

    def mark(self, chosen: object) -> None:
        """Mark an entry as chosen, telling nobody."""
        self.blockSignals(True)
        self.setCurrentRow(-1)
        for row in range(self.count()):
            if self.item(row).data(_ENTRY) is chosen:
                self.setCurrentRow(row)
        self.blockSignals(False)
        self.viewport().update()

    def _changed(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self._choose(item.data(_ENTRY))

    def _delete(self) -> None:
        if self.currentItem() is not None:
            self.removed.emit(self.currentItem().data(_ENTRY))


class Library(QObject):
    """The list of clouds and the list of models, kept in step with the session.

    Attributes
    ----------
    clouds, models : EntryList
    points : PointsBar
    reference : ReferenceBar
    cloud_panel, model_panel : QWidget
        The list of clouds, and below it the number of points; the list of models, and below it the reference.
    """

    def __init__(self, session: "Session[Model]", toasts: "Toasts", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._toasts = session, toasts
        self.clouds = EntryList(
            "Open clouds", "Drop point clouds here, or open them with Ctrl+O.", lambda cloud: self._choose(session.select_cloud, cloud)
        )
        self.models = EntryList(
            "Open models",
            "Drop model files (.gguf) here, or open them with Ctrl+O.",
            lambda model: self._choose(session.select_model, model),
        )
        self.points = PointsBar(session)
        self.reference = ReferenceBar(session)
        self.cloud_panel, self.model_panel = _stacked(self.clouds, self.points), _stacked(self.models, self.reference)
        self.clouds.removed.connect(session.remove_cloud)
        self.models.removed.connect(session.remove_model)
        session.subscribe(self._follow)
        self._follow(frozenset({"clouds", "models"}))

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        for entries in (self.clouds, self.models):
            entries.rows.theme = theme
            entries.viewport().update()

    def _choose(self, select: Callable[..., None], entry: object) -> None:
        try:
            select(entry)
        except BgnnError as error:
            self._toasts.error("Not selected", error)
            self.clouds.mark(self._session.cloud)
            self.models.mark(self._session.model)

    def _follow(self, changed: frozenset[str]) -> None:
        s = self._session
        if "clouds" in changed:
            self.clouds.show_entries([_cloud_entry(c) for c in s.clouds], s.cloud)
        if "models" in changed:
            self.models.show_entries([_model_entry(m) for m in s.models], s.model)
        if "cloud" in changed:
            self.clouds.mark(s.cloud)
        if "model" in changed:
            self.models.mark(s.model)


def _stacked(entries: EntryList, bar: QWidget) -> QWidget:
    panel = QWidget()
    column = QVBoxLayout(panel)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(entries, 1)
    column.addWidget(bar)
    return panel


def _cloud_entry(cloud: "OpenCloud") -> tuple[object, str, str, str, str]:
    shown, total = len(cloud.points), cloud.total
    detail = f"{shown:,} points" if shown == total else f"{shown:,} of {total:,} points"
    said = str(cloud.preparation)
    tip = f"{cloud.cloud.path or cloud.cloud.name}\n{said[0].upper()}{said[1:]}"
    if names := [attribute.name for attribute in cloud.cloud.attributes]:
        tip += f"\nThe file also says {', '.join(names)}: colour by it"
    if shown != total:
        tip += f"\n{shown:,} of its {total:,} points, chosen at random, are shown while no model is selected"
    return cloud, cloud.cloud.name, detail, "", tip


def _model_entry(model: "Model") -> tuple[object, str, str, str, str]:
    spec, measured, made = model.spec, model.accuracy, model.training
    tip = [str(model.path or model.name), f"{spec.variant}: {spec.conv}, widths {', '.join(map(str, spec.widths))}"]
    tip.append(f"Trained with {spec.points:,} points, k = {spec.k}: larger clouds are resampled to that many")
    if measured:
        tip.append(
            f"Accuracy {100 * measured.overall:.1f} % overall, {100 * measured.class_mean:.1f} % class mean: "
            f"measured on {measured.count:,} clouds of {measured.dataset} ({measured.split})"
        )
    else:
        tip.append("The file says nothing of its accuracy")
    if made:
        tip.append(f"Trained on {made.dataset}: {made.epochs} epochs, seed {made.seed}")
    figure = f"{100 * measured.overall:.1f} %" if measured else ""
    detail = f"{spec.variant}  \N{MIDDLE DOT}  {spec.stage}  \N{MIDDLE DOT}  {size_text(model.file_bytes)}"
    return model, model.name, detail, figure, "\n".join(tip)
