"""What a model file says of its own making: how it was trained, and the accuracy somebody measured."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Training:
    """How a model was trained: data set, recipe in one line (the whole configuration in JSON, from `train`), seed, epochs of its stages."""

    dataset: str
    recipe: str
    seed: int
    epochs: int


@dataclass(frozen=True)
class Accuracy:
    """A measured accuracy: fractions between 0 and 1 over `count` labelled clouds of a split."""

    dataset: str
    split: str
    count: int
    overall: float
    class_mean: float
