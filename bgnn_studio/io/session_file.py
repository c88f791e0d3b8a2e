"""Session files (``*.bgnn.json``): versioned JSON, written whole or not at all, and never trusted when read."""

import hashlib
import json
from dataclasses import asdict, fields, is_dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from bgnn_studio import __version__
from bgnn_studio.core.files import open_plain, replacing, starts_with
from bgnn_studio.core.resources import bundled_files
from bgnn_studio.core.saved_session import SavedFile, SavedSession
from bgnn_studio.errors import SessionFileError
from bgnn_studio.io.readers import split_index
from bgnn_studio.io.session_fields import CHECKS, whole_from, wrong

EXTENSION = ".bgnn.json"
FORMAT, VERSION = "bgnn-session", 1
MAX_BYTES = 4 << 20
_BUNDLED = "bundled:"  # for files that come with the application, wherever it is installed


def is_session_file(path: Path) -> bool:
    """Whether a file is a session, by its name or by its first bytes; False for one that cannot be read."""
    return path.name.endswith(EXTENSION) or f'"{FORMAT}"'.encode() in starts_with(path, 64)


def write_session(path: Path, saved: SavedSession) -> None:
    """Write a session; files below its folder are saved relative to it, so that the folder can be moved.

    Raises
    ------
    SessionFileError
        The file cannot be written.
    """
    try:
        with replacing(path) as file:
            file.write(encode(saved, path.absolute().parent))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SessionFileError(f"{path}: could not be written ({reason}). Choose another folder, or free some space.") from error


def read_session(path: Path) -> SavedSession:
    """Read a session file.

    Raises
    ------
    SessionFileError
        With the path: not there, not a session, damaged, or of a newer version.
    """
    try:
        with open_plain(path) as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SessionFileError(f"{path}: could not be read ({error.strerror}). Check the name and the permissions.") from error
    try:
        return decode(data, path.absolute().parent)
    except SessionFileError as error:
        raise SessionFileError(f"{path}: {error}") from error


def encode(saved: SavedSession, folder: Path) -> bytes:
    """Return the bytes of a session file in `folder`."""
    document: dict[str, Any] = {"format": FORMAT, "version": VERSION, "written_by": f"bgnn-studio {__version__}"}
    for field in fields(saved):
        value = getattr(saved, field.name)
        if field.name in ("clouds", "models"):
            value = [_entry(entry, folder, prepared=field.name == "clouds") for entry in value]
        document[field.name] = asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
    return json.dumps(document, indent=1, allow_nan=False).encode()


def decode(data: bytes, folder: Path) -> SavedSession:
    """Return the session of a file's bytes; raises `SessionFileError` for any that are none."""
    if len(data) > MAX_BYTES:
        raise SessionFileError(f"expected a session of up to {MAX_BYTES >> 20} MiB (got more). Choose a {EXTENSION} file.")
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:  # not JSON, not UTF-8, or nested beyond all reason
        what = " ".join(str(error).split())
        raise SessionFileError(f"expected a session in JSON (got something else: {what}). Choose a {EXTENSION} file.") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise SessionFileError(f"expected a session ('format' is '{FORMAT}'; got other JSON). Choose a {EXTENSION} file.")
    version = whole_from(1)(document.get("version"), "version")
    if version > VERSION:
        raise SessionFileError(
            f"expected a session of version {VERSION} (got version {version}, of a newer bgnn-studio). "
            "Update bgnn-studio, or save the session with this one."
        )
    values = {field.name: CHECKS[field.name](document[field.name], field.name) for field in fields(SavedSession) if field.name in document}
    saved = SavedSession(**values)
    for name, entries in (("cloud", saved.clouds), ("model", saved.models), ("reference", saved.models)):
        place = getattr(saved, name)
        if place is not None and place >= len(entries):
            raise wrong(name, f"below {len(entries)}, the number of {'clouds' if name == 'cloud' else 'models'}", place)
    if any(place >= len(saved.models) for place in saved.compared or ()):
        raise wrong("compared", f"places below {len(saved.models)}, the number of models", saved.compared)
    return replace(saved, clouds=_found(saved.clouds, folder), models=_found(saved.models, folder))


def with_fingerprints(saved: SavedSession) -> SavedSession:
    """Return the session with the hash of every file; reads each one that changed since it was asked for last."""
    clouds, models = (tuple(replace(entry, sha256=fingerprint(entry.path)) for entry in part) for part in (saved.clouds, saved.models))
    return replace(saved, clouds=clouds, models=models)


def fingerprint(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits, or an empty string where it cannot be read."""
    try:
        file = split_index(path)[0]
        status = file.stat()
        return _hash(file, status.st_size, status.st_mtime_ns)
    except (OSError, ValueError):
        return ""


@lru_cache(maxsize=256)
def _hash(path: Path, _size: int, _modified_ns: int) -> str:
    with open_plain(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _entry(entry: SavedFile, folder: Path, *, prepared: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"path": _path_text(entry.path, folder), "sha256": entry.sha256}
    return found | {"preparation": asdict(entry.preparation)} if prepared else found


def _path_text(path: Path, folder: Path) -> str:
    for name, bundled in bundled_files().items():
        if path == bundled:
            return _BUNDLED + name
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)


def _found(entries: tuple[SavedFile, ...], folder: Path) -> tuple[SavedFile, ...]:
    return tuple(replace(entry, path=_found_path(str(entry.path), folder)) for entry in entries)


def _found_path(text: str, folder: Path) -> Path:
    name = text.removeprefix(_BUNDLED)
    return bundled_files().get(name, Path(name)) if name != text else folder / text
