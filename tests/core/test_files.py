"""Files are replaced whole or not at all."""

import os
import stat
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from bgnn_studio.core.files import replacing


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
