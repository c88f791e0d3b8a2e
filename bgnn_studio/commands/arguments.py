"""Arguments that several commands take."""

import argparse
from math import inf
from pathlib import Path

from bgnn_studio.core.clouds import METHODS
from bgnn_studio.core.preparation import MAX_SEED, UP_AXES, AskedPoints, Preparation
from bgnn_studio.errors import BgnnError


def add_input(command: argparse.ArgumentParser) -> None:
    """Add the cloud, how its points reach the model, and what else a pass asks for."""
    command.add_argument(
        "cloud", type=Path, metavar="CLOUD", help="point cloud or mesh (README.md lists the formats); clouds.h5#12 is cloud 12 of a file"
    )
    add_points(command)
    command.add_argument("--k", type=positive, help="neighbours; default: the model's")
    add_threads(command)


def add_points(command: argparse.ArgumentParser) -> None:
    """Add what is done to the points of a cloud; `asked_points` takes it up."""
    group = command.add_argument_group("points", "what is done to the points of a cloud before a model gets them")
    group.add_argument("--raw", action="store_true", help="take the points as they are: no centring, scaling or resampling")
    group.add_argument(
        "--points", type=positive, metavar="N", help="resample to N points; default: what the model was trained with, at most all"
    )
    group.add_argument("--up", choices=UP_AXES, default="z", help="axis of the file that points up; models expect z (default: z); --up=-y")
    group.add_argument(
        "--resample",
        choices=METHODS,
        help="how fewer points are chosen (default: farthest, of more than 65,536 among a random choice of so many)",
    )
    group.add_argument("--seed", type=whole, metavar="S", help="of what is random in that (default: 0)")


def asked_points(options: argparse.Namespace) -> AskedPoints:
    """Return what `add_points` parsed; raises `BgnnError` where the options contradict each other."""
    if options.raw and (options.points, options.resample, options.seed) != (None, None, None):
        raise BgnnError("Expected --raw or --points, --resample, --seed, not both: raw points are never resampled. Drop one of them.")
    preparation = Preparation(not options.raw, not options.raw, options.up, options.resample or "farthest", options.seed or 0)
    return AskedPoints(preparation, options.points, raw=options.raw)


def add_threads(command: argparse.ArgumentParser) -> None:
    """Add ``--threads``."""
    command.add_argument("--threads", type=positive, default=1, metavar="T", help="threads (default: 1); results do not depend on it")


def add_repeat(command: argparse.ArgumentParser, default: int) -> None:
    """Add ``--repeat``."""
    command.add_argument("--repeat", type=positive, default=default, metavar="R", help=f"measured runs, warm-up apart (default: {default})")


def positive(text: str) -> int:
    """Parse a whole number from 1."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 (got {text!r})")
    return int(text)


def whole(text: str) -> int:
    """Parse a whole number from 0."""
    if not text.isascii() or not text.isdigit() or int(text) > MAX_SEED:
        raise argparse.ArgumentTypeError(f"expected a whole number from 0 to {MAX_SEED} (got {text!r})")
    return int(text)


def seconds(text: str) -> float:
    """Parse a time above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < inf:
        raise argparse.ArgumentTypeError(f"expected seconds above 0 (got {text!r})")
    return value


def size(text: str) -> tuple[int, int]:
    """Parse ``WIDTHxHEIGHT`` in pixels."""
    width, cross, height = text.partition("x")
    if not cross:
        raise argparse.ArgumentTypeError(f"expected WIDTHxHEIGHT, as 1200x800 (got {text!r})")
    return positive(width), positive(height)


def celsius(text: str) -> float:
    """Parse a temperature, as the runner takes it."""
    try:
        value = float(text)
    except ValueError:
        value = inf
    if not -50 <= value <= 150:
        raise argparse.ArgumentTypeError(f"expected degrees Celsius, -50 to 150 (got {text!r})")
    return value
