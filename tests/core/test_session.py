"""The session: what each change does to the rest of the selection, and what listeners hear."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from bgnn_studio.core.attributes import attribute
from bgnn_studio.core.bit_facts import bit_facts
from bgnn_studio.core.clouds import Cloud, resample
from bgnn_studio.core.inference import Inference
from bgnn_studio.core.opened import OpenCloud
from bgnn_studio.core.perturbation import Perturbation
from bgnn_studio.core.perturbed import PerturbedPass
from bgnn_studio.core.preparation import RAW, Preparation
from bgnn_studio.core.session import Session
from bgnn_studio.core.spec import NetworkSpec
from bgnn_studio.errors import BgnnError
from bgnn_studio.native.kernels import knn_hamming
from tests.random_model import random_cloud, small_spec

RESULT = Inference(np.zeros(3, np.float32), (), "scalar", 1, 0)


@dataclass(frozen=True, eq=False)
class Opened:
    """As much of a model as the session looks at."""

    name: str
    spec: NetworkSpec
    path: Path | None = None


def cloud(count: int = 40, name: str = "ball", path: Path | None = None) -> OpenCloud:
    points = random_cloud(count)
    return OpenCloud(Cloud(name, points, path), RAW)


def labelled(count: int) -> OpenCloud:
    """Return a cloud whose labels are the rows of its points modulo 4, with normals."""
    points = random_cloud(count)
    found = (attribute("label", "labels", np.arange(count) % 4), attribute("normals", "normals", points[::-1]))
    return OpenCloud(Cloud("labelled", points, attributes=found), RAW)


def perturbed(session: Session[Opened]) -> PerturbedPass:
    points, index = session.perturbation.apply(session.choices.points)
    return PerturbedPass(points, index, RESULT, RESULT, ())


@pytest.fixture
def session() -> Session[Opened]:
    """Return a session with a cloud and a binary model (widths 16, 32, 64; k = 5) selected."""
    session: Session[Opened] = Session()
    session.add_cloud(ball := cloud())
    session.add_model(model := Opened("binary", small_spec("bf2")))
    session.select_cloud(ball)
    session.select_model(model)
    session.set_inference(RESULT, 1)
    return session


def test_listeners_hear_each_change_once_with_all_its_fields(session: Session[Opened]) -> None:
    heard: list[frozenset[str]] = []
    session.subscribe(heard.append)
    session.select_point(3)
    session.select_point(3)
    session.set_brush((1.0, 2.0))
    session.select_layer(2)
    session.set_bit(5)
    session.set_colour("bit")
    session.select_layer(1)
    assert heard == [{"pick"}, {"brush"}, {"layer", "brush"}, {"bit"}, {"colour"}, {"layer", "bit", "colour"}]


def test_another_cloud_drops_pick_brush_and_inference(session: Session[Opened]) -> None:
    session.select_point(3)
    session.set_colour("distance")
    session.set_brush((0.0, 1.0))
    session.add_cloud(other := cloud(50, "other"))
    session.select_cloud(other)
    assert (session.pick, session.brush, session.inference, session.colour) == (None, None, None, "height")


def test_another_model_keeps_the_pick_and_what_it_can_show(session: Session[Opened]) -> None:
    session.select_point(3)
    session.select_layer(3)
    session.set_bit(31)
    session.set_colour("bit")
    session.add_model(shallow := Opened("shallow", small_spec("bf1", widths=(16, 32))))
    session.select_model(shallow)
    assert (session.pick, session.layer, session.bit, session.colour, session.inference) == (3, 2, 15, "bit", None)
    session.add_model(real := Opened("real", small_spec("dgcnn")))
    session.select_model(real)
    assert session.colour == "height"
    assert "no bit planes" in (session.why_not("bit") or "")


def test_points_are_as_many_as_the_model_was_trained_with(session: Session[Opened]) -> None:
    assert session.points is not None
    assert session.cloud is not None
    np.testing.assert_array_equal(session.points, resample(session.cloud.points, 32))
    session.select_point(31)
    session.set_colour("distance")
    session.add_model(same := Opened("same", small_spec("bf1")))
    session.select_model(same)
    assert (session.pick, session.colour) == (31, "distance")
    session.add_model(fine := Opened("fine", small_spec("bf2", points=1024)))
    session.select_model(fine)
    assert session.points is session.cloud.points
    assert (session.pick, session.colour) == (None, "height")


def test_a_cloud_smaller_than_k_is_refused_and_nothing_changes(session: Session[Opened]) -> None:
    before = vars(session).copy()
    with pytest.raises(BgnnError, match="4 points, but binary joins each to its 5 nearest"):
        session.select_cloud(cloud(4, "small"))
    with pytest.raises(BgnnError, match="41 nearest"):
        session.select_model(Opened("wide", small_spec("bf2", k=41)))
    assert vars(session) == before


def test_one_file_is_open_once(session: Session[Opened], tmp_path: Path) -> None:
    for count in (40, 50):
        session.add_cloud(cloud(count, "again", tmp_path / "again.npy"))
        session.add_model(Opened("again", small_spec("bf2"), tmp_path / "again.gguf"))
    assert [len(c.points) for c in session.clouds] == [40, 50]
    assert len(session.models) == 2


def test_removing_the_selected_entry_selects_another_that_fits(session: Session[Opened]) -> None:
    session.add_cloud(cloud(4, "small"))
    session.add_cloud(other := cloud(60, "other"))
    session.remove_cloud(session.clouds[0])
    assert session.cloud is other
    assert session.inference is None
    session.set_inference(RESULT, 1)
    session.select_layer(3)
    session.remove_model(session.models[0])
    assert (session.model, session.layer, session.layers, session.inference) == (None, 1, 1, None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.select_point(32), "between 0 and 31"),
        (lambda s: s.select_layer(4), "between 1 and 3"),
        (lambda s: s.select_layer(0), "between 1 and 3"),
        (lambda s: s.set_bit(16), "between 0 and 15"),
        (lambda s: s.set_colour("taste"), "height, distance"),
        (lambda s: s.set_colour("distance"), "No point is picked"),
        (lambda s: s.set_edges("some"), "none, picked, all"),
    ],
)
def test_what_does_not_exist_is_refused(session: Session[Opened], change: object, message: str) -> None:
    session.select_layer(2)
    with pytest.raises(BgnnError, match=message):
        change(session)


def test_bits_are_those_of_the_layers_input(session: Session[Opened]) -> None:
    assert [session.select_layer(n) or session.bits for n in (2, 3, 1)] == [16, 32, 0]
    assert "xyz" in (session.why_not("bit") or "")


def test_a_reference_stays_while_it_can_be_compared_with(session: Session[Opened]) -> None:
    assert "No reference" in (session.why_not("drift") or "")
    session.add_model(other := Opened("other", small_spec("dgcnn", points=64, widths=(16, 32))))
    session.set_reference(other)
    session.set_reference_inference(RESULT)
    session.select_layer(2)
    session.set_colour("drift")
    session.select_layer(3)
    assert session.colour == "height"
    assert "no layer 3" in (session.why_no_reference or "")
    session.select_layer(2)
    session.set_colour("drift")
    session.select_model(other)
    assert (session.reference, session.reference_inference, session.colour) == (other, None, "height")
    assert "the reference itself" in (session.why_no_reference or "")
    session.select_model(session.models[0])
    session.set_colour("drift")
    session.remove_model(other)
    assert (session.reference, session.colour) == (None, "height")


def test_the_references_inference_is_of_the_points_shown(session: Session[Opened]) -> None:
    session.add_model(same := Opened("same", small_spec("bf1")))
    session.add_model(coarse := Opened("coarse", small_spec("bf1", points=16)))
    session.add_model(reference := Opened("reference", small_spec("dgcnn")))
    session.set_reference(reference)
    session.set_reference_inference(RESULT)
    session.select_model(same)
    assert session.reference_inference is RESULT
    session.select_model(coarse)
    assert session.reference_inference is None
    session.set_reference_inference(RESULT)
    session.add_cloud(other := cloud(50, "other"))
    session.set_colour("drift")
    session.select_cloud(other)
    assert (session.reference_inference, session.colour) == (None, "drift")


def test_a_reference_read_again_is_the_newer_one(session: Session[Opened], tmp_path: Path) -> None:
    older, newer = (Opened("again", small_spec("bf2"), tmp_path / "again.gguf") for _ in range(2))
    session.add_model(older)
    session.set_reference(older)
    session.add_model(newer)
    assert session.reference is newer


def test_facts_are_of_the_layer_shown(session: Session[Opened]) -> None:
    facts = bit_facts(np.arange(32, dtype=np.uint64)[:, None], 16, np.zeros((32, 5)), knn_hamming)
    session.add_cloud(other := cloud(50, "other"))
    session.add_model(second := Opened("second", small_spec("bf1")))
    changes = [
        lambda: session.select_layer(2),
        lambda: session.select_model(second),
        lambda: session.select_cloud(other),
        lambda: session.set_inference(Inference(np.ones(3, np.float32), (), "scalar", 1, 0), 1),
    ]
    for change in changes:
        session.set_facts(facts)
        assert session.facts is facts
        change()
        assert session.facts is None


def test_undo_brings_back_what_a_change_took_with_it(session: Session[Opened]) -> None:
    session.forget_steps()
    session.select_layer(2)
    session.select_point(3)
    session.set_colour("distance")
    session.set_brush((1.0, 2.0))
    session.add_cloud(other := cloud(50, "other"))
    before = session.choices
    session.select_cloud(other)
    session.set_inference(RESULT, 1)
    heard: list[frozenset[str]] = []
    session.subscribe(heard.append)
    session.undo()
    assert heard == [{"cloud", "points", "index", "pick", "colour", "brush", "inference"}]
    assert session.choices == before
    assert session.cloud is not None
    assert session.points is session.cloud.for_model(session.model, "model").points
    assert session.inference is None
    labels = []
    while session.history.undo_label:
        labels.append(session.history.undo_label)
        session.undo()
    assert labels == ["open other", "filter edges", "colour by distance", "pick point 3", "show layer 2"]
    for _ in labels:
        session.redo()
    assert session.choices == before


def test_closing_is_undone_with_the_same_object(session: Session[Opened]) -> None:
    session.select_point(9)
    session.set_reference(model := session.models[0])
    before = session.choices
    session.remove_model(model)
    session.remove_cloud(session.clouds[0])
    assert (session.clouds, session.models, session.points) == ((), (), None)
    session.undo()
    session.undo()
    assert session.choices == before
    assert session.model is model


def test_a_slider_is_one_step_and_nothing_is_none(session: Session[Opened]) -> None:
    session.select_layer(2)
    for bit in range(1, 9):
        session.set_bit(bit)
    session.set_bit(8)
    session.undo()
    assert (session.layer, session.bit, session.history.redo_label) == (2, 0, "show bit 8")


def test_choices_made_together_are_one_step(session: Session[Opened]) -> None:
    session.select_layer(2)
    with session.step("show bit 5"):
        session.set_bit(5)
        session.set_colour("bit")
    session.undo()
    assert (session.bit, session.colour, session.layer) == (0, "height", 2)
    session.redo()
    assert (session.bit, session.colour, session.history.undo_label) == (5, "bit", "show bit 5")


def test_undo_and_redo_at_the_ends_change_nothing() -> None:
    session: Session[Opened] = Session()
    session.subscribe(lambda _: pytest.fail("nothing changed"))
    session.undo()
    session.redo()


def test_models_side_by_side_are_the_first_four_or_those_chosen_the_reference_first() -> None:
    session: Session[Opened] = Session()
    assert session.choices.side_by_side == ()
    models = [Opened(f"m{i}", small_spec("dgcnn" if i == 2 else "bf2"), Path(f"/m{i}.gguf")) for i in range(5)]
    for model in models:
        session.add_model(model)
    assert session.choices.side_by_side == (models[2], models[0], models[1], models[3])
    session.set_reference(models[4])
    assert session.choices.side_by_side == (models[4], models[0], models[1], models[2])
    session.set_reference(None)
    session.set_compared((models[4], models[1], models[0]))
    assert session.choices.side_by_side == (models[0], models[1], models[4])
    session.set_reference(models[1])
    assert session.choices.side_by_side == (models[1], models[0], models[4])
    session.set_reference(models[3])
    assert session.choices.side_by_side == (models[0], models[1], models[4])
    again = Opened("m1", models[1].spec, models[1].path)
    session.add_model(again)
    assert session.choices.side_by_side == (models[0], models[4], again)  # in the order of opening
    session.remove_model(models[4])
    assert session.compared == (models[0], again)
    with pytest.raises(BgnnError, match="got 5"):
        session.set_compared((*models[:1], *models[2:4], again, Opened("x", models[0].spec)))
    session.undo()
    assert session.compared == (models[0], models[4], again)


def test_attributes_colour_and_are_forgotten_with_their_cloud(session: Session[Opened]) -> None:
    session.add_cloud(other := labelled(50))
    with pytest.raises(BgnnError, match="says nothing of 'label'"):
        session.set_colour("label")
    session.select_cloud(other)
    session.set_colour("label")
    np.testing.assert_array_equal(session.attribute.values, session.choices.sample.rows % 4)
    session.perturb(Perturbation(drop=0.5, turn=90.0))
    session.set_perturbed(perturbed(session))
    assert len(session.attribute.values) == len(session.points) == 16
    np.testing.assert_array_equal(session.attribute.values, session.choices.sample.rows[session.index] % 4)
    session.set_colour("normals")
    before = other.attribute("normals", session.choices.sample.rows[session.index]).values
    np.testing.assert_allclose(session.attribute.values, np.stack([-before[:, 1], before[:, 0], before[:, 2]], axis=1), atol=1e-6)
    session.select_cloud(session.clouds[0])
    assert session.colour == "height"
    session.undo()
    assert session.colour == "normals"


def test_a_cloud_prepared_in_another_way_takes_its_place_in_one_step(session: Session[Opened]) -> None:
    first = session.cloud
    session.select_point(3)
    session.prepare(first, turned := OpenCloud(first.cloud, Preparation(up="y")), "let y point up")
    assert session.cloud is turned
    assert session.clouds == (turned,)
    assert session.inference is None
    session.undo()
    assert session.cloud is first
    assert session.pick == 3
    session.prepare(first, OpenCloud(first.cloud, Preparation(method="random")), "choose at random")
    assert session.pick is None
    session.remove_cloud(session.cloud)
    with pytest.raises(BgnnError, match="not open any more"):
        session.prepare(first, turned, "let y point up")
