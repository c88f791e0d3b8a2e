"""The sample clouds in assets/ are what the command writes."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import trimesh

from bgnn_studio.core.resources import assets_dir
from bgnn_studio.training.shapes.__main__ import SAMPLES, sample_cloud


def test_the_command_writes_the_committed_samples(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "bgnn_studio.training.shapes", str(tmp_path)], check=True)
    written = sorted(tmp_path.glob("*.ply"))
    assert [p.stem for p in written] == sorted(SAMPLES)
    for path in written:
        np.testing.assert_array_equal(trimesh.load(path).vertices, sample_cloud(path.stem))
        np.testing.assert_allclose(trimesh.load(assets_dir() / "clouds" / path.name).vertices, sample_cloud(path.stem), atol=1e-6)
