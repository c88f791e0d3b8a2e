"""Every so manieth cloud of a split, on stdout: ``python -m bgnn_studio.training.shapes.part SPLIT POINTS FIRST STOP STEP``.

`make_dataset` starts several. The processes are plain ones: nothing of the caller, a window perhaps, is copied or imported again.
"""

import sys

import numpy as np

from bgnn_studio.training.shapes.dataset import CLASSES, SEED, SPLITS, make_cloud


def main() -> None:
    """Write little-endian float32 coordinates, cloud after cloud."""
    split, points, *numbers = sys.argv[1:]
    for i in range(*map(int, numbers)):
        cloud = make_cloud(CLASSES[i % len(CLASSES)], int(points), np.random.default_rng([SEED, SPLITS[split][0], i]))
        sys.stdout.buffer.write(cloud.astype("<f4").tobytes())
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
