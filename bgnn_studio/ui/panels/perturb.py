"""Sliders that perturb the cloud while the model follows: what it answers, and which edges of its graphs it keeps."""

from collections import deque
from dataclasses import fields, replace
from time import monotonic
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QPushButton, QSpinBox, QVBoxLayout, QWidget

from bgnn_studio.core.perturbation import IDENTITY, MAX_SEED, RANGES, Perturbation
from bgnn_studio.ui.widgets.slider_row import SliderRow
from bgnn_studio.ui.widgets.strip_chart import StripChart

if TYPE_CHECKING:
    from bgnn_studio.core.session import Session
    from bgnn_studio.native import Model
    from bgnn_studio.ui.theme import Theme

_SLIDERS = {
    "turn": ("Turn", "About the up axis"),
    "tilt": ("Tilt", "About the x axis, after the turn"),
    "scale": ("Scale", "Size of the cloud; it is not scaled back to the unit sphere"),
    "jitter": ("Jitter", "Standard deviation of normal noise on every coordinate, in radii of the cloud"),
    "drop": ("Drop", "Share of the points taken away at random; the model runs on those that are left"),
    "occlude": ("Occlude", "Share of the points taken away behind a plane, those farthest in its direction; before dropping"),
    "azimuth": ("Azimuth", "Direction of the plane that occludes: about the up axis, from the x axis"),
    "elevation": ("Elevation", "Direction of the plane that occludes: above the horizon"),
}
_ROWS = 4
_SWEEP_SECONDS = 8.0  # through the range and back
_TICK_MS = 16
_PATIENCE_SECONDS = 0.25  # for a pass, before a sweep moves on without it: a move that no pass follows only costs a frame
_RATE_SECONDS = 1.0
_HINT = "Move a slider: the model runs again at each change."


class PerturbPanel(QWidget):
    """Eight sliders, a seed, a sweep, and two strip charts of the last passes.

    Attributes
    ----------
    rows : dict
        A `SliderRow` for each number of `Perturbation`, by its name.
    play : QPushButton
        Down while the chosen slider is swept through its range.
    """

    def __init__(self, session: "Session[Model]", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._passes: deque[float] = deque()
        self._problem = ""
        self.rows: dict[str, SliderRow] = {}
        sliders = QGridLayout()
        sliders.setHorizontalSpacing(6)
        sliders.setVerticalSpacing(2)
        defaults = {field.name: field.default for field in fields(Perturbation)}
        for place, (name, (label, tip)) in enumerate(_SLIDERS.items()):
            row = SliderRow(label, tip, RANGES[name], defaults[name], grid=sliders, row=place % _ROWS, column=5 * (place // _ROWS))
            row.changed.connect(lambda value, name=name: self._move(name, value))
            self.rows[name] = row
        sliders.setColumnMinimumWidth(4, 6)
        for column in (1, 6):
            sliders.setColumnStretch(column, 1)
        self.confidence = StripChart("Confidence")
        self.confidence.setToolTip(
            "Softmax of the logits, not calibrated, over the last 160 passes: of the class that the model gives the unperturbed cloud,\n"
            "and of the class that it gives now"
        )
        self.kept = StripChart("Edges kept")
        self.kept.setToolTip(
            "Share of the edges of each layer's graph that the graph of the unperturbed cloud has too, over the last 160 passes"
        )
        charts = QVBoxLayout()
        charts.setSpacing(4)
        charts.addWidget(self.confidence)
        charts.addWidget(self.kept)
        left = QVBoxLayout()
        left.setSpacing(6)
        left.addLayout(self._tools())
        left.addLayout(sliders)
        self.said = QLabel(_HINT)
        self.said.setObjectName("Caption")
        self.said.setWordWrap(True)
        left.addWidget(self.said)
        left.addStretch(1)
        both = QHBoxLayout(self)
        both.setContentsMargins(12, 2, 4, 6)
        both.setSpacing(10)
        both.addLayout(left, 1)
        both.addLayout(charts, 1)
        self._clock = QTimer(self, interval=_TICK_MS)
        self._clock.timeout.connect(self._tick)
        self._asked = 0.0  # when the sweep last moved, or 0 once there was a pass
        self._moved = 0.0
        session.subscribe(self._follow)
        self.refresh()

    def apply_theme(self, theme: "Theme") -> None:
        """Take the colours of a theme."""
        self.confidence.apply_theme(theme)
        self.kept.apply_theme(theme)

    def release(self) -> None:
        """End the sweep."""
        self.play.setChecked(False)

    def refuse(self, error: Exception) -> None:
        """Say why there was no pass; what is shown is that of the last one."""
        self._problem = str(error)
        self._say()

    def refresh(self) -> None:
        """Show the session's perturbation."""
        s = self._session
        for name, row in self.rows.items():
            row.set_value(getattr(s.perturbation, name))
        self.seed.blockSignals(True)
        self.seed.setValue(s.perturbation.seed)
        self.seed.blockSignals(False)
        self.reset.setEnabled(s.perturbation != IDENTITY)
        self.setEnabled(s.cloud is not None)

    def _tools(self) -> QHBoxLayout:
        """Return the row of buttons above the sliders."""
        self.play = QPushButton()
        self.play.setText("\N{BLACK RIGHT-POINTING TRIANGLE} Sweep")
        self.play.setAccessibleName("Sweep the chosen slider")
        self.play.setToolTip("Move the chosen slider through its range and back, until pressed again")
        self.play.setCheckable(True)
        self.play.toggled.connect(self._play)
        self.chosen = QComboBox()
        self.chosen.setAccessibleName("Slider to sweep")
        self.chosen.setToolTip("The slider to sweep: the one that was moved last")
        for name, (label, _) in _SLIDERS.items():
            self.chosen.addItem(label, name)
        self.seed = QSpinBox()
        self.seed.setRange(0, MAX_SEED)
        self.seed.setPrefix("Seed ")
        self.seed.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.seed.setKeyboardTracking(False)
        self.seed.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.seed.setFixedWidth(72)
        self.seed.setAccessibleName("Seed of drop and jitter")
        self.seed.setToolTip("Of the points dropped and of the noise: the same seed gives the same draw")
        self.seed.valueChanged.connect(lambda seed: self._change(replace(self._session.perturbation, seed=seed), "perturb: seed"))
        self.draw = QPushButton("New draw")
        self.draw.setToolTip("The next seed: other points dropped, other noise")
        self.draw.clicked.connect(lambda _=False: self.seed.setValue((self.seed.value() + 1) % (MAX_SEED + 1)))
        self.reset = QPushButton("Reset")
        self.reset.setToolTip("The cloud as it was, with the first seed")
        self.reset.clicked.connect(lambda _=False: self._reset())
        row = QHBoxLayout()
        row.setSpacing(6)
        for widget in (self.play, self.chosen, self.seed, self.draw, self.reset):
            row.addWidget(widget)
        row.addStretch(1)
        return row

    def _move(self, name: str, value: float) -> None:
        self.chosen.setCurrentIndex(self.chosen.findData(name))
        self._change(replace(self._session.perturbation, **{name: value}), f"perturb: {name}", name)

    def _change(self, perturbation: Perturbation, label: str, kind: str = "seed") -> None:
        self._session.perturb(perturbation, label, f"perturb {kind}")

    def _reset(self) -> None:
        self.play.setChecked(False)
        self._session.perturb(IDENTITY, "perturb: reset")

    def _play(self, on: bool) -> None:
        allowed, value = RANGES[self.chosen.currentData()], self.rows[self.chosen.currentData()].value
        self._start = monotonic() - _SWEEP_SECONDS / 2 * (value - allowed.low) / (allowed.high - allowed.low)
        self._swept = self.chosen.currentData()
        if on:
            self._clock.start()
        else:
            self._clock.stop()

    def _tick(self) -> None:
        if monotonic() - self._asked > _PATIENCE_SECONDS:
            self._sweep()

    def _sweep(self) -> None:
        """Move the slider to where it should be by now."""
        self._asked = self._moved = monotonic()
        if self.chosen.currentData() != self._swept:
            self._play(on=True)
        phase = (monotonic() - self._start) / _SWEEP_SECONDS % 1.0
        allowed = RANGES[self._swept]
        there = 2 * phase if phase < 0.5 else 2 - 2 * phase
        steps = round(there * (allowed.high - allowed.low) / allowed.step)
        self._move(self._swept, round(min(allowed.low + steps * allowed.step, allowed.high), 6))

    def _follow(self, changed: frozenset[str]) -> None:
        s = self._session
        if changed & {"perturbation", "cloud"}:
            self.refresh()
        if "perturbed" in changed:
            self._add_pass()
            self._asked = 0.0
            if self._clock.isActive() and monotonic() - self._moved > _TICK_MS / 1e3:
                self._sweep()  # at once, so that the next pass runs while this one is drawn
        if changed & {"perturbed", "live"}:
            self._say()
        if changed & {"cloud", "model", "count"}:
            self.confidence.clear()
            self.kept.clear()
            self._problem = ""
            self._say()
        if s.cloud is None:
            self.play.setChecked(False)

    def _add_pass(self) -> None:
        s = self._session
        if s.perturbed is None or s.model is None:
            return
        self._problem = ""
        now = monotonic()
        self._passes.append(now)
        while self._passes[0] < now - _RATE_SECONDS:
            self._passes.popleft()
        classes, chance = s.model.spec.classes, s.perturbed.inference.probabilities
        first, top = int(s.perturbed.unperturbed.logits.argmax()), int(chance.argmax())
        self.confidence.append((classes[first], classes[top] if top != first else ""), (float(chance[first]), float(chance[top])))
        self.kept.append([f"L{layer}" for layer in range(1, len(s.perturbed.kept) + 1)], s.perturbed.kept)

    def _say(self) -> None:
        """Show the problem, or how fast the model follows."""
        s = self._session
        text = _HINT
        if self._problem:
            text = self._problem
        elif s.live and len(self._passes) > 1:
            rate = (len(self._passes) - 1) / max(self._passes[-1] - self._passes[0], 1e-3)
            text = f"{rate:.0f} updates a second (measured)"
        elif s.perturbed is not None and s.points is not None and s.choices.points is not None:
            text = f"{len(s.points):,} of {len(s.choices.points):,} points left"
        self.said.setText(text)
