"""Arguments that several commands take."""

import argparse
from math import inf
from pathlib import Path


def add_input(command: argparse.ArgumentParser) -> None:
    """Add the cloud, and how its points reach the model."""
    command.add_argument(
        "cloud", type=Path, metavar="CLOUD", help="point cloud or mesh (README.md lists the formats); clouds.h5#12 is cloud 12 of a file"
    )
    command.add_argument("--raw", action="store_true", help="take the points as they are: no centring, scaling or resampling")
    command.add_argument(
        "--points",
        type=positive,
        metavar="N",
        help="resample to N points (farthest point); default: what the model was trained with, at most all",
    )
    command.add_argument("--k", type=positive, help="neighbours; default: the model's")
    add_threads(command)


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
