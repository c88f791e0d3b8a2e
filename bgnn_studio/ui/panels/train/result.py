"""What a run gave: validation accuracy that each stage keeps and loses of the teacher's, and model files to take away."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QListWidget, QListWidgetItem, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from bgnn_studio.core.files import replacing
from bgnn_studio.core.spec import VARIANTS
from bgnn_studio.errors import BgnnError
from bgnn_studio.ui.widgets.bars import Bar, Bars, Segment
from bgnn_studio.ui.widgets.labels import caption, hint

if TYPE_CHECKING:
    from bgnn_studio.training.run_folder import Run
    from bgnn_studio.ui.theme import Theme
    from bgnn_studio.ui.toasts import Toasts
    from bgnn_studio.ui.workers import Jobs

_KEPT, _LOST, _WON, _TEACHER = 0, 1, 2, 4
_LEGEND = (("kept", _KEPT), ("won", _WON), ("lost of the teacher's", _LOST))
_READING = "Best epoch of each stage, on validation"
_ROW = 24
_NAME = Qt.ItemDataRole.UserRole


class ResultPanel(QWidget):
    """Stacked bars as in the paper's figure 1, and below them the finished models.

    Signals
    -------
    opened(Path)
        A model file is to be opened in Inspect.
    """

    opened = Signal(object)

    def __init__(self, jobs: "Jobs", toasts: "Toasts", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs, self._toasts = jobs, toasts
        self._run: Run | None = None
        self._picked: str | None = None
        self.bars = Bars("Validation accuracy by stage")
        self._hint = hint("Bars show what each stage keeps and loses of its teacher, once it has run an epoch.")
        self._reading = caption(_READING, "Of the torch network while it is trained; model files below are measured by the engine")
        self._reading.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.list = QListWidget()
        self.list.setObjectName("Quiet")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)  # it is as high as it has rows
        self.list.setAccessibleName("Trained models")
        self.list.itemSelectionChanged.connect(self._pick)
        self.list.itemActivated.connect(lambda _: self._open())
        self.open, self.save = QPushButton("&Open in Inspect"), QPushButton("Sa&ve as\N{HORIZONTAL ELLIPSIS}")
        self.open.clicked.connect(lambda _: self._open())
        self.save.clicked.connect(lambda _: self._ask_where())
        row = QHBoxLayout()
        row.setContentsMargins(12, 0, 12, 0)
        row.addWidget(self.open)
        row.addWidget(self.save)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 6)
        column.setSpacing(4)
        for widget in (self._hint, self._reading, self.bars):
            column.addWidget(widget)
        column.addWidget(self.list)
        column.addLayout(row)
        column.addStretch(1)
        self.show_run(None)

    def apply_theme(self, theme: "Theme") -> None:
        """Take the colours of a theme."""
        self.bars.apply_theme(theme)

    def show_run(self, run: "Run | None") -> None:
        """Show another run, or more of the same one."""
        if run is None or self._run is None or run.folder != self._run.folder:
            self._picked = None
        before, self._run = self._run, run
        if run is not None and before is not None and (run.folder, run.epochs, run.models) == (before.folder, before.epochs, before.models):
            return
        rows = [] if run is None else _bars(run)
        self.bars.set_bars(rows, legend=_LEGEND if any(len(row.segments) > 1 for row in rows) else (), maximum=1.0)
        for widget in (self.bars, self._reading):
            widget.setVisible(bool(rows))
        self._hint.setVisible(not rows)
        self.list.blockSignals(True)
        self.list.clear()
        for name, accuracy in {} if run is None else run.models.items():
            item = QListWidgetItem(f"{name}.gguf   {_percent(accuracy.overall)} of {accuracy.count:,} clouds")
            item.setData(_NAME, name)
            mean = f"class mean {_percent(accuracy.class_mean)}, measured by the engine"
            item.setToolTip(f"{run.model(name)}\n{accuracy.dataset}, {accuracy.split}; {mean}")
            self.list.addItem(item)
            if self._picked in (name, None):  # None: the last one, where the cascade ends
                self.list.setCurrentItem(item)
        self.list.blockSignals(False)
        self.list.setFixedHeight(_ROW * max(1, self.list.count()) + 4)
        for widget in (self.list, self.open, self.save):
            widget.setVisible(self.list.count() > 0)
        self._enable()

    @property
    def chosen(self) -> str | None:
        """The stem of the selected model file."""
        item = self.list.currentItem()
        return None if item is None else str(item.data(_NAME))

    def save_model(self, path: Path) -> None:
        """Copy the selected model's file to another place."""
        if self._run is None or self.chosen is None:
            return
        source = self._run.model(self.chosen)

        def copy(_: object) -> None:
            try:
                with source.open("rb") as read, replacing(path) as written:
                    shutil.copyfileobj(read, written)
            except OSError as error:
                raise BgnnError(f"{error.filename or path}: could not be copied ({error.strerror}). Choose another place.") from error

        self._jobs.start(
            f"Saving {path.name}",
            copy,
            done=lambda _: self._toasts.info("Model saved", str(path)),
            failed=lambda error: self._toasts.error("Model not saved", error),
        )

    def _pick(self) -> None:
        self._picked = self.chosen
        self._enable()

    def _open(self) -> None:
        if self._run is not None and self.chosen is not None:
            self.opened.emit(self._run.model(self.chosen))

    def _ask_where(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Save model", f"{self.chosen}.gguf", "Models (*.gguf)")
        if name:
            self.save_model(Path(name))

    def _enable(self) -> None:
        for button in (self.open, self.save):
            button.setEnabled(self.chosen is not None)


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.1f} %"


def _bars(run: "Run") -> list[Bar]:
    teacher = run.best("dgcnn", "teacher")
    rows = []
    if teacher is not None:
        rows.append(
            Bar(
                "teacher",
                (Segment(teacher, _TEACHER, f"The teacher: {_percent(teacher)}"),),
                f"{_percent(teacher)}",
                "What students keep of",
            )
        )
    for variant in VARIANTS:
        for stage in ("tanh", "sign", "binary"):
            best = run.best(variant, stage)
            if best is None:
                continue
            label = f"{variant} {stage}"
            if teacher is None:
                rows.append(
                    Bar(label, (Segment(best, _KEPT),), f"{_percent(best)}", f"{label}: {_percent(best)}; no teacher in this folder")
                )
                continue
            points = 100 * (best - teacher)
            parts = (
                Segment(min(best, teacher), _KEPT, f"{label}: {_percent(min(best, teacher))} of all clouds"),
                Segment(max(best - teacher, 0), _WON, f"{label}: {points:.1f} points above the teacher"),
                Segment(max(teacher - best, 0), _LOST, f"{label}: {-points:.1f} points below the teacher"),
            )
            signed = f"{points:+.1f}".replace("-", "\N{MINUS SIGN}")
            rows.append(
                Bar(label, parts, f"{_percent(best)}  {signed}", f"{label}: {_percent(best)}, {signed} percentage points from the teacher")
            )
    return rows
