"""Digests of files."""

import hashlib
from pathlib import Path

from bgnn_studio.core.files import open_plain
from bgnn_studio.errors import BgnnError


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file in hexadecimal; raises `BgnnError` when it cannot be read."""
    try:
        with open_plain(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BgnnError(f"{path}: could not be read ({error.strerror}). Open the file again.") from error
