from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bgnn_studio.core.perturbation import MAX_SEED, RANGES, Perturbation
from bgnn_studio.errors import BgnnError
from tests.traces import synthetic_cloud

CLOUD = synthetic_cloud(200)
NUMBERS = {name: st.floats(allowed.low, allowed.high) for name, allowed in RANGES.items()}
ANY = st.builds(Perturbation, **NUMBERS, seed=st.integers(0, MAX_SEED))


def test_ranges_are_those_of_the_fields():
    assert [f.name for f in fields(Perturbation)] == [*RANGES, "seed"]
    assert all(RANGES[f.name].low <= f.default <= RANGES[f.name].high for f in fields(Perturbation) if f.name in RANGES)


@pytest.mark.parametrize("perturbation", [Perturbation(), Perturbation(seed=7, azimuth=30.0, elevation=-20.0)])
def test_the_identity_is_the_identity(perturbation):
    assert perturbation.is_identity
    points, index = perturbation.apply(CLOUD)
    assert points is CLOUD
    np.testing.assert_array_equal(index, np.arange(200))


@pytest.mark.parametrize("name", [n for n in RANGES if n not in ("azimuth", "elevation")])
def test_every_part_changes_something(name):
    perturbed = Perturbation(**{name: RANGES[name].high / 2})
    assert not perturbed.is_identity
    points, _ = perturbed.apply(CLOUD)
    assert points.shape != CLOUD.shape or not np.allclose(points, CLOUD, atol=1e-3)


@settings(deadline=None, max_examples=60)
@given(ANY)
def test_any_perturbation_keeps_what_it_promises(p):
    before = CLOUD.copy()
    points, index = p.apply(CLOUD)
    np.testing.assert_array_equal(CLOUD, before)
    assert points.dtype == np.float32
    assert points.shape == (len(index), 3)
    assert (np.diff(index) > 0).all()
    seen = 200 - round(p.occlude * 200)
    assert len(index) == max(1, max(1, seen) - round(p.drop * max(1, seen)))
    np.testing.assert_array_equal(points, p.apply(CLOUD)[0])
    whole = replace(p, drop=0.0, occlude=0.0).apply(CLOUD)[0]  # what is left is where it would have been
    np.testing.assert_array_equal(points, whole[index])


@settings(deadline=None, max_examples=40)
@given(st.builds(Perturbation, turn=NUMBERS["turn"], tilt=NUMBERS["tilt"], scale=NUMBERS["scale"]))
def test_turn_tilt_and_scale_scale_all_distances(p):
    points, _ = p.apply(CLOUD)
    for a, b in ((0, 1), (2, 150), (7, 99)):
        expected = p.scale * np.linalg.norm(CLOUD[a] - CLOUD[b])
        np.testing.assert_allclose(np.linalg.norm(points[a] - points[b]), expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(Perturbation(turn=-p.turn).apply(Perturbation(turn=p.turn).apply(CLOUD)[0])[0], CLOUD, atol=1e-6)


def test_turn_comes_before_tilt_and_scale_before_jitter():
    x = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
    np.testing.assert_allclose(Perturbation(turn=90.0).apply(x)[0], [[0, 1, 0], [-1, 0, 0], [0, 0, 1]], atol=1e-7)
    np.testing.assert_allclose(Perturbation(tilt=90.0).apply(x)[0], [[1, 0, 0], [0, 0, 1], [0, -1, 0]], atol=1e-7)
    np.testing.assert_allclose(Perturbation(turn=90.0, tilt=90.0).apply(x)[0], [[0, 0, 1], [-1, 0, 0], [0, -1, 0]], atol=1e-7)
    noise = Perturbation(jitter=0.1).apply(CLOUD)[0] - CLOUD
    np.testing.assert_allclose(Perturbation(scale=3.0, jitter=0.1).apply(CLOUD)[0], 3 * CLOUD + noise, atol=1e-6)


def test_occlusion_is_a_half_space():
    p = Perturbation(occlude=0.3, azimuth=90.0)
    _, index = p.apply(CLOUD)
    gone = np.setdiff1d(np.arange(200), index)
    assert CLOUD[index, 1].max() <= CLOUD[gone, 1].min()
    _, above = Perturbation(occlude=0.3, elevation=90.0).apply(CLOUD)
    assert CLOUD[above, 2].max() <= np.sort(CLOUD[:, 2])[139]


@given(st.floats(0.0, 0.95), st.floats(0.0, 0.95), st.integers(0, 100))
@settings(deadline=None, max_examples=30)
def test_more_of_one_part_only_takes_more_points(a, b, seed):
    low, high = sorted((a, b))
    for part in ("drop", "occlude"):
        few, many = (set(Perturbation(**{part: share}, seed=seed).apply(CLOUD)[1].tolist()) for share in (low, high))
        assert many <= few


def test_noise_has_its_size_and_its_seed():
    noise = Perturbation(jitter=0.1).apply(CLOUD)[0] - CLOUD
    assert 0.09 < noise.std() < 0.11
    np.testing.assert_allclose(Perturbation(jitter=0.05).apply(CLOUD)[0] - CLOUD, noise / 2, atol=1e-6)
    assert not np.allclose(Perturbation(jitter=0.1, seed=1).apply(CLOUD)[0] - CLOUD, noise)
    assert (Perturbation(drop=0.5).apply(CLOUD)[1] != Perturbation(drop=0.5, seed=1).apply(CLOUD)[1]).any()


def test_one_point_is_always_left():
    assert len(Perturbation(drop=0.95, occlude=0.95).apply(CLOUD[:2])[0]) == 1


@pytest.mark.parametrize("name", RANGES)
@pytest.mark.parametrize("value", [np.nan, np.inf, "1", None, True, -1e9])
def test_bad_numbers_are_refused(name, value):
    allowed = RANGES[name]
    for bad in (value, np.nextafter(allowed.high, np.inf), np.nextafter(allowed.low, -np.inf)):
        with pytest.raises(BgnnError, match=f"Expected '{name}' between {allowed.low:g} and {allowed.high:g}"):
            Perturbation(**{name: bad})


@pytest.mark.parametrize("seed", [-1, 2**31, 1.5, None, True])
def test_bad_seeds_are_refused(seed):
    with pytest.raises(BgnnError, match="'seed' to be a whole number"):
        Perturbation(seed=seed)
