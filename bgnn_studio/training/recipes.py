"""Recipes: TOML files whose keys are the fields of `CascadeConfig`, with a table for each variant that differs."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from bgnn_studio.core.files import read_plain
from bgnn_studio.core.spec import VARIANTS
from bgnn_studio.errors import BgnnError
from bgnn_studio.training.config import CascadeConfig

PRESETS = ("demo", "small", "paper")
MAX_BYTES = 1 << 20
MAX_NUMBER = 1e300


def read_recipe(source: str, changes: Sequence[str] = ()) -> dict[str, CascadeConfig]:
    """Return the cascade of each variant that a recipe trains, in its order.

    Parameters
    ----------
    source : str
        A preset, or the path of a TOML file: `variants` names the networks, the other keys are fields of `CascadeConfig`, stages
        are tables, and what is in a table named as a variant is that variant's alone.
    changes : sequence of str
        ``KEY=VALUE`` over the file: ``binary.epochs=3`` for every variant, ``bfr.batch_size=8`` for one.

    Raises
    ------
    BgnnError
        No such file, no TOML, an unknown key, a value of another type, or settings that cannot be trained; all name the file.
    """
    text = files("bgnn_studio.training").joinpath("presets", f"{source}.toml").read_text() if source in PRESETS else _read(source)
    return parse_recipe(text, source, changes)


def parse_recipe(text: str, source: str, changes: Sequence[str] = ()) -> dict[str, CascadeConfig]:
    """Return the cascades of a recipe's text, see `read_recipe`; errors name `source`."""
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # no TOML, a number of thousands of digits, nested beyond all reason
        raise BgnnError(f"{source}: expected a recipe in TOML (got: {error}).") from error
    variants = table.pop("variants", None)
    if not isinstance(variants, list) or not variants or not all(variant in VARIANTS for variant in variants):
        raise BgnnError(f"{source}: expected 'variants', a list of networks among {', '.join(VARIANTS)} (got {_quoted(variants)}).")
    own = {variant: table.pop(variant, {}) for variant in VARIANTS}
    parsed = [_change(change) for change in changes]
    configs = {}
    for variant in variants:
        try:
            merged = _merged(table, own[variant])
            for (first, *rest), value in parsed:
                if first == variant or first not in VARIANTS:
                    merged = _merged(merged, _nested(rest if first == variant else [first, *rest], value))
            configs[variant] = _build(CascadeConfig, merged | {"variant": variant}, "")
        except BgnnError as error:
            raise BgnnError(f"{source}, {variant}: {error}") from error
    return configs


def as_json(config: CascadeConfig) -> str:
    """Write a configuration on one line, as model files and logs hold it."""
    return json.dumps(asdict(config), separators=(",", ":"))


def from_json(text: str) -> CascadeConfig:
    """Read what `as_json` wrote; raises `BgnnError` for anything else."""
    try:
        return _build(CascadeConfig, json.loads(text), "")
    except (ValueError, RecursionError) as error:
        raise BgnnError(f"Expected a configuration in JSON (got: {error}).") from error


def flat(config: CascadeConfig) -> dict[str, Any]:
    """Return the settings of a configuration by their keys in a recipe, ``teacher.epochs`` among them, without the variant."""
    found: dict[str, Any] = {}
    for key, value in asdict(config).items():
        found |= {f"{key}.{name}": inner for name, inner in value.items()} if isinstance(value, dict) else {key: value}
    return {key: value for key, value in found.items() if key != "variant"}


def from_flat(variant: str, settings: Mapping[str, Any]) -> CascadeConfig:
    """Build a configuration from what `flat` returns; raises `BgnnError`, see `read_recipe`."""
    table: dict[str, Any] = {"variant": variant}
    for key, value in settings.items():
        table = _merged(table, _nested(key.split("."), value))
    return _build(CascadeConfig, table, "")


def known_keys() -> list[str]:
    """Return every key of a recipe with its default, ``KEY = VALUE``."""
    return [f"{key} = {json.dumps(value)}" for key, value in flat(CascadeConfig()).items()]


def recipe_text(configs: Mapping[str, CascadeConfig]) -> str:
    """Write a recipe in TOML that `read_recipe` reads as these configurations, at least one."""
    lines, shared = [f"variants = {_toml(list(configs))}"], flat(next(iter(configs.values())))
    lines += [f"{key} = {_toml(value)}" for key, value in shared.items()]
    for variant, config in configs.items():
        own = [f"{key} = {_toml(value)}" for key, value in flat(config).items() if value != shared[key]]
        lines += ["", f"[{variant}]", *own] if own else []
    return "\n".join(lines) + "\n"


def typed(key: str, value: Any) -> Any:  # noqa: ANN401
    """Return the value of a key, ``teacher.lr`` or ``k``, as its type; raises `BgnnError` for another type."""
    kind: Any = CascadeConfig
    for name in key.split("."):
        kind = get_type_hints(kind)[name]
    return _typed(kind, value, key)


def _read(source: str) -> str:
    try:
        return read_plain(Path(source), MAX_BYTES).decode()
    except UnicodeDecodeError as error:
        raise BgnnError(f"{source}: expected a recipe in TOML (got: {error}).") from error
    except OSError as error:
        raise BgnnError(
            f"{source}: expected one of {', '.join(PRESETS)}, or a recipe in TOML ({error.strerror}). Check the name."
        ) from error


def _change(text: str) -> tuple[list[str], Any]:
    key, equals, value = text.partition("=")
    path = key.strip().split(".")
    if not equals or not all(path) or (path[0] in VARIANTS and len(path) == 1):
        raise BgnnError(f"Expected --set KEY=VALUE, as binary.epochs=3 or bfr.batch_size=8 (got {text!r}).")
    try:
        return path, tomllib.loads(f"value = {value}")["value"]
    except (ValueError, RecursionError):
        return path, value.strip()  # a bare word is a string


def _quoted(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _toml(value: Any) -> str:  # noqa: ANN401
    """Write numbers, words and lists: here JSON and TOML agree, but for the escape of DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _nested(path: Sequence[str], value: object) -> dict[str, Any]:
    return {path[0]: _nested(path[1:], value) if len(path) > 1 else value}


def _merged(base: Mapping[str, Any], over: object) -> dict[str, Any]:
    if not isinstance(over, Mapping):
        raise BgnnError(f"Expected a table of settings for a variant (got {_quoted(over)}).")
    result = dict(base)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(result.get(key), Mapping)
        result[key] = _merged(result[key], value) if both else value
    return result


def _build(cls: type, table: Mapping[str, Any], at: str) -> Any:  # noqa: ANN401
    """Build a dataclass from a table, with the types of its fields."""
    types = get_type_hints(cls)
    names = [field.name for field in fields(cls)]
    unknown = [key for key in table if key not in names]
    if unknown:
        raise BgnnError(f"unknown key '{at}{unknown[0]}'. Expected one of {', '.join(at + name for name in names)}.")
    return cls(**{key: _typed(types[key], value, at + key) for key, value in table.items()})


def _typed(kind: Any, value: Any, key: str) -> Any:  # noqa: ANN401
    """Return a value of TOML as one of this type; raises `BgnnError` for another."""
    if is_dataclass(kind):
        if not isinstance(value, Mapping):
            raise BgnnError(f"'{key}': expected a table (got {_quoted(value)}).")
        if "epochs" not in value:
            raise BgnnError(f"'{key}' has no epochs. Give {key}.epochs; 0 leaves the stage out.")
        return _build(kind, value, f"{key}.")
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind is float:
        good, expected = number and abs(value) < MAX_NUMBER, "a number"
    elif kind is int:
        good, expected = number and isinstance(value, int), "a whole number"
    elif kind is str:
        good, expected = isinstance(value, str), "a word"
    elif get_origin(kind) is Literal:
        good, expected = value in get_args(kind), " or ".join(map(repr, get_args(kind)))
    else:  # a tuple of sizes
        good, expected = isinstance(value, list | tuple) and all(type(v) is int for v in value), "a list of whole numbers"
    if not good:
        raise BgnnError(f"'{key}': expected {expected} (got {_quoted(value)}).")
    return float(value) if kind is float else tuple(value) if isinstance(value, list) else value
