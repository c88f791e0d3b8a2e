"""Write the sample clouds of the window: ``python -m bgnn_studio.training.shapes assets/clouds``."""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bgnn_studio.training.shapes.dataset import CLASSES, CLEAN, SEED, SPLITS, make_cloud

SAMPLES = ("airplane", "chair", "lamp", "mug", "stool", "table", "torus")
POINTS = 1024


def write_ply(path: Path, points: NDArray[np.float32]) -> None:
    """Write points (N, 3) float32 as a binary little-endian PLY."""
    properties = "".join(f"property float {axis}\n" for axis in "xyz")
    header = f"ply\nformat binary_little_endian 1.0\nelement vertex {len(points)}\n{properties}end_header\n"
    path.write_bytes(header.encode("ascii") + points.astype("<f4").tobytes())


def sample_cloud(name: str) -> NDArray[np.float32]:
    """Make the sample cloud of a class: nearly clean, from a seed that no split uses."""
    return make_cloud(name, POINTS, np.random.default_rng([SEED, len(SPLITS), CLASSES.index(name)]), CLEAN)


def main() -> None:
    """Write every sample into the folder given."""
    parser = argparse.ArgumentParser(prog="python -m bgnn_studio.training.shapes", description="Write the sample clouds.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for name in SAMPLES:
        write_ply(folder / f"{name}.ply", sample_cloud(name))


if __name__ == "__main__":
    main()
