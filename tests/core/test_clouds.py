"""Clouds: checked input, unit sphere, resampling against a plain-Python oracle."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bgnn_studio.core.clouds import Cloud, check_points, normalise, preprocess, resample
from bgnn_studio.core.preparation import DEFAULT_POINTS
from bgnn_studio.errors import BgnnError

RNG = np.random.default_rng(7)
CLOUDS = hnp.arrays(np.float32, st.tuples(st.integers(1, 40), st.just(3)), elements=st.floats(-(2.0**100), 2.0**100, width=32))


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (np.zeros((5, 2)), r"shape \(N, 3\).*got \(5, 2\)"),
        (np.zeros(3), r"shape \(N, 3\)"),
        (np.zeros((0, 3)), "at least one point"),
        ([[0, 0, 0], [1, np.nan, 2]], r"\(1, nan, 2\) at point 1, 1 such of 2"),
        ([[0, 0, 1e39]], r"1e\+39\) at point 0"),
        (np.zeros((2, 3), dtype=complex), "real numbers"),
        ([["a", "b", "c"]], "real numbers"),
    ],
)
def test_bad_points_are_refused_with_the_first_bad_one(points: object, message: str) -> None:
    with pytest.raises(BgnnError, match=message):
        check_points(points)


def test_a_cloud_keeps_a_read_only_copy() -> None:
    points = RNG.normal(size=(9, 3))
    cloud = Cloud("nine", points)
    points[:] = 0
    assert cloud.points.dtype == np.float32
    assert cloud.points.any()
    with pytest.raises(ValueError, match="read-only"):
        cloud.points[0] = 1


def test_equal_points_normalise_to_zeros() -> None:
    assert not normalise(np.full((1000, 3), 0.1)).any()
    assert not normalise([[5.0, -2.0, 3.0]]).any()


@settings(max_examples=100, deadline=None)
@given(CLOUDS)
def test_normalised_clouds_are_centred_in_the_unit_sphere(points: np.ndarray) -> None:
    result = normalise(points).astype(np.float64)
    radius = np.linalg.norm(result, axis=1).max()
    assert np.isfinite(result).all()
    assert np.abs(result.mean(axis=0)).max() < 1e-6
    assert radius == pytest.approx(1.0, abs=1e-6) or (points == points[0]).all()


def farthest_oracle(points: np.ndarray, count: int) -> list[int]:
    """Return the farthest-point order in exact rational arithmetic."""
    rows = [[Fraction(float(v)) for v in p] for p in points]
    mean = [sum(column) / len(rows) for column in zip(*rows, strict=True)]

    def distance(a: list[Fraction], b: list[Fraction]) -> Fraction:
        return sum(((u - v) ** 2 for u, v in zip(a, b, strict=True)), Fraction(0))

    taken = [max(range(len(rows)), key=lambda i: (distance(rows[i], mean), -i))]
    while len(taken) < count:
        left = [i for i in range(len(rows)) if i not in taken]
        taken.append(max(left, key=lambda i: (min(distance(rows[i], rows[j]) for j in taken), -i)))
    return taken


@pytest.mark.parametrize("count", [1, 2, 17, 30])
def test_farthest_points_in_exact_arithmetic(count: int) -> None:
    points = RNG.integers(-4, 5, size=(30, 3)).astype(np.float32)  # a small grid: ties and duplicates
    points[20:] = points[:10]
    points -= points[:1]
    assert (resample(points, count) == points[farthest_oracle(points, count)]).all()


def test_farthest_points_spread_better_than_random_ones() -> None:
    points = RNG.normal(size=(2000, 3))

    def gap(chosen: np.ndarray) -> float:
        return min(math.dist(a, b) for i, a in enumerate(chosen) for b in chosen[:i])

    assert gap(resample(points, 32)) > 2 * gap(resample(points, 32, "random"))


@pytest.mark.parametrize("method", ["farthest", "random"])
def test_up_to_n_every_point_comes_at_most_once(method: str) -> None:
    points = np.zeros((50, 3), dtype=np.float32)
    points[:, 0] = np.arange(50)
    for count in (1, 20, 50):
        chosen = resample(points, count, method, seed=3)
        assert len(np.unique(chosen[:, 0])) == count
        assert (resample(points, count, method, seed=3) == chosen).all()


@pytest.mark.parametrize("method", ["farthest", "random"])
def test_above_n_all_points_come_first_then_seeded_repeats(method: str) -> None:
    points = RNG.normal(size=(10, 3)).astype(np.float32)
    more = resample(points, 25, method, seed=1)
    assert (more[:10] == points).all()
    assert {tuple(p) for p in more[10:]} <= {tuple(p) for p in points}
    assert (more != resample(points, 25, method, seed=2)).any()


def test_random_depends_on_the_seed() -> None:
    points = RNG.normal(size=(100, 3)).astype(np.float32)
    assert (resample(points, 10, "random", 0) != resample(points, 10, "random", 1)).any()


@pytest.mark.parametrize("bad", [{"count": 0}, {"count": 5, "method": "voxel"}])
def test_bad_resampling_is_refused(bad: dict) -> None:
    with pytest.raises(BgnnError, match="Expected"):
        resample(np.zeros((8, 3)), **bad)


def test_preprocess_centres_before_it_resamples() -> None:
    points = RNG.normal(size=(300, 3)) * 40 + 7
    assert (preprocess(points) == normalise(points)).all()
    assert (preprocess(points, 64) == resample(normalise(points), 64)).all()


def test_preprocess_for_a_model_resamples_only_where_there_are_more() -> None:
    points = RNG.normal(size=(40, 3)) + 3
    np.testing.assert_array_equal(DEFAULT_POINTS.apply(points, 30).points, preprocess(points, 30))
    for trained in (40, 41):
        np.testing.assert_array_equal(DEFAULT_POINTS.apply(points, trained).points, normalise(points))  # in their order, none repeated
    with pytest.raises(BgnnError, match=r"shape \(N, 3\)"):
        DEFAULT_POINTS.apply(points[:, :2], 30)
