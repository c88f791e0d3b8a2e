"""The shape set: the same bytes everywhere, splits that share nothing, and classes that look like what they are called."""

import subprocess
import sys

import numpy as np
import pytest

from bgnn_studio.core.clouds import normalise
from bgnn_studio.errors import BgnnError
from bgnn_studio.training import shapes
from bgnn_studio.training.shapes import CLASSES, CLEAN, SPLITS, Nuisance, make_cloud, make_dataset

# Of the test split that every shipped figure is measured on: fixed before the first shipped model was trained.
FROZEN = "fbf5c2d8a6928edbdaf2da71e671ecee38d1f95822a71689a8f56ff2ea5a2d13"


def test_the_test_split_is_the_frozen_one() -> None:
    assert make_dataset("test").sha256 == FROZEN == shapes.TEST_SHA256


def test_a_prefix_is_the_same_clouds_and_balanced() -> None:
    whole, part = make_dataset("validation", 64, 60), make_dataset("validation", 64, 40)
    np.testing.assert_array_equal(whole.points[:40], part.points)
    assert np.bincount(part.labels).tolist() == [2] * len(CLASSES)


@pytest.mark.parametrize("processes", [2, 3])
def test_several_processes_make_the_same_clouds(processes: int) -> None:
    told: list[tuple[int, int]] = []
    one, many = make_dataset("train", 40, 25), make_dataset("train", 40, 25, lambda *n: told.append(n), processes)
    assert many.sha256 == one.sha256
    assert told == [(i, 25) for i in range(1, 26)]


def test_processes_end_with_who_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    started, popen = [], subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda *a, **k: started.append(popen(*a, **k)) or started[-1])

    def stop(done: int, _total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_dataset("train", 40, 8000, stop, 2)
    assert [process.poll() is not None for process in started] == [True, True]


def test_splits_share_no_cloud() -> None:
    clouds = [cloud.tobytes() for split in SPLITS for cloud in make_dataset(split, 32, 40).points]
    assert len(set(clouds)) == len(clouds)


def test_digest_sees_every_byte() -> None:
    data = make_dataset("train", 32, 20)
    digest = data.sha256
    data.labels[3] += 1
    changed = data.sha256
    data.points[0, 0, 0] = np.nextafter(data.points[0, 0, 0], np.float32(2))
    assert len({digest, changed, data.sha256}) == 3


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("level", [CLEAN, Nuisance()], ids=["clean", "nuisance"])
def test_every_class_gives_a_cloud_on_the_unit_sphere_that_fills_space(name: str, level: Nuisance) -> None:
    for seed in range(3):
        cloud = make_cloud(name, 200, np.random.default_rng(seed), level)
        assert cloud.shape == (200, 3)
        assert cloud.dtype == np.float32
        assert np.abs(cloud.mean(axis=0)).max() < 1e-6
        assert np.linalg.norm(cloud, axis=1).max() == pytest.approx(1, abs=1e-6)
        np.testing.assert_allclose(normalise(cloud), cloud, atol=1e-6)
        assert len(np.unique(cloud, axis=0)) == 200
        assert np.linalg.svd(cloud, compute_uv=False)[2] > 0.5  # no class is flat


def clean(name: str) -> np.ndarray:
    return make_cloud(name, 2000, np.random.default_rng(5), Nuisance(0, 0, 0, 0, 0, 0, 0, 0))


def test_a_thinned_cloud_is_spread_more_evenly() -> None:
    """Half of the set is thinned by farthest-point sampling: no two of its points are as close as random ones are."""

    def closest(share: float) -> float:
        cloud = make_cloud("torus", 200, np.random.default_rng(5), Nuisance(0, 0, 0, 0, 0, 0, 0, share))
        return float(np.sort(np.linalg.norm(cloud[:, None] - cloud, axis=2), axis=1)[:, 1].min())

    assert closest(1) > 4 * closest(0)


def test_torus_is_the_surface_around_its_ring() -> None:
    cloud = clean("torus")
    reach = np.hypot(cloud[:, 0], cloud[:, 1])
    ring = (reach.max() + reach.min()) / 2
    section = np.hypot(reach - ring, cloud[:, 2])
    assert section.std() / section.mean() < 0.06
    assert np.hypot(*(clean("square_torus")[:, :2].T)).min() > 0.3


def test_cylinder_is_rounder_than_a_hexagonal_prism() -> None:
    def spread(name: str) -> float:
        cloud = clean(name)
        side = cloud[np.abs(cloud[:, 2]) < 0.8 * cloud[:, 2].max()]
        radius = np.hypot(side[:, 0], side[:, 1])
        return float(radius.std() / radius.mean())

    assert spread("cylinder") < 0.03 < spread("hex_prism")


def test_chair_has_points_above_its_seat_on_one_side_only() -> None:
    cloud = clean("chair")
    high = cloud[cloud[:, 2] > 0.5]
    assert len(high) > 100
    assert high[:, 0].max() < cloud[:, 0].mean()


def test_sampling_is_uniform_by_area() -> None:
    from bgnn_studio.training.shapes.patches import box, sample

    points = sample(box((0, 0, 0), (1, 2, 3)), 20_000, np.random.default_rng(0))
    share = [np.isclose(np.abs(points[:, axis]), half).mean() for axis, half in enumerate((0.5, 1, 1.5))]
    np.testing.assert_allclose(share, np.array([6, 3, 2]) / 11, atol=0.015)


def test_bad_requests_are_refused() -> None:
    with pytest.raises(BgnnError, match="Expected a class among"):
        make_cloud("teapot", 10, np.random.default_rng(0))
    with pytest.raises(BgnnError, match="at least 2 points"):
        make_cloud("cone", 1, np.random.default_rng(0))
    with pytest.raises(BgnnError, match="Expected a split among"):
        make_dataset("all")
    with pytest.raises(BgnnError, match="1 to 1000 clouds of the split 'test'"):
        make_dataset("test", 32, 1001)


def test_shapes_are_made_without_torch() -> None:
    code = "import sys; import bgnn_studio.training.shapes; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
