"""An ordinary user with a password on real servers: OpenSSH with and without PAM, dropbear; wrong ones, and the right one asked for."""

import asyncio
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bgnn_studio.boards.board import Board, Run
from bgnn_studio.boards.target import Target
from bgnn_studio.boards.task import Task
from bgnn_studio.errors import RemoteError
from tests.boards.conftest import Tasks
from tests.boards.servers import (
    EMULATED,
    ORDINARY,
    ORDINARY_ID,
    PASSWORD,
    Answers,
    Events,
    Server,
    dropbear,
    host_keys,
    openssh,
    with_ordinary_user,
)
from tests.requirements import needs

METHODS = {
    "password": ("PasswordAuthentication yes",),
    "keyboard-interactive": ("UsePAM yes", "KbdInteractiveAuthentication yes"),
}
# As Debian's, but for the 2 s after a wrong password.
PAM = "auth required pam_unix.so nodelay\naccount required pam_unix.so\nsession required pam_permit.so\n"


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a folder that other users may look into, unlike those of the tests."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest.fixture(params=[*METHODS, "dropbear"])
def board(request: pytest.FixtureRequest, folder: Path) -> Iterator[Server]:
    needs("mount namespaces", "openssl", "dropbear" if request.param == "dropbear" else "sshd")
    if request.param == "dropbear":
        mounts = with_ordinary_user(folder)
        with dropbear(folder, *mounts, user=ORDINARY) as server:
            yield server
    else:
        (folder / "pam").write_text(PAM)
        mounts = (*with_ordinary_user(folder), f"mount --bind {folder}/pam /etc/pam.d/sshd")
        with openssh(folder, *mounts, options=METHODS[request.param], user=ORDINARY) as server:
            yield server


async def profile(target: Target, folder: Path, task: Task, answers: Answers) -> Run:
    async with Board(target, host_keys(folder), answers, Events()) as board:
        (run,) = await board.run([task])
    return run


def test_an_ordinary_user_with_a_password(board: Server, task: Tasks, tmp_path: Path):
    needs("qemu-aarch64")
    ann = replace(board.target(), key=None)
    prompt = f"Password of {ORDINARY}@127.0.0.1:{board.port}"
    wrong = Answers(secrets=("wrong",) * 4)
    with pytest.raises(RemoteError, match=rf"{ORDINARY}@127\.0\.0\.1:\d+ refused the login .* Check user, key and password"):
        asyncio.run(profile(ann, tmp_path, task(), wrong))
    assert wrong.prompts == [prompt] * 3
    with pytest.raises(RemoteError, match="refused the login"):
        asyncio.run(profile(replace(ann, password="wrong"), tmp_path, task(), Answers()))
    right = Answers(secrets=("wrong", PASSWORD))
    run = asyncio.run(profile(ann, tmp_path, task(prefix=EMULATED), right))
    assert right.prompts == [prompt] * 2
    assert (run.is_equal, run.badge, run.place.folder) == (True, "emulated", f"{board.home}/.cache/bgnn-studio")
    assert Path(run.place.runner).stat().st_uid == ORDINARY_ID
    asyncio.run(profile(replace(ann, password=PASSWORD), tmp_path, task(), Answers()))
    assert ORDINARY not in Path("/etc/passwd").read_text()
