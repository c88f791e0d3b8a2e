"""What a worker does to open files: clouds, models and sessions, told apart by content."""

from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TypeVar

from bgnn_studio.core.opened import OpenCloud, PointCount
from bgnn_studio.core.preparation import DEFAULT, Preparation
from bgnn_studio.core.saved_session import SavedFile, SavedSession
from bgnn_studio.errors import BgnnError
from bgnn_studio.io.readers import is_model_file, read_cloud
from bgnn_studio.io.session_file import fingerprint, is_session_file, read_session
from bgnn_studio.native import Model
from bgnn_studio.ui.converting import Checkpoint, is_checkpoint


@dataclass(frozen=True)
class OpenedSession:
    """A session file and what it names.

    Attributes
    ----------
    clouds, models : list
        One entry for each in the file, None where it could not be opened.
    gaps : list of str
        Which files are missing, unreadable or changed, and why.
    """

    path: Path
    saved: SavedSession
    clouds: list[OpenCloud | None]
    models: list[Model | None]
    gaps: list[str]


T = TypeVar("T", OpenCloud, Model)
Entry = OpenCloud | Model | OpenedSession | Checkpoint | Exception
Opened = list[tuple[Path, Entry]]
Tell = Callable[[int, int], None]


def open_all(
    paths: Sequence[Path],
    clouds: Sequence[OpenCloud],
    models: Sequence[Model],
    count: PointCount,
    *,
    cancelled: Event,
    tell: Tell,
) -> Opened:
    """Open files, each on its own: a bad one is its exception; every cloud is resampled for every model, so that selecting is instant.

    Parameters
    ----------
    paths : sequence of Path
    clouds, models : sequence
        What is open already.
    count : int or str
        Points that the session runs models on.
    cancelled : Event
        Ends the work early.
    tell : callable
        Told how much of the file that is being read is done; see `io.readers.read_cloud`.
    """
    opened: Opened = []
    for path in paths:
        if cancelled.is_set():
            break
        try:
            opened.append((path, _open_any(path, cancelled, tell)))
        except CancelledError:
            break
        except Exception as error:  # noqa: BLE001 (one bad file must not lose the others)
            opened.append((path, error))
    resample((*clouds, *models, *(entry for _, entry in opened)), count, cancelled)
    return opened


def open_session(path: Path, cancelled: Event, tell: Tell) -> OpenedSession:
    """Open a session file and the files that it names; raises `SessionFileError` when it is none."""
    saved = read_session(path)
    gaps: list[str] = []
    clouds = [_open_saved(file, OpenCloud, gaps, tell) for file in saved.clouds]
    models = [_open_saved(file, Model, gaps, tell) for file in saved.models]
    resample((*clouds, *models), saved.count, cancelled)
    return OpenedSession(path, saved, clouds, models, gaps)


def _open_any(path: Path, cancelled: Event, tell: Tell) -> Entry:
    if is_session_file(path):
        return open_session(path, cancelled, tell)
    return Checkpoint(path) if is_checkpoint(path) else _open(path, tell)


def _open_saved(file: SavedFile, kind: type[T], gaps: list[str], tell: Tell) -> T | None:
    try:
        opened = _open(file.path, tell, file.preparation)
    except BgnnError as error:
        gaps.append(str(error))
        return None
    if not isinstance(opened, kind):
        gaps.append(f"{file.path}: expected a {'model' if kind is Model else 'cloud'} (got another file since).")
        return None
    if file.sha256 and fingerprint(file.path) != file.sha256:
        gaps.append(f"{file.path.name} has changed since the session was saved.")
    return opened


def _open(path: Path, tell: Tell, preparation: Preparation = DEFAULT) -> OpenCloud | Model:
    if is_model_file(path):
        return Model.open(path)
    cloud = read_cloud(path, tell)
    tell(1, 1)
    return OpenCloud(cloud, preparation)


def resample(entries: Sequence[object], count: PointCount, cancelled: Event) -> None:
    """Choose the points of every cloud among these for every model among them."""
    for cloud in (entry for entry in entries if isinstance(entry, OpenCloud)):
        for model in (entry for entry in entries if isinstance(entry, Model)):
            if not cancelled.is_set():
                cloud.for_model(model, "model")
                cloud.for_model(model, count)
