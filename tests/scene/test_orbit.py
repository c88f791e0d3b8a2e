import numpy as np
import pytest
from PIL import Image

from bgnn_studio.errors import BgnnError
from bgnn_studio.scene.orbit import turned, write_movie

CAMERA = ((2.0, 1.0, 3.0), (0.5, 0.0, 1.0), (0.0, 0.6, 0.8))


@pytest.mark.parametrize("up", ["x", "y", "z"])
def test_a_turn_keeps_height_and_distance(up):
    axis = "xyz".index(up)
    for degrees in (1.0, 90.0, 200.0):
        position, focal, view_up = (np.array(part) for part in turned(CAMERA, degrees, up))
        assert focal.tolist() == list(CAMERA[1])
        assert position[axis] == pytest.approx(CAMERA[0][axis])
        start = np.subtract(CAMERA[0], CAMERA[1])
        assert np.linalg.norm(position - focal) == pytest.approx(np.linalg.norm(start))
        flat, before = np.delete(position - focal, axis), np.delete(start, axis)
        assert flat @ before / (before @ before) == pytest.approx(np.cos(np.radians(degrees)))
        assert np.linalg.norm(view_up) == pytest.approx(1)
        assert view_up @ (position - focal) == pytest.approx(np.dot(CAMERA[2], start))
    np.testing.assert_allclose(np.ravel(turned(CAMERA, 360.0, up)), np.ravel(CAMERA), atol=1e-12)


def test_a_quarter_turn_about_z_is_counter_clockwise():
    position, _, _ = turned(((1.0, 0.0, 0.0), (0.0, 0.0, 0.0), (0.0, 0.0, 1.0)), 90.0, "z")
    np.testing.assert_allclose(position, (0, 1, 0), atol=1e-12)


@pytest.mark.parametrize("ending", ["webp", "gif", "GIF"])
def test_a_movie_reads_back(ending, tmp_path):
    frames = [np.full((20, 30, 3), value, np.uint8) for value in (0, 100, 250)]
    write_movie(tmp_path / f"turn.{ending}", frames, 1.5)
    with Image.open(tmp_path / f"turn.{ending}") as movie:
        assert (movie.n_frames, movie.size) == (3, (30, 20))
        for i, frame in enumerate(frames):
            movie.seek(i)
            np.testing.assert_allclose(np.asarray(movie.convert("RGB")), frame, atol=3)
            assert movie.info["duration"] == 500


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(BgnnError, match=r"turn\.mp4: expected a movie ending in \.webp or \.gif \(got \.mp4\)"):
        write_movie(tmp_path / "turn.mp4", [np.zeros((2, 2, 3), np.uint8)], 1.0)
