"""Connections to a server in this process: whose key is trusted, which secrets are asked for, and that nothing of them stays anywhere."""

import asyncio
import logging
import os
import re
import signal
import subprocess
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from bgnn_studio.boards.host_keys import HostKeys
from bgnn_studio.boards.login import Login
from bgnn_studio.boards.shell import call
from bgnn_studio.boards.target import Target, parse_target
from bgnn_studio.errors import BgnnError, LinkLostError, RemoteError
from tests.boards.servers import Answers, InProcess, free_port, host_keys, new_key, serve
from tests.requirements import needs

PASSWORD = InProcess.password


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the user's own agent, keys and configuration out."""
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()


def on(port: int, user: str = "ann", **more: Any) -> Target:
    return parse_target(f"{user}@127.0.0.1:{port}", **more)


async def uname(target: Target, keys: HostKeys, answers: Answers) -> str:
    shell = await Login(keys, answers).connect(target)
    try:
        return (await call(shell, "printf '%s' \"it's $HOME\"")).output
    finally:
        await shell.close()


def served(test: Callable[[asyncssh.SSHAcceptor], Coroutine[Any, Any, None]], folder: Path, **options: object) -> None:
    """Run a test beside a server."""

    async def run() -> None:
        async with await serve(folder, **options) as server:
            await test(server)

    asyncio.run(run())


def test_a_new_host_is_asked_for_once(tmp_path: Path):
    async def test(server: asyncssh.SSHAcceptor) -> None:
        target = on(server.get_port(), password=PASSWORD)
        refusing = Answers(trusts=False)
        with pytest.raises(RemoteError, match=r"ann@127\.0\.0\.1:\d+ is not trusted: its key is ssh-ed25519 SHA256:\S{43}\. Compare it"):
            await uname(target, keys, refusing)
        assert not keys.own.exists()
        trusting = Answers()
        assert await uname(target, keys, trusting) == f"it's {tmp_path}"
        assert trusting.keys == refusing.keys
        assert trusting.keys[0].fingerprint == (await shown(server)).get_fingerprint("sha256")
        assert (keys.own.stat().st_mode & 0o777, keys.own.read_text().count("\n")) == (0o600, 1)
        again = Answers()
        await uname(target, keys, again)
        assert again.keys == []

    keys = host_keys(tmp_path)
    served(test, tmp_path)


async def shown(server: asyncssh.SSHAcceptor) -> asyncssh.SSHKey:
    key = await asyncssh.get_server_host_key("127.0.0.1", server.get_port(), config=None)
    assert key is not None
    return key


@pytest.mark.parametrize("where", ["own", "user"])
@pytest.mark.parametrize("algorithm", ["ssh-ed25519", "ecdsa-sha2-nistp256"])
def test_another_key_is_a_hard_stop(where: str, algorithm: str, tmp_path: Path):
    user_file = tmp_path / ".ssh" / "known_hosts"

    async def test(server: asyncssh.SSHAcceptor) -> None:
        own = HostKeys(tmp_path / "own", (user_file,))
        HostKeys(own.own if where == "own" else user_file, ()).trust(
            "127.0.0.1", server.get_port(), asyncssh.generate_private_key(algorithm).convert_to_public()
        )
        before = [path.read_text() for path in (own.own, user_file) if path.exists()]
        answers = Answers()
        with pytest.raises(RemoteError, match=r"shows another key \(SHA256:\S+\) than the one that is trusted\. Somebody may be listening"):
            await uname(on(server.get_port(), password=PASSWORD), own, answers)
        assert (answers.keys, answers.prompts) == ([], [])
        assert [path.read_text() for path in (own.own, user_file) if path.exists()] == before

    served(test, tmp_path)


def test_the_users_own_file_is_enough_and_stays(tmp_path: Path):
    user_file = tmp_path / ".ssh" / "known_hosts"

    async def test(server: asyncssh.SSHAcceptor) -> None:
        key = (await shown(server)).export_public_key("openssh").decode()
        user_file.write_text(f"# mine\n127.0.0.1 {asyncssh.generate_private_key('ssh-ed25519').export_public_key().decode()}")
        HostKeys(user_file, ()).trust("127.0.0.1", server.get_port(), asyncssh.import_public_key(key))
        answers = Answers()
        await uname(on(server.get_port(), password=PASSWORD), HostKeys(tmp_path / "own"), answers)
        assert answers.keys == []
        user_file.write_text(f"@revoked * {key}")
        with pytest.raises(RemoteError, match="Host key is revoked for host"):
            await uname(on(server.get_port(), password=PASSWORD), HostKeys(tmp_path / "own"), answers)
        user_file.write_text("nonsense")
        with pytest.raises(RemoteError, match=r"\.ssh/known_hosts: the known hosts cannot be read \(Invalid known hosts entry: nonsense\)"):
            await uname(on(server.get_port(), password=PASSWORD), HostKeys(tmp_path / "own"), answers)

    served(test, tmp_path)


def test_passwords_are_asked_for(tmp_path: Path):
    async def test(server: asyncssh.SSHAcceptor) -> None:
        target = on(server.get_port())
        answers = Answers(secrets=("wrong", "also wrong", PASSWORD))
        await uname(target, keys, answers)
        assert answers.prompts == [f"Password of ann@127.0.0.1:{server.get_port()}"] * 3
        with pytest.raises(RemoteError, match=r"refused the login .*\. Check user, key and password"):
            await uname(target, keys, Answers(secrets=("a", "b", "c", PASSWORD)))
        with pytest.raises(RemoteError, match=r"Password of ann@.*it is asked for, and was not given"):
            await uname(target, keys, Answers())
        given = Answers(secrets=(PASSWORD,))
        with pytest.raises(RemoteError, match="refused the login"):
            await uname(on(server.get_port(), password="wrong"), keys, given)
        assert given.prompts == []

    keys = host_keys(tmp_path)
    served(test, tmp_path)


def test_a_password_is_asked_for_once(tmp_path: Path):
    """A queue that comes back after a lost link asks nobody, unless the password is another now."""

    async def test(server: asyncssh.SSHAcceptor) -> None:
        answers = Answers(secrets=(PASSWORD, "new password"))
        login = Login(host_keys(tmp_path), answers)
        for _ in range(3):
            await (await login.connect(on(server.get_port()))).close()
        assert len(answers.prompts) == 1
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(InProcess, "password", "new password")
            await (await login.connect(on(server.get_port()))).close()
        assert len(answers.prompts) == 2

    served(test, tmp_path)


@pytest.mark.filterwarnings("ignore:.*only 16 round")
@pytest.mark.parametrize("form", ["openssh", "pkcs8-pem"])
def test_keys_with_a_passphrase(form: str, tmp_path: Path):
    if form == "openssh":
        needs("bcrypt")
    private = asyncssh.generate_private_key("ssh-ed25519")
    private.write_private_key(tmp_path / "id", form, passphrase="open sesame", rounds=16)
    private.write_public_key(tmp_path / "id.pub")

    async def test(server: asyncssh.SSHAcceptor) -> None:
        target = on(server.get_port(), key=tmp_path / "id")
        answers = Answers(secrets=("open sesame",))
        await uname(target, host_keys(tmp_path), answers)
        assert answers.prompts == [f"Passphrase of {tmp_path / 'id'}"]
        with pytest.raises(RemoteError, match=r"id: the key cannot be used \("):
            await uname(target, host_keys(tmp_path), Answers(secrets=("close sesame",)))
        with pytest.raises(RemoteError, match=r"none: the key cannot be read \(No such file"):
            await uname(replace(target, key=tmp_path / "none"), host_keys(tmp_path), Answers())

    served(test, tmp_path, authorized_client_keys=str(tmp_path / "id.pub"))


def test_jump_hosts(tmp_path: Path):
    """Two servers: the second is reached through the first, by an option and by the configuration; the key of each is asked for."""

    async def test(server: asyncssh.SSHAcceptor) -> None:
        async with await serve(tmp_path) as behind:
            jump, port = f"bob@127.0.0.1:{server.get_port()}", behind.get_port()
            answers = Answers(secrets=(PASSWORD, PASSWORD))
            await uname(on(port, jump=jump), host_keys(tmp_path), answers)
            assert answers.prompts == [f"Password of {jump}", f"Password of ann@127.0.0.1:{port}"]
            assert [key.where for key in answers.keys] == [jump, f"ann@127.0.0.1:{port}"]
            (tmp_path / "ssh_config").write_text(f"Host board\n  HostName 127.0.0.1\n  Port {port}\n  User ann\n  ProxyJump {jump}\n")
            answers = Answers(secrets=(PASSWORD, PASSWORD))
            await uname(parse_target("board", config=tmp_path / "ssh_config"), host_keys(tmp_path), answers)
            assert (len(answers.prompts), answers.keys) == (2, [])
            (tmp_path / "ssh_config").write_text("Host *\n  ProxyJump 127.0.0.1\n")
            with pytest.raises(RemoteError, match="the jump hosts lead in a circle"):
                await uname(parse_target("board", config=tmp_path / "ssh_config"), host_keys(tmp_path), Answers())

    served(test, tmp_path)


def test_no_server(tmp_path: Path):
    async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async def test() -> None:
        with pytest.raises(LinkLostError, match=r"Could not reach ann@127\.0\.0\.1:\d+ \(Connection refused\)\. Check the address"):
            await uname(on(free_port()), host_keys(tmp_path), Answers())
        with pytest.raises(LinkLostError, match=r"Could not reach ann@no\.such\.host\.invalid:22 \("):
            await uname(parse_target("ann@no.such.host.invalid"), host_keys(tmp_path), Answers())
        async with await asyncio.start_server(nothing, "127.0.0.1", 0) as server:
            with pytest.raises(LinkLostError, match=r"ended the connection .*Check that it is an SSH server"):
                await uname(on(server.sockets[0].getsockname()[1]), host_keys(tmp_path), Answers())
        (tmp_path / "ssh_config").write_text("Host *\n  Port many\n")
        with pytest.raises(RemoteError, match="board: the SSH configuration cannot be used"):
            await uname(parse_target("board", config=tmp_path / "ssh_config"), host_keys(tmp_path), Answers())

    asyncio.run(test())


def test_a_server_that_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("bgnn_studio.boards.login.CONNECT_S", 0.3)

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def test() -> None:
        async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
            with pytest.raises(LinkLostError, match=r"\(timed out after 0\.3 s\)"):
                await uname(on(server.sockets[0].getsockname()[1]), host_keys(tmp_path), Answers())

    asyncio.run(test())


def test_secrets_are_nowhere(tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]):
    """All that is logged at the most talkative level, printed, raised, shown or written to disk, while right and wrong secrets are used."""
    secrets = ("swordfish-right", "swordfish-wrong", "swordfish-phrase")
    private = asyncssh.generate_private_key("ssh-ed25519")
    private.write_private_key(tmp_path / "id", "pkcs8-pem", passphrase=secrets[2])
    said: list[str] = []

    async def test(server: asyncssh.SSHAcceptor) -> None:
        target = on(server.get_port(), password=secrets[0])
        said.extend((repr(target), str(target)))
        await uname(target, host_keys(tmp_path), Answers())
        for bad in (replace(target, password=secrets[1]), replace(target, password=None), replace(target, key=tmp_path / "id")):
            try:
                await uname(bad, host_keys(tmp_path), Answers(secrets=(secrets[2], secrets[1], secrets[1], secrets[1])))
            except BgnnError as error:
                said.extend((str(error), repr(error.__cause__)))

    asyncssh.set_debug_level(2)
    with caplog.at_level(logging.DEBUG), pytest.MonkeyPatch.context() as patch:
        patch.setattr(InProcess, "password", secrets[0])
        served(test, tmp_path)
    asyncssh.set_debug_level(1)
    assert "Beginning auth for user ann" in caplog.text
    assert len(said) == 2 + 2 * 2
    printed = "".join(capfd.readouterr())
    files = "".join(path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file())
    for secret in secrets:
        assert secret not in caplog.text + printed + files + "".join(said)


def test_the_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A key that only an agent holds."""
    needs("ssh-agent")
    new_key(tmp_path / "id")
    said = subprocess.run(["ssh-agent", "-a", tmp_path / "agent"], capture_output=True, text=True, check=True).stdout
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))

    async def test(server: asyncssh.SSHAcceptor) -> None:
        async with await asyncssh.connect_agent(str(tmp_path / "agent")) as client:
            await client.add_keys([str(tmp_path / "id")])
        answers = Answers()
        await uname(on(server.get_port()), host_keys(tmp_path), answers)
        assert answers.prompts == []

    try:
        served(test, tmp_path, authorized_client_keys=str(tmp_path / "id.pub"))
    finally:
        os.kill(int(re.search(r"SSH_AGENT_PID=(\d+)", said)[1]), signal.SIGTERM)
