"""``python -m tests.native.fuzz_seeds FOLDER``: a tiny model of each variant in FOLDER/seeds, for `make fuzz` to start from."""

import sys
from pathlib import Path

from bgnn_studio.core.spec import VARIANTS
from tests.random_model import random_model, small_spec


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for variant in VARIANTS:
        sizes = {"points": 7, "k": 3, "widths": (4, 8), "embedding": 5, "head": (4, 3)}
        random_model(folder / f"{variant}.gguf", small_spec(variant, classes=("a", "b"), **sizes))


if __name__ == "__main__":
    main(Path(sys.argv[1]) / "seeds")
