"""A recipe as a form: which networks, what they have in common, and what each student has for itself."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from bgnn_studio.core.spec import VARIANTS
from bgnn_studio.errors import BgnnError
from bgnn_studio.training.config import SHAPES, CascadeConfig
from bgnn_studio.training.recipes import flat, from_flat
from bgnn_studio.training.setting_docs import own_keys, refusal, setting, shared_keys
from bgnn_studio.ui.panels.train.setting_field import SettingField
from bgnn_studio.ui.widgets.segments import Segments

_WIDTH = 292  # of the row of networks
_GROUPS = {
    "Data": ("data", "validation_share", "points"),
    "Networks": ("k", "widths", "embedding", "head"),
    "Training": ("scale", "shift", "dropout", "seed"),
    "Teacher": ("teacher_batch_size", "label_smoothing"),
}
_STAGES = {
    "teacher": "Teacher",
    "tanh": "Stage 1: tanh, real weights",
    "sign": "Stage 2: sign, real weights",
    "binary": "Stage 3: sign, binary weights",
}
_TIPS = {
    "dgcnn": "The float teacher",
    "rf": "Real features, binary convolutions (BinEdgeConv)",
    "bf1": "Bits between layers, max before batch norm (XorEdgeConv)",
    "bf2": "Bits between layers, max after batch norm (XorEdgeConv)",
    "bfr": "Bits, with real first layer, head inputs and skip: this project's own",
}


class RecipeForm(QWidget):
    """Every field of `CascadeConfig`; fields that bear on the teacher are the same for all networks of a run.

    Signals
    -------
    changed
        A setting, or the choice of networks.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shared: dict[str, Any] = {}
        self._own: dict[str, dict[str, Any]] = {}
        self.chosen: list[str] = []
        self.student = ""
        self.problem = ""
        self.configs: dict[str, CascadeConfig] | None = None
        self.fields: dict[str, SettingField] = {}
        self.setMinimumWidth(_WIDTH)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 4, 0, 10)
        self._column.setSpacing(4)
        self.networks = self._network_buttons()
        self.own = Segments("Network whose own settings are shown")
        self.own.chosen.connect(self._show_student)
        for title, keys in _GROUPS.items():
            of_stage = [key for key in shared_keys() if title == "Teacher" and key.startswith("teacher.")]
            self._add_group(title, [*(key for key in keys if key in shared_keys()), *of_stage])
        self._add_group("More", [key for key in shared_keys() if key not in self.fields])
        self._heading = self._add_title("")
        row = QHBoxLayout()
        row.setContentsMargins(12, 0, 10, 0)
        row.addWidget(self.own)
        row.addStretch(1)
        self._column.addLayout(row)
        self._students = QWidget()
        whole, self._column = self._column, QVBoxLayout(self._students)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._add_rows([key for key in own_keys() if "." not in key])
        for stage, title in _STAGES.items():
            self._add_group(title, [key for key in own_keys() if key.startswith(f"{stage}.")])
        self._column = whole
        whole.addWidget(self._students)
        whole.addStretch(1)
        self.set_configs({"bfr": CascadeConfig()})

    def set_configs(self, configs: Mapping[str, CascadeConfig]) -> list[str]:
        """Show a recipe; return the keys of which only the first network's setting was taken, as all must have the same."""
        first = next(iter(configs.values()))
        settings = {variant: flat(config) for variant, config in configs.items()}
        self._shared = {key: value for key, value in flat(first).items() if key in shared_keys()}
        spare = settings.get("bfr") or next((s for v, s in settings.items() if v != "dgcnn"), flat(first))
        self._own = {v: {key: settings.get(v, spare)[key] for key in own_keys()} for v in VARIANTS}
        self.chosen = [variant for variant in VARIANTS if variant in configs]
        self.student = ""
        self._refresh()
        return sorted({key for s in settings.values() for key in shared_keys() if s[key] != self._shared[key]})

    def set_data(self, path: str) -> None:
        """Choose the labelled set."""
        self._edit("data", path)
        self.fields["data"].set_value(path)

    def _network_buttons(self) -> dict[str, QToolButton]:
        self._add_title("Networks to train")
        frame, buttons = QFrame(), {}
        frame.setObjectName("Segments")
        row = QHBoxLayout(frame)
        row.setContentsMargins(2, 2, 2, 2)
        row.setSpacing(1)
        for variant in VARIANTS:
            button = buttons[variant] = QToolButton()
            button.setText(variant)
            button.setCheckable(True)
            button.setToolTip(_TIPS.get(variant, ""))
            button.setAccessibleName(f"Train {variant}")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda on, v=variant: self._toggle(v, on=on))
            row.addWidget(button)
        outer = QHBoxLayout()
        outer.setContentsMargins(12, 0, 10, 0)
        outer.addWidget(frame)
        outer.addStretch(1)
        self._column.addLayout(outer)
        return buttons

    def _add_title(self, text: str) -> QLabel:
        label = QLabel(text)
        label.setObjectName("Headline")
        label.setContentsMargins(12, 8, 0, 0)
        self._column.addWidget(label)
        return label

    def _add_group(self, title: str, keys: list[str]) -> None:
        if keys:
            self._add_title(title)
            self._add_rows(keys)

    def _add_rows(self, keys: list[str]) -> None:
        for key in keys:
            field = self.fields[key] = SettingField(setting(key))
            field.edited.connect(self._edit)
            self._column.addWidget(field)

    def _toggle(self, variant: str, *, on: bool) -> None:
        self.chosen = [v for v in VARIANTS if (on if v == variant else v in self.chosen)]
        if on and variant != "dgcnn":
            self.student = variant
        self._refresh()

    def _show_student(self, variant: str) -> None:
        self.student = variant
        self._refresh()

    def _edit(self, key: str, value: object) -> None:
        (self._shared if key in shared_keys() else self._own[self.student])[key] = value
        self._check()
        self.changed.emit()

    def _refresh(self) -> None:
        """Show every value."""
        students = [variant for variant in self.chosen if variant != "dgcnn"]
        if self.student not in students:
            self.student = "bfr" if "bfr" in students else students[0] if students else ""
        for variant, button in self.networks.items():
            button.setChecked(variant in self.chosen)
        self.own.set_choices([(variant, variant, f"Settings of {variant} alone") for variant in students])
        self.own.set_value(self.student)
        self.own.setVisible(len(students) > 1)
        self._heading.setText(f"Settings of {self.student} alone")
        self._heading.setVisible(bool(students))
        self._students.setVisible(bool(students))
        for key, value in (self._shared | self._own.get(self.student, {})).items():
            self.fields[key].set_value(value)
        self._check()
        self.changed.emit()

    def _check(self) -> None:
        """Find what is wrong, tell it beside its field, and build the configurations where nothing is."""
        own = {v: self._own[v] for v in self.chosen if v != "dgcnn"}
        problems = {key: _refusal(key, value) for key, value in self._shared.items()}
        of_students = {v: {key: refusal(key, value) for key, value in settings.items()} for v, settings in own.items()}
        for key, text in (problems | of_students.get(self.student, {})).items():
            self.fields[key].set_problem(text)
        for stage in _STAGES:
            settings = self._shared if stage == "teacher" else self._own.get(self.student, {})
            self.fields[f"{stage}.step_epochs"].setVisible(settings.get(f"{stage}.schedule") == "step")
        wrong = [f"{setting(key).label}: {text}" for key, text in problems.items() if text]
        wrong += [f"{v}, {setting(key).label}: {text}" for v, found in of_students.items() for key, text in found.items() if text]
        self.configs, self.problem = None, next(iter(wrong), "")
        if not self.chosen:
            self.problem = "No network is chosen: choose one at the top of the recipe."
        if self.problem:
            return
        try:
            self.configs = {v: from_flat(v, self._shared | self._own[v]) for v in self.chosen}
        except BgnnError as error:
            self.problem = str(error)


def _refusal(key: str, value: object) -> str:
    if key == "data" and not value:
        return "Choose the labelled clouds to train on."
    if key == "data" and value != SHAPES and not Path(str(value)).exists():
        return f"There is nothing at {value}: choose the labelled clouds to train on."
    return refusal(key, value)
