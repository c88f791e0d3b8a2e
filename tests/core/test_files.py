"""Files are replaced whole or not at all."""

import os
import random
import re
import stat
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QSettings

from bgnn_studio.core.files import read_plain, replacing, starts_with
from bgnn_studio.io.session_file import read_session
from bgnn_studio.native import Model
from tests.requirements import ROOT


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_new_content_is_there_when_the_block_ends(tmp_path: Path) -> None:
    target = tmp_path / "a b.csv"
    for content in (b"first", b"second"):
        with replacing(target) as file:
            file.write(content)
            assert not target.exists() or target.read_bytes() == b"first"
        assert target.read_bytes() == content
    assert names(tmp_path) == ["a b.csv"]


def test_an_error_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "old"
    target.write_bytes(b"old")
    with suppress(KeyError), replacing(target) as file:
        file.write(b"half")
        raise KeyError
    assert (target.read_bytes(), names(tmp_path)) == (b"old", ["old"])


@pytest.mark.parametrize("where", ["no such folder/file", "folder"])
def test_what_cannot_be_written_is_an_os_error(tmp_path: Path, where: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match=r"No such file|Is a directory"), replacing(tmp_path / where):
        pass
    assert names(tmp_path) == ["folder"]


def test_a_full_disk_leaves_what_was_there() -> None:
    """A device that is always full, written as it is: there is no temporary file beside it."""
    with pytest.raises(OSError, match="No space left"), replacing(Path("/dev/full")) as file:
        file.write(b"x" * 100_000)
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)


def test_links_are_followed_and_permissions_kept(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    target.chmod(0o640)
    link.symlink_to(target)
    with replacing(link) as file:
        file.write(b"new")
    assert link.is_symlink()
    assert (target.read_bytes(), stat.S_IMODE(target.stat().st_mode)) == (b"new", 0o640)
    mask = os.umask(0o027)
    try:
        with replacing(tmp_path / "fresh"):
            pass
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "fresh").stat().st_mode) == 0o640


def test_a_pipe_is_written_as_it_is(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    with replacing(tmp_path / "pipe") as file:
        file.write(b"through")
    assert os.read(reader, 100) == b"through"
    os.close(reader)


def test_a_kill_at_any_moment_leaves_a_whole_file(tmp_path: Path) -> None:
    target = tmp_path / "file"
    code = (
        "import sys; from pathlib import Path; from bgnn_studio.core.files import replacing\n"
        "n = 0\nwhile True:\n    n += 1\n"
        "    with replacing(Path(sys.argv[1])) as file:\n"
        "        [file.write(b'%08d' % n) for _ in range(2000)]\n    print(n, flush=True)"
    )
    for pause in (0.0, 0.003, 0.011):
        writer = subprocess.Popen([sys.executable, "-c", code, str(target)], stdout=subprocess.PIPE)
        assert writer.stdout.readline() == b"1\n"
        time.sleep(pause)
        writer.kill()
        writer.communicate()
        content = target.read_bytes()
        assert content == content[:8] * 2000


def test_what_is_no_plain_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_bytes(b"12345")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert read_plain(tmp_path / "link", 5) == b"12345"
    assert starts_with(tmp_path / "file", 3) == b"123"
    for name, reason in (("pipe", "a device, not a file"), ("/dev/zero", "a device"), ("loop", "symbolic"), ("a\0b", "not a file name")):
        with pytest.raises(OSError) as caught:  # noqa: PT011 (its reason is checked below)
            read_plain(tmp_path / name, 5)
        assert reason in caught.value.strerror
        assert starts_with(tmp_path / name, 4) == b""
    with pytest.raises(OSError, match="larger than 4 B"):
        read_plain(tmp_path / "file", 4)


WRITERS = """
import sys
from pathlib import Path
import numpy as np
from PIL import Image
from PySide6.QtCore import QSettings
from bgnn_studio.commands.convert import convert_model
from bgnn_studio.commands.inputs import write_file
from bgnn_studio.core.saved_session import SavedSession
from bgnn_studio.io.model_file import write_model
from bgnn_studio.io.session_file import write_session
from bgnn_studio.scene.orbit import write_movie
from tests.random_model import random_tensors, small_spec
folder, spec, n = Path(sys.argv[1]), small_spec("bf2"), int(sys.argv[2])
tensors, noise = random_tensors(spec), np.random.default_rng(0).integers(0, 255, (4, 96, 96, 3), np.uint8)
settings = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
while True:
    n += 1
    write_model(folder / "model.gguf", spec, tensors)
    convert_model(folder / "model.gguf", folder / "model.h")
    write_session(folder / "session.bgnn.json", SavedSession(tab="x" * 20_000, layer=n))
    write_file(folder / "picture.png", lambda file: Image.fromarray(noise[n % 4]).save(file, format="PNG"))
    write_file(folder / "table.csv", lambda file: [file.write(b"%08d," % n) for _ in range(4000)])
    write_movie(folder / "movie.gif", noise, 1.0)
    settings.setValue("many", [n] * 2000)
    settings.sync()
    print(n, flush=True)
"""


def test_a_kill_at_any_moment_leaves_whole_files_of_every_kind(tmp_path: Path) -> None:
    """The history has its own in `tests/history/test_file.py`; that all else goes the same way says `test_every_writer_replaces`."""
    rng, last = random.Random(3), 0
    for _ in range(5):
        writer = subprocess.Popen([sys.executable, "-c", WRITERS, str(tmp_path), str(last)], cwd=ROOT, stdout=subprocess.PIPE)
        told = [int(writer.stdout.readline())]
        time.sleep(rng.uniform(0, 0.08))
        writer.kill()
        last = [*told, *map(int, writer.communicate()[0].split())][-1]
        assert Model.open(tmp_path / "model.gguf").spec.variant == "bf2"
        assert (tmp_path / "model.h").read_text().endswith("#endif\n")
        assert read_session(tmp_path / "session.bgnn.json").layer >= last
        with Image.open(tmp_path / "picture.png") as picture, Image.open(tmp_path / "movie.gif") as movie:
            assert (np.asarray(picture).shape, movie.n_frames) == ((96, 96, 3), 4)
        numbers = (tmp_path / "table.csv").read_bytes().rstrip(b",").split(b",")
        assert (len(numbers), len(set(numbers)), int(numbers[0]) >= last) == (4000, 1, True)
        many = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat).value("many")
        assert (len(many), len(set(many)), int(many[0]) >= last) == (2000, 1, True)


# Appended logs, how far a run has come, exchange between processes in a temporary folder, and the tool that made the bundled clouds.
OTHER = {
    *("core/files.py", "ui/log.py", "ui/training_process.py", "training/results.py", "training/run_log.py"),
    *("scene/drawing_process.py", "training/shapes/__main__.py"),
}
WRITES = re.compile(
    r"\.write_(text|bytes)\(|open\([^)]*[\"'][wax]b?\+?[\"']|np\.savez?\w*\((?!file)"
    r"|torch\.save\((?!state, (file|buffer)\)|model\.)|\.save\(str\("
)


def test_every_writer_replaces() -> None:
    package = ROOT / "bgnn_studio"
    found = {str(path.relative_to(package)) for path in package.rglob("*.py") if WRITES.search(path.read_text())}
    assert found == OTHER
