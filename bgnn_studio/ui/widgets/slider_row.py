"""A number with a slider, a field and a button that brings it back: one row of a grid."""

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QGridLayout, QLabel, QSlider, QToolButton

from bgnn_studio.core.perturbation import Range


class SliderRow(QObject):
    """Slider and field of one value.

    Parameters
    ----------
    name, tip : str
        What the value is called, and what it does.
    allowed : Range
    default : float
        What the button brings back.
    grid, row, column
        Where its four widgets go: from this column on.

    Signals
    -------
    changed(float)
        The user chose another value; not emitted by `set_value`.
    """

    changed = Signal(float)

    def __init__(self, name: str, tip: str, allowed: Range, default: float, *, grid: QGridLayout, row: int, column: int) -> None:
        super().__init__()
        self._allowed, self._default, self.value = allowed, default, default
        self._shown_as = 100.0 if allowed.unit == "%" else 1.0
        label = QLabel(name)
        label.setObjectName("Caption")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, round((allowed.high - allowed.low) / allowed.step))
        self.slider.setMinimumWidth(46)
        self.field = QDoubleSpinBox()
        step = allowed.step * self._shown_as
        self.field.setDecimals(0 if step >= 1 else 3 if step < 0.01 else 2)
        self.field.setRange(allowed.low * self._shown_as, allowed.high * self._shown_as)
        self.field.setSingleStep(step)
        self.field.setSuffix(f" {allowed.unit}")
        self.field.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
        self.field.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.field.setKeyboardTracking(False)
        self.field.setFixedWidth(78)
        self.back = QToolButton()
        self.back.setText("\N{ANTICLOCKWISE OPEN CIRCLE ARROW}")
        self.back.setObjectName("Small")
        self.back.setFixedSize(20, 20)
        self.back.setAccessibleName(f"Reset {name.lower()}")
        self.back.setToolTip(f"Back to {self.field.textFromValue(default * self._shown_as)} {allowed.unit}")
        label.setBuddy(self.field)
        for place, widget in enumerate((label, self.slider, self.field, self.back)):
            if widget is not self.back:
                widget.setToolTip(tip)
                widget.setAccessibleName(name)
            grid.addWidget(widget, row, column + place)
        self.slider.valueChanged.connect(lambda tick: self._choose(allowed.low + tick * allowed.step))
        self.field.valueChanged.connect(lambda shown: self._choose(shown / self._shown_as))
        self.back.clicked.connect(lambda _=False: self._choose(default))
        self.set_value(default)

    def set_value(self, value: float) -> None:
        """Show a value, telling nobody."""
        self.value = value
        for widget, shown in (
            (self.slider, round((value - self._allowed.low) / self._allowed.step)),
            (self.field, value * self._shown_as),
        ):
            widget.blockSignals(True)
            widget.setValue(shown)
            widget.blockSignals(False)
        self.back.setEnabled(value != self._default)

    def _choose(self, value: float) -> None:
        rounded = min(max(round(value, 6), self._allowed.low), self._allowed.high)
        self.set_value(rounded)
        self.changed.emit(rounded)
