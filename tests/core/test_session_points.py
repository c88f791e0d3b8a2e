"""The points of the session: how many, how perturbed, and how a picked point is followed through that."""

import numpy as np
import pytest

from bgnn_studio.core.inference import Inference
from bgnn_studio.core.perturbation import IDENTITY, Perturbation
from bgnn_studio.core.perturbed import PerturbedPass
from bgnn_studio.core.session import Session
from bgnn_studio.errors import BgnnError
from tests.core.test_session import Opened, cloud
from tests.random_model import small_spec

RESULT = Inference(np.zeros(3, np.float32), (), "scalar", 1, 0)


@pytest.fixture
def session() -> Session[Opened]:
    """Return a session with a cloud of 40 points and a model trained with 32, k = 5."""
    session: Session[Opened] = Session()
    session.add_cloud(ball := cloud())
    session.add_model(model := Opened("binary", small_spec("bf2")))
    session.select_cloud(ball)
    session.select_model(model)
    session.set_inference(RESULT, 3)
    session.forget_steps()
    return session


def passed(session: Session[Opened]) -> PerturbedPass:
    points, index = session.perturbation.apply(session.choices.points)
    return PerturbedPass(points, index, Inference(np.ones(3, np.float32), (), "scalar", 1, 0), RESULT, (1.0, 0.5, 0.25))


def test_points_and_inference_change_together(session: Session[Opened]) -> None:
    before = session.points
    session.perturb(Perturbation(turn=30.0))
    assert (session.points, session.inference, session.live) == (before, RESULT, False)
    heard: list[frozenset[str]] = []
    session.subscribe(heard.append)
    session.set_perturbed(found := passed(session))
    assert heard == [{"points", "index", "inference", "passes", "live", "perturbed"}]
    assert (session.points, session.inference, session.passes) == (found.points, found.inference, 0)
    session.set_inference(RESULT, 3)
    assert (session.live, session.perturbed) == (False, found)


def test_a_picked_point_is_followed_and_comes_back(session: Session[Opened]) -> None:
    session.select_point(20)
    at = session.points[20].copy()
    session.perturb(Perturbation(drop=0.5))
    session.set_perturbed(found := passed(session))
    left = found.index.tolist()
    assert session.pick == (left.index(20) if 20 in left else None)
    session.select_point(3)
    np.testing.assert_array_equal(session.points[3], session.choices.points[found.index[3]])
    assert session.choices.pick == found.index[3]
    with pytest.raises(BgnnError, match="got 16"):
        session.select_point(16)
    gone = next(i for i in range(32) if i not in left)
    session.perturb(IDENTITY)
    session.set_perturbed(passed(session))
    session.select_point(gone)
    session.perturb(Perturbation(drop=0.5))
    session.set_perturbed(passed(session))
    assert (session.pick, session.choices.pick) == (None, gone)
    session.perturb(IDENTITY)
    session.set_perturbed(passed(session))
    assert session.pick == gone
    np.testing.assert_array_equal(session.points[20], at)


def test_another_cloud_is_perturbed_at_once(session: Session[Opened]) -> None:
    session.perturb(Perturbation(scale=2.0))
    session.set_perturbed(passed(session))
    session.add_cloud(other := cloud(50, "other"))
    session.select_cloud(other)
    np.testing.assert_allclose(session.points, 2 * other.for_model(session.model, "model").points)
    assert (session.inference, session.perturbed, session.live) == (None, None, False)


def test_without_a_model_nothing_has_to_be_waited_for(session: Session[Opened]) -> None:
    session.remove_model(session.models[0])
    session.perturb(Perturbation(scale=2.0))
    np.testing.assert_allclose(session.points, 2 * session.cloud.points)


def test_moves_of_one_slider_are_one_step(session: Session[Opened]) -> None:
    for turn in range(1, 30):
        session.perturb(Perturbation(turn=float(turn)), "turn the cloud", "turn")
    session.perturb(Perturbation(turn=29.0, drop=0.2), "drop points", "drop")
    session.undo()
    assert session.perturbation == Perturbation(turn=29.0)
    session.undo()
    assert (session.perturbation, session.history.undo_label, session.history.redo_label) == (IDENTITY, None, "turn the cloud")


def test_another_number_of_points(session: Session[Opened]) -> None:
    session.select_point(7)
    session.set_count(16)
    assert (len(session.points), session.pick, session.inference) == (16, None, None)
    session.set_count("all")
    assert session.points is session.cloud.points
    session.undo()
    session.undo()
    assert (len(session.points), session.pick, session.count) == (32, 7, "model")
    for bad, message in ((4, "5 nearest: 4 points are too few"), (0, "from 1, 'model' or 'all' .got 0"), ("many", "got 'many'")):
        with pytest.raises(BgnnError, match=message):
            session.set_count(bad)


def test_a_model_with_more_neighbours_than_points_gets_its_own_number(session: Session[Opened]) -> None:
    session.set_count(6)
    session.add_model(wide := Opened("wide", small_spec("bf2", k=9)))
    session.select_model(wide)
    assert (session.count, len(session.points)) == ("model", 32)


def test_neighbours_shown(session: Session[Opened]) -> None:
    session.set_shown_k(3)
    assert session.shown_k == 3
    with pytest.raises(BgnnError, match="at least 1 neighbour"):
        session.set_shown_k(0)
    session.undo()
    assert session.shown_k is None
