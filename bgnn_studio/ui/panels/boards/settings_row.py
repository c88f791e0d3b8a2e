"""How to measure: threads, when to stop, CPUs, a pause before."""

import re

from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QSpinBox, QWidget

from bgnn_studio.boards.task import Settings, split_prefix
from bgnn_studio.errors import BgnnError
from bgnn_studio.ui.widgets.segments import Segments

SECONDS, REPEATS, SOAK = "seconds", "repeats", "soak"
CELSIUS = "celsius"
_UNTIL = (
    (SECONDS, "Seconds", "Until the median is known to 1 %, for this long at most, for each model"),
    (REPEATS, "Passes", "So many measured passes of each model"),
    (SOAK, "Soak", "For this long, whatever the median does: does the board get hot, and slow?"),
)
_PAUSE = ((SECONDS, "s", "A pause of so many seconds before each model"), (CELSIUS, "\N{DEGREE SIGN}C", "Wait until the board is cooler"))
_DEFAULTS = {SECONDS: 5, REPEATS: 100, SOAK: 300}
_MOST_THREADS, _MOST_PAUSE_S, _MOST_CELSIUS = 64, 3600, 150


class SettingsRow(QWidget):
    """Fields in a row."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.threads, self.cpus = QLineEdit("1"), QLineEdit()
        self.amount, self.pause = QSpinBox(), QSpinBox()
        self.until, self.pause_unit = Segments("Measure for", _UNTIL), Segments("Pause in", _PAUSE)
        self._until, self._unit = SECONDS, SECONDS
        self._amounts = dict(_DEFAULTS)
        self.until.chosen.connect(self.measure_until)
        self.pause_unit.chosen.connect(self.pause_in)
        self.amount.setRange(1, 100_000)
        self.pause.setSpecialValueText("none")
        for field in (self.amount, self.pause):
            field.lineEdit().setTextMargins(4, 0, 0, 0)
        self.cpus.setPlaceholderText("all")
        for widget, name, tip, width in (
            (self.threads, "Threads", "Threads of each pass, or several numbers for a sweep: 1 2 4.\nThe outputs do not depend on it", 54),
            (self.amount, "Amount", "Seconds at most, passes, or seconds of the soak, for each model", 78),
            (self.cpus, "CPUs", "Only these CPUs of the board, such as 3 or 0-1,4; empty: all.\nCores of one kind make times steadier", 48),
            (self.pause, "Pause", "Before each model: for so many seconds, or until the hottest sensor is below so many degrees", 58),
        ):
            widget.setAccessibleName(name)
            widget.setToolTip(tip)
            widget.setFixedWidth(width)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for text, widget in (
            ("&Threads", self.threads),
            ("", self.until),
            ("", self.amount),
            ("CP&Us", self.cpus),
            ("Pa&use", self.pause),
            ("", self.pause_unit),
        ):
            if text:
                label = QLabel(text)
                label.setObjectName("Caption")
                label.setBuddy(widget)
                row.addWidget(label)
            row.addWidget(widget)
        self.measure_until(SECONDS)
        self.pause_in(SECONDS)

    def settings(self, prefix: str) -> list[Settings]:
        """Return how to measure, one for each number of threads, with a launch prefix; raises `BgnnError` for what is none."""
        amount, pause = self.amount.value(), self.pause.value() or None
        given = {SECONDS: {"seconds": float(amount)}, REPEATS: {"repeat": amount}, SOAK: {"soak": float(amount)}}[self._until]
        if pause is not None:
            given["cool_seconds" if self._unit == SECONDS else "cool_below"] = float(pause)
        common = {"cpus": self.cpus.text().strip() or None, "prefix": split_prefix(prefix), **given}
        return [Settings(threads=threads, **common) for threads in _numbers(self.threads.text())]

    def measure_until(self, until: str) -> None:
        """Stop by ``seconds``, ``repeats`` or ``soak``; each keeps its amount."""
        if self._until != until:
            self._amounts[self._until] = self.amount.value()
        self._until = until
        self.until.set_value(until)
        self.amount.setSuffix("" if until == REPEATS else " s")
        self.amount.setValue(self._amounts[until])

    def pause_in(self, unit: str) -> None:
        """Pause for ``seconds``, or until below some degrees ``celsius``."""
        if unit != self._unit:
            self.pause.setValue(0)
        self._unit = unit
        self.pause_unit.set_value(unit)
        self.pause.setRange(0, _MOST_PAUSE_S if unit == SECONDS else _MOST_CELSIUS)


def _numbers(text: str) -> list[int]:
    words = re.split(r"[\s,]+", text.strip())
    if not all(re.fullmatch(r"[0-9]{1,3}", word) and 1 <= int(word) <= _MOST_THREADS for word in words):
        raise BgnnError(f"Expected threads from 1 to {_MOST_THREADS}, several of them for a sweep: 1 2 4 (got {text!r}).")
    return list(dict.fromkeys(map(int, words)))
