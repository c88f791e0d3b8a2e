"""What is kept of an open cloud."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from bgnn_studio.core.clouds import Cloud, resample
from bgnn_studio.core.opened import MOST_POINTS, SHOWN_POINTS, OpenCloud, PointCount
from bgnn_studio.core.preparation import RAW
from bgnn_studio.core.spec import NetworkSpec
from tests.random_model import random_cloud, small_spec


@pytest.mark.parametrize("count", [30, SHOWN_POINTS, SHOWN_POINTS + 1])
def test_a_cloud_is_shown_whole_up_to_a_limit_and_resampled_from_all_of_it(count: int) -> None:
    points = random_cloud(count)
    cloud = OpenCloud(Cloud("cloud", points), RAW)
    assert len(cloud.points) == min(count, SHOWN_POINTS)
    assert {*map(bytes, cloud.points)} <= {*map(bytes, points)}
    assert (cloud.shown.rows is None) == (count <= SHOWN_POINTS)
    for most in (count, count + 5, "all"):
        np.testing.assert_array_equal(cloud.for_model(Trained(), most).points, points)
        assert cloud.for_model(Trained(), most) is cloud.for_model(Trained(), "all")
    assert (cloud.for_model(Trained(), "all") is cloud.shown) == (count <= SHOWN_POINTS)
    few = cloud.for_model(Trained(), 7)
    np.testing.assert_array_equal(few.points, resample(points, 7))
    np.testing.assert_array_equal(points[few.rows], few.points)
    assert cloud.for_model(Trained(), 7) is few


@dataclass(frozen=True, eq=False)
class Trained:
    """A model trained with 32 points."""

    name: str = "bf"
    spec: NetworkSpec = field(default_factory=small_spec)
    path: Path | None = None


@pytest.mark.parametrize(
    ("have", "count", "run", "said"),
    [
        (40, "model", 32, "32 of 40 points, farthest point sampling."),
        (32, "model", 32, "All 32 points."),
        (20, "model", 20, "All 20 points, fewer than 32; none is repeated. bf was trained with 32."),
        (40, 512, 40, "All 40 points, fewer than 512; none is repeated. bf was trained with 32."),
        (600, 512, 512, "512 of 600 points, farthest point sampling. bf was trained with 32."),
        (600, "all", 600, "All 600 points. bf was trained with 32."),
        (MOST_POINTS + 3, "all", MOST_POINTS, "65,536 of 65,539 points, a random choice. bf was trained with 32."),
    ],
)
def test_how_a_cloud_is_resampled_for_a_model_is_said(have: int, count: PointCount, run: int, said: str) -> None:
    points = random_cloud(have)
    cloud = OpenCloud(Cloud("ball", points), RAW)
    given = cloud.for_model(Trained(), count)
    assert len(given.points) == run
    assert cloud.for_model(Trained(), count) is given
    assert cloud.sampling(Trained(), count) == said
