"""Choices, saved and restored: the same again, or as much of it as can be shown."""

from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bgnn_studio.core.choices import Choices
from bgnn_studio.core.clouds import Cloud
from bgnn_studio.core.opened import OpenCloud
from bgnn_studio.core.perturbation import Perturbation
from bgnn_studio.core.preparation import RAW
from bgnn_studio.core.saved_session import SavedSession, restored_choices, saved_session
from bgnn_studio.core.session import Session
from bgnn_studio.errors import BgnnError
from bgnn_studio.io.session_file import decode, encode
from tests.core.test_session import Opened
from tests.random_model import random_cloud, small_spec

FOLDER = Path("/somewhere")
CLOUDS = [
    OpenCloud(Cloud(path.name, random_cloud(count), path), RAW)
    for count, path in ((40, FOLDER / "a.npy"), (50, FOLDER / "b.h5#12"), (32, Path("/elsewhere/ü c.ply")), (4, FOLDER / "small.xyz"))
]
MODELS = [
    Opened(path.stem, spec, path)
    for path, spec in (
        (FOLDER / "bf2.gguf", small_spec("bf2")),
        (FOLDER / "bf1.gguf", small_spec("bf1", widths=(16, 32))),
        (FOLDER / "x/dgcnn.gguf", small_spec("dgcnn", points=48)),
    )
]
ACTIONS = st.one_of(
    st.tuples(st.sampled_from(["add_cloud", "select_cloud", "remove_cloud"]), st.sampled_from(CLOUDS)),
    st.tuples(st.sampled_from(["add_model", "select_model", "remove_model", "set_reference"]), st.sampled_from(MODELS)),
    st.tuples(st.just("set_compared"), st.lists(st.sampled_from(MODELS[:2]), unique=True).map(tuple)),
    st.tuples(st.just("select_point"), st.integers(0, 60)),
    st.tuples(st.just("select_layer"), st.integers(1, 4)),
    st.tuples(st.just("set_colour"), st.sampled_from(["height", "distance", "bit", "in-degree", "drift", "critical"])),
    st.tuples(st.just("set_count"), st.sampled_from(["model", "all", 6, 36])),
    st.tuples(st.just("set_shown_k"), st.none() | st.integers(1, 9)),
    st.tuples(st.just("perturb"), st.builds(Perturbation, turn=st.floats(-180, 180), drop=st.floats(0, 0.5), seed=st.integers(0, 9))),
    st.tuples(st.just("set_bit"), st.integers(0, 63)),
    st.tuples(st.just("set_edges"), st.sampled_from(["none", "picked", "all"])),
    st.tuples(st.just("set_count"), st.sampled_from(["model", "all", 5, 20, 45])),
    st.tuples(st.just("set_shown_k"), st.none() | st.integers(1, 20)),
    st.tuples(st.just("perturb"), st.builds(Perturbation, turn=st.floats(-180, 180), drop=st.floats(0, 0.9), seed=st.integers(0, 9))),
    st.tuples(st.just("set_brush"), st.none() | st.tuples(st.floats(0, 64), st.floats(0, 64))),
)


def after(actions: list[tuple[str, object]]) -> Choices[Opened]:
    """Return the choices that a user comes to; what is not open is not selected."""
    session: Session[Opened] = Session()
    for cloud in CLOUDS[:2]:
        session.add_cloud(cloud)
    for model in MODELS[:2]:
        session.add_model(model)
    for name, value in actions:
        known = (
            set(value) <= set(session.models)
            if name == "set_compared"
            else name.startswith("add") or not isinstance(value, (OpenCloud, Opened)) or value in (*session.clouds, *session.models)
        )
        with suppress(BgnnError):
            if known:
                getattr(session, name)(value)
    return session.choices


@settings(max_examples=150, deadline=None)
@given(st.lists(ACTIONS, max_size=20))
def test_what_is_saved_is_what_is_restored(actions: list[tuple[str, object]]) -> None:
    choices = after(actions)
    saved = saved_session(choices, camera=((1.0, 2.0, 3.5), (0.0, 0.0, 0.0), (0.0, 0.0, 1.0)), tab="Inspect")
    again = decode(encode(saved, FOLDER), FOLDER)
    assert again == saved
    assert restored_choices(again, choices.clouds, choices.models) == choices


@settings(max_examples=150, deadline=None)
@given(st.lists(ACTIONS, max_size=12), st.data())
def test_whatever_is_missing_the_rest_can_be_shown(actions: list[tuple[str, object]], data: st.DataObject) -> None:
    choices = after(actions)
    clouds = [data.draw(st.sampled_from([cloud, None, CLOUDS[3]])) for cloud in choices.clouds]
    models = [data.draw(st.sampled_from([model, None, MODELS[2]])) for model in choices.models]
    restored = restored_choices(saved_session(choices), clouds, models)
    assert set(restored.clouds) == {cloud for cloud in clouds if cloud}
    assert restored == restored.settled()
    assert restored.why_not(restored.colour) is None
    assert 1 <= restored.layer <= restored.layers
    assert restored.pick is None or (restored.points is not None and restored.pick < len(restored.points))
    if restored.cloud and restored.model:
        assert len(restored.cloud.points) >= restored.model.spec.k


def test_a_missing_selection_gives_way_to_another() -> None:
    choices = after(
        [("select_cloud", CLOUDS[0]), ("select_model", MODELS[0]), ("select_layer", 3), ("select_point", 7), ("set_brush", (1, 2))]
    )
    saved = saved_session(choices)
    restored = restored_choices(saved, [None, CLOUDS[1]], [None, MODELS[1]])
    assert (restored.cloud, restored.model, restored.layer, restored.pick, restored.brush) == (CLOUDS[1], MODELS[1], 2, None, None)
    nothing = restored_choices(saved, [None, None], [None, None])
    assert nothing == Choices(bit=0)


def test_what_is_beyond_the_cloud_and_the_model_is_dropped() -> None:
    saved = replace(
        saved_session(after([("select_cloud", CLOUDS[0]), ("select_model", MODELS[0])])), pick=32, layer=99, bit=99, brush=(0, 1)
    )
    restored = restored_choices(saved, CLOUDS[:2], MODELS[:2])
    assert (restored.pick, restored.layer, restored.bit, restored.brush) == (None, 3, 31, None)


def test_what_is_in_no_file_is_not_saved() -> None:
    loose = OpenCloud(Cloud("loose", random_cloud(40)), RAW)
    session: Session[Opened] = Session()
    for cloud in (loose, CLOUDS[0]):
        session.add_cloud(cloud)
        session.select_cloud(cloud)
    saved = saved_session(session.choices)
    assert ([file.path for file in saved.clouds], saved.cloud) == ([FOLDER / "a.npy"], 0)
    session.select_cloud(loose)
    assert saved_session(session.choices).cloud is None
    assert saved_session(Choices()) == SavedSession()


def test_every_choice_is_saved() -> None:
    assert {field.name for field in fields(Choices)} <= {field.name for field in fields(SavedSession)}
