"""What a setting of a recipe is, for forms: read from the docstrings of the dataclasses, from their types and their bounds."""

import inspect
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

from bgnn_studio.core.spec import NetworkSpec
from bgnn_studio.errors import BgnnError
from bgnn_studio.training.config import BOUNDS, STAGE_BOUNDS, CascadeConfig, StageSettings
from bgnn_studio.training.recipes import flat, typed

_LABELS = {
    "k": "Neighbours k",
    "lr": "Learning rate",
    "alpha": "Distillation \N{GREEK SMALL LETTER ALPHA}",
    "temperature": "Temperature T",
    "lsp_weight": "LSP weight \N{GREEK SMALL LETTER LAMDA}",
    "width_factor": "Width factor",
    "scale": "Scale up to",
    "shift": "Shift up to",
    "batch_size": "Batch [clouds]",
    "teacher_batch_size": "Batch [clouds]",
    "step_epochs": "Halved every [epochs]",
}


@dataclass(frozen=True)
class Setting:
    """A setting: its key in a recipe, a label, what it does, what is expected, whether that is many numbers, and its choices, if any."""

    key: str
    label: str
    doc: str
    expected: str
    many: bool = False
    choices: tuple[str, ...] = ()


@cache
def setting(key: str) -> Setting:
    """Describe the setting of a key, ``k`` or ``teacher.lr``."""
    stage, _, name = key.rpartition(".")
    owner: type = StageSettings if stage else CascadeConfig
    doc = _docs(owner).get(name, "")
    if "see `NetworkSpec`" in doc:
        doc = _docs(NetworkSpec).get(name, doc)
    kind = get_type_hints(owner)[name]
    bounds = (STAGE_BOUNDS if stage else BOUNDS).get(name)
    expected = {int: "a whole number", float: "a number", str: ""}.get(kind, "whole numbers, separated by commas")
    choices = _choices(name, kind)
    expected = " or ".join(filter(None, choices)) if choices else " ".join(filter(None, [expected, bounds[0] if bounds else ""]))
    return Setting(
        key, _LABELS.get(name, name.replace("_", " ").capitalize()), doc.replace("`", ""), expected, get_origin(kind) is tuple, choices
    )


def refusal(key: str, value: object) -> str:
    """Say why a value cannot be that of a setting; empty: it can."""
    try:
        good = typed(key, value)
    except BgnnError as error:
        text = str(error).partition(": ")[2]
        return text[:1].upper() + text[1:]
    stage, _, name = key.rpartition(".")
    bounds = (STAGE_BOUNDS if stage else BOUNDS).get(name)
    return "" if bounds is None or bounds[1](good) else f"Expected {setting(key).expected} (got {value})."


@cache
def shared_keys() -> tuple[str, ...]:
    """Return the settings that bear on the teacher: networks that are trained in one folder have them in common."""
    names = CascadeConfig().recipe("teacher")
    return tuple(key for key in flat(CascadeConfig()) if key.partition(".")[0] in {*names, "teacher"})


@cache
def own_keys() -> tuple[str, ...]:
    """Return the settings that a student has for itself."""
    return tuple(key for key in flat(CascadeConfig()) if key not in shared_keys())


def _choices(name: str, kind: Any) -> tuple[str, ...]:  # noqa: ANN401
    if get_origin(kind) is Literal:
        return get_args(kind)
    of_spec = {f.name: f.type for f in fields(NetworkSpec)}.get(name)
    return ("", *get_args(of_spec)) if kind is str and get_origin(of_spec) is Literal and name != "variant" else ()


@cache
def _docs(owner: type) -> dict[str, str]:
    """Return what the section Attributes of a docstring says of each name."""
    _, _, section = (inspect.getdoc(owner) or "").partition("Attributes\n----------\n")
    found: dict[str, str] = {}
    names: list[str] = []
    for line in section.splitlines():
        if line[:1].strip():
            names = [name.strip() for name in line.partition(" : ")[0].split(",")]
        for name in names if line.startswith(" ") else ():
            found[name] = f"{found.get(name, '')} {line.strip()}".strip()
    return found
