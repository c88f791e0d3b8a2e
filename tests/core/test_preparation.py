"""What is done to the points of a file: against plain numpy on all of them."""

import numpy as np
import pytest

from bgnn_studio.core.attributes import attribute
from bgnn_studio.core.clouds import FARTHEST_MOST, Cloud, farthest_pool, normalise, preprocess, resample, sampled_rows
from bgnn_studio.core.opened import OpenCloud
from bgnn_studio.core.preparation import RAW, UP_AXES, AskedPoints, Placement, Preparation
from bgnn_studio.errors import BgnnError
from tests.core.test_opened import Trained
from tests.random_model import random_cloud

POINTS = (random_cloud(70) * [3, 2, 1] + [5, -4, 9]).astype(np.float32)


@pytest.mark.parametrize("centre", [True, False])
@pytest.mark.parametrize("unit", [True, False])
def test_centre_and_unit_sphere_each_alone(centre: bool, unit: bool) -> None:
    expected = POINTS.astype(np.float64) - (POINTS.mean(axis=0, dtype=np.float64) if centre else 0)
    expected /= np.linalg.norm(expected, axis=1).max() if unit else 1
    found = AskedPoints(Preparation(centre=centre, unit=unit)).apply(POINTS)
    np.testing.assert_allclose(found.points, expected, rtol=1e-6)
    assert found.rows is None
    if not centre and not unit:
        assert found.points is POINTS


@pytest.mark.parametrize("up", UP_AXES)
def test_the_up_axis_of_the_file_becomes_z_by_a_rotation_that_rounds_nothing(up: str) -> None:
    preparation = Preparation(centre=False, unit=False, up=up)
    found = AskedPoints(preparation).apply(POINTS).points
    height = POINTS[:, "xyz".index(up[-1])] * (-1 if up[0] == "-" else 1)
    np.testing.assert_array_equal(found[:, 2], height)
    np.testing.assert_array_equal(found, POINTS @ preparation.turn.T)
    assert np.linalg.det(preparation.turn) == pytest.approx(1)


def test_the_default_is_the_contract() -> None:
    np.testing.assert_array_equal(AskedPoints(count=20).apply(POINTS).points, preprocess(POINTS, 20))
    np.testing.assert_array_equal(AskedPoints().apply(POINTS).points, normalise(POINTS))


@pytest.mark.parametrize("wrong", [{"up": "w"}, {"method": "best"}, {"seed": -1}, {"seed": 1.5}, {"centre": 1}, {"up": []}])
def test_what_is_no_preparation_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BgnnError, match="Expected"):
        Preparation(**wrong)


def test_of_a_large_cloud_the_farthest_points_are_chosen_among_a_seeded_choice() -> None:
    """The very rows that a choice by hand gives: drawn, in their order, prepared, farthest of these."""
    points = np.random.default_rng(3).normal(size=(FARTHEST_MOST + 1000, 3)).astype(np.float32) + 7
    drawn = np.sort(np.random.default_rng(5).permutation(len(points))[:FARTHEST_MOST])
    placed = normalise(points)
    expected = resample(placed[drawn], 12)
    preparation = Preparation(seed=5)
    found = AskedPoints(preparation, 12).apply(points)
    np.testing.assert_array_equal(found.points, expected)
    np.testing.assert_array_equal(placed[found.rows], expected)
    assert set(found.rows) <= set(drawn)
    assert farthest_pool(12) == FARTHEST_MOST
    assert farthest_pool(20_000) == 80_000
    rows = Placement(RAW, points).rows(9, "random")
    np.testing.assert_array_equal(rows, sampled_rows(points, 9, "random"))
    said = OpenCloud(Cloud("large", points), preparation).sampling(Trained(), "model")
    assert said == f"32 of {len(points):,} points, farthest point sampling of 65,536 drawn at random."


def test_attributes_follow_the_points_that_are_chosen_and_how_they_lie() -> None:
    rng = np.random.default_rng(1)
    normals, labels = rng.normal(size=(70, 3)).astype(np.float32), rng.integers(4, size=70)
    attributes = (attribute("normals", "normals", normals), attribute("label", "labels", labels))
    cloud = OpenCloud(Cloud("ball", POINTS, attributes=attributes), Preparation(up="y", method="random", seed=2))
    sample = cloud.for_model(Trained(), "model")
    np.testing.assert_array_equal(sample.rows, np.random.default_rng(2).permutation(70)[:32])
    np.testing.assert_array_equal(cloud.attribute("label", sample.rows).values, labels[sample.rows])
    turned = cloud.attribute("normals", sample.rows).values
    np.testing.assert_allclose(turned, np.stack([normals[:, 0], -normals[:, 2], normals[:, 1]], axis=1)[sample.rows])
    assert cloud.attribute("taste") is None


def test_attributes_that_do_not_fit_are_refused() -> None:
    one = attribute("label", "labels", np.arange(70))
    with pytest.raises(BgnnError, match=r"of 69 rows \(got 1, 70 rows\)"):
        Cloud("ball", POINTS[:69], attributes=[one])
    with pytest.raises(BgnnError, match=r"one .label. of 70 rows \(got 2"):
        Cloud("ball", POINTS, attributes=[one, one])
    with pytest.raises(BgnnError, match="'label' as labels"):
        attribute("label", "labels", np.ones(70))
