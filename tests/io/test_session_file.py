"""Session files: any bytes are a session or a clear error, and a folder can be moved."""

import hashlib
import json
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bgnn_studio.core.perturbation import Perturbation
from bgnn_studio.core.preparation import Preparation
from bgnn_studio.core.resources import bundled_clouds, bundled_models
from bgnn_studio.core.saved_session import SavedFile, SavedSession
from bgnn_studio.errors import SessionFileError
from bgnn_studio.io.session_file import (
    MAX_BYTES,
    decode,
    encode,
    fingerprint,
    is_session_file,
    read_session,
    with_fingerprints,
    write_session,
)

FOLDER = Path("/somewhere")
FULL = SavedSession(
    clouds=(
        SavedFile(FOLDER / "a.h5#3", "00ff", Preparation(centre=False, up="-y", method="random", seed=7)),
        SavedFile(Path("/else where/ü.ply")),
    ),
    models=(SavedFile(FOLDER / "models/bf2.gguf"),),
    cloud=1,
    model=0,
    reference=0,
    count=256,
    perturbation=Perturbation(turn=-12.5, jitter=0.01, seed=3),
    pick=3,
    layer=2,
    colour="bit",
    bit=5,
    edges="picked",
    brush=(0.5, 7.0),
    compared=(0,),
    shown_k=5,
    camera=((1.0, 2.0, 3.0), (0.0, 0.5, 0.0), (0.0, 0.0, 1.0)),
    tab="Inspect",
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["path", "sha256", "turn", "seed"]), inner, max_size=3),
    max_leaves=8,
)


def decodes_or_says_why(data: bytes) -> None:
    try:
        saved = decode(data, FOLDER)
    except SessionFileError as error:
        assert "xpected" in str(error)  # noqa: PT017
        assert "got" in str(error)  # noqa: PT017
    else:
        assert decode(encode(saved, FOLDER), FOLDER) == saved


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    decodes_or_says_why(data)


@settings(max_examples=300)
@given(st.dictionaries(st.sampled_from([field.name for field in fields(SavedSession)]), JSON, max_size=4), JSON)
def test_any_json_in_any_field(values: dict[str, object], version: object) -> None:
    decodes_or_says_why(json.dumps(json.loads(encode(FULL, FOLDER)) | values).encode())
    decodes_or_says_why(json.dumps(json.loads(encode(FULL, FOLDER)) | {"version": version}).encode())


@settings(max_examples=300)
@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=3), st.booleans())
def test_any_damage(place: int, put: bytes, cut: bool) -> None:
    data = encode(FULL, FOLDER)
    place %= len(data)
    decodes_or_says_why(data[:place] + put + (b"" if cut else data[place + len(put) :]))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "in JSON"),
        (b"[" * 100_000, "in JSON"),
        (b"\xff\xfe", "in JSON"),
        (b"{}", "'format' is 'bgnn-session'; got other JSON"),
        (b'{"format": "bgnn-session"}', "expected 'version' to be a whole number from 1 (got null)"),
        (b'{"format": "bgnn-session", "version": true}', "got true"),
        (b'{"format": "bgnn-session", "version": 2}', "got version 2, of a newer bgnn-studio). Update bgnn-studio"),
        (b'{"format": "bgnn-session", "version": 1, "cloud": 0}', "expected 'cloud' to be below 0, the number of clouds (got 0)"),
        (b'{"format": "bgnn-session", "version": 1, "layer": 0}', "expected 'layer' to be a whole number from 1 (got 0)"),
        (b'{"format": "bgnn-session", "version": 1, "count": "many"}', "expected 'count' to be a whole number from 1"),
        (b'{"format": "bgnn-session", "version": 1, "shown_k": 0}', "expected 'shown_k' to be a whole number from 1"),
        (b'{"format": "bgnn-session", "version": 1, "perturbation": {"turn": NaN}}', "Expected 'turn' between -180 and 180"),
        (b'{"format": "bgnn-session", "version": 1, "perturbation": {"spin": 1}}', "values for any of turn, tilt"),
        (b'{"format": "bgnn-session", "version": 1, "perturbation": [1]}', "values for any of turn, tilt"),
        (b'{"format": "bgnn-session", "version": 1, "compared": 3}', "expected 'compared' to be a list of places (got 3)"),
        (b'{"format": "bgnn-session", "version": 1, "compared": [-1]}', "expected 'compared' to be a whole number from 0"),
        (b'{"format": "bgnn-session", "version": 1, "compared": [0]}', "expected 'compared' to be places below 0"),
        (b'{"format": "bgnn-session", "version": 1, "brush": [0, 1e999]}', "expected 'brush' to be 2 numbers"),
        (b'{"format": "bgnn-session", "version": 1, "brush": [0, 1' + b"0" * 400 + b"]}", "expected 'brush' to be 2 numbers"),
        (b'{"format": "bgnn-session", "version": 1, "colour": 3}', "a text"),
        (b'{"format": "bgnn-session", "version": 1, "clouds": [{"path": "a", "preparation": {"up": "w"}}]}', "an up axis among x, y, z"),
        (b'{"format": "bgnn-session", "version": 1, "clouds": [{"path": "a", "preparation": {"seed": -1}}]}', "preparation of a"),
        (b'{"format": "bgnn-session", "version": 1, "count": 0}', "expected 'count' to be a whole number from 1 (got 0)"),
        (
            b'{"format": "bgnn-session", "version": 1, "perturbation": {"drop": 7}}',
            "Expected 'drop' between 0 and 0.95 (got 7)",
        ),
        (b'{"format": "bgnn-session", "version": 1, "perturbation": {"turn": NaN}}', "Expected 'turn' between"),
        (b'{"format": "bgnn-session", "version": 1, "clouds": [{"path": "a\\u0000b"}]}', "'path' each"),
        (b" " * (MAX_BYTES + 1), "4 MiB"),
    ],
)
def test_what_is_refused_and_why(data: bytes, message: str) -> None:
    with pytest.raises(SessionFileError) as raised:
        decode(data, FOLDER)
    assert message in str(raised.value)


def test_what_a_newer_version_adds_to_this_one_is_left_out() -> None:
    document = json.loads(encode(FULL, FOLDER)) | {"colours of socks": ["red"]}
    assert decode(json.dumps(document).encode(), FOLDER) == FULL
    assert decode(b'{"format": "bgnn-session", "version": 1}', FOLDER) == SavedSession()


def test_files_beside_the_session_move_with_it(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    (old / "models").mkdir(parents=True)
    chair = next(iter(bundled_clouds()))
    saved = SavedSession(
        clouds=(SavedFile(old / "a.h5#12"), SavedFile(Path("/else where/b.ply")), SavedFile(chair)),
        models=(SavedFile(old / "models/m.gguf"), SavedFile(bundled_models()[0])),
    )
    write_session(old / "my.bgnn.json", saved)
    assert str(chair.parent) not in (old / "my.bgnn.json").read_text()
    assert read_session(old / "my.bgnn.json") == saved
    old.rename(new)
    moved = read_session(new / "my.bgnn.json")
    assert [file.path for file in moved.clouds] == [new / "a.h5#12", Path("/else where/b.ply"), chair]
    assert [file.path for file in moved.models] == [new / "models/m.gguf", bundled_models()[0]]


def test_errors_name_the_file_and_the_reason(tmp_path: Path) -> None:
    with pytest.raises(SessionFileError, match=r"absent\.bgnn\.json: could not be read \(No such file"):
        read_session(tmp_path / "absent.bgnn.json")
    with pytest.raises(SessionFileError, match=r"could not be read \(Is a directory"):
        read_session(tmp_path)
    with pytest.raises(SessionFileError, match=r"nowhere.x\.bgnn\.json: could not be written \(No such file"):
        write_session(tmp_path / "nowhere" / "x.bgnn.json", SavedSession())
    (tmp_path / "bad.bgnn.json").write_text("{")
    with pytest.raises(SessionFileError, match=r"bad\.bgnn\.json: expected a session in JSON"):
        read_session(tmp_path / "bad.bgnn.json")


def test_sessions_are_known_by_name_or_content(tmp_path: Path) -> None:
    write_session(tmp_path / "renamed.json", FULL)
    (tmp_path / "other.json").write_text('{"format": "gltf"}')
    assert is_session_file(tmp_path / "renamed.json")
    assert is_session_file(tmp_path / "absent.bgnn.json")
    assert not is_session_file(tmp_path / "other.json")
    assert not is_session_file(tmp_path / "absent.json")
    assert not is_session_file(tmp_path)


def test_fingerprints_follow_the_file(tmp_path: Path) -> None:
    path = tmp_path / "clouds.h5"
    path.write_bytes(b"one")
    saved = with_fingerprints(SavedSession(clouds=(SavedFile(tmp_path / "clouds.h5#7"),), models=(SavedFile(tmp_path / "absent.gguf"),)))
    assert saved.clouds[0].sha256 == hashlib.sha256(b"one").hexdigest()
    assert saved.models[0].sha256 == ""
    path.write_bytes(b"other")
    assert fingerprint(path) == hashlib.sha256(b"other").hexdigest()
