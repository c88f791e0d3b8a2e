"""What is kept of an open cloud."""

import numpy as np
import pytest

from bgnn_studio.core.clouds import Cloud, resample
from bgnn_studio.core.opened import SHOWN_POINTS, OpenCloud
from tests.random_model import random_cloud


@pytest.mark.parametrize("count", [30, SHOWN_POINTS, SHOWN_POINTS + 1])
def test_a_cloud_is_shown_whole_up_to_a_limit_and_resampled_from_all_of_it(count: int) -> None:
    points = random_cloud(count)
    cloud = OpenCloud(Cloud("cloud", points), points)
    assert len(cloud.points) == min(count, SHOWN_POINTS)
    assert {*map(bytes, cloud.points)} <= {*map(bytes, points)}
    assert (cloud.points is points) == (count <= SHOWN_POINTS)
    assert cloud.at(count) is points
    assert cloud.at(count + 5) is points
    np.testing.assert_array_equal(cloud.at(7), resample(points, 7))
    assert cloud.at(7) is cloud.at(7)
