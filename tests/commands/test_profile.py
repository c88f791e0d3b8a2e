"""`profile`, run as a user runs it: boards behind a real SSH server and this machine, what it stores, and how it fails."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bgnn_studio.cli import main
from bgnn_studio.core.resources import bundled_models
from bgnn_studio.history import History
from tests.boards.servers import EMULATED, USER, Server, free_port, openssh
from tests.requirements import ROOT, needs
from tests.test_cli import run

MODELS = {path.stem: path for path in bundled_models()}
FEW = ("--model", MODELS["bf2"], "--points", 64, "--repeat", 3)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    needs("sshd")
    with openssh(tmp_path_factory.mktemp("openssh")) as running:
        yield running


@pytest.fixture
def alone(tmp_path: Path) -> dict[str, str]:
    """Return an environment with a home, known hosts and a history of its own."""
    (tmp_path / "home").mkdir()
    own = {"HOME": str(tmp_path / "home"), "XDG_CONFIG_HOME": str(tmp_path / "config"), "BGNN_HISTORY": str(tmp_path / "history.sqlite3")}
    return {**own, "SSH_AUTH_SOCK": "", "BGNN_SSH_PASSWORD": ""}


def fingerprint(server: Server) -> str:
    said = subprocess.run(["ssh-keygen", "-lf", f"{server.home.parent}/host_key.pub"], capture_output=True, text=True, check=True).stdout
    return said.split()[1]


def board(server: Server) -> str:
    return f"{USER}@127.0.0.1:{server.port}"


def test_two_boards_at_once(server: Server, alone: dict[str, str], tmp_path: Path):
    options = ("--key", server.key, "--trust", fingerprint(server), "--threads", 1, 2, "--clean", "--json", *FEW)
    ran = run("profile", board(server), "local", *options, "--model", MODELS["bfr"], **alone)
    assert (ran.returncode, ran.stderr) == (0, "")
    reports = json.loads(ran.stdout)
    assert [(report["board"], report["errors"]) for report in reports] == [(board(server), []), ("local", [])]
    for report in reports:
        assert [(Path(one["model"]).stem, one["threads"]) for one in report["runs"]] == [("bf2", 1), ("bf2", 2), ("bfr", 1), ("bfr", 2)]
        for one in report["runs"]:
            assert (one["points"], one["n"], len(one["samples_ns"]), one["badge"], one["equal"]) == (64, 3, 3, "measured", True)
            assert one["checksum"] == one["checksum_here"]
            assert one["throttling"]["state"] in ("none", "unknown", "throttled")
            assert 0 < one["min_ns"] <= one["p50_ns"] <= one["p99_ns"]
    assert server.files() == []
    assert not [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    stored = History(tmp_path / "history.sqlite3").entries()
    assert len(stored) == 8
    assert {entry.conditions.machine for entry in stored} == {board(server), os.uname().nodename}
    record = History(tmp_path / "history.sqlite3").get(stored[-1].id).run
    found = next(one for report in reports for one in report["runs"] if one["started"] == record.conditions.time.isoformat())
    assert record.samples_ns.tolist() == found["samples_ns"]
    assert (record.checksum, record.conditions.isa, record.conditions.k) == (found["checksum"], found["isa"], found["k"])
    assert [layer.bit_ops for layer in record.layers] == [layer["bit_ops"] for layer in found["layers"]]
    assert (record.details["memory_bytes"], record.machine_facts["machine"]) == (found["memory_bytes"], os.uname().machine)


def test_an_emulated_board_in_words(server: Server, alone: dict[str, str]):
    needs("qemu-aarch64")
    options = ("--key", server.key, "--trust", fingerprint(server), "--prefix", " ".join(EMULATED), "--no-history")
    ran = run("profile", board(server), *options, *FEW, **alone)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.splitlines()[-2:] == ["times: emulated", "instructions not counted: the kernel has no counters"]
    row = dict(zip(ran.stdout.splitlines()[2].split(), ran.stdout.splitlines()[3].split(), strict=False))
    assert (row["model"], row["N"], row["isa"]) == ("bf2", "64", "neon")
    assert "  equal " in ran.stdout
    assert not Path(alone["BGNN_HISTORY"]).exists()


def test_each_failure_has_its_line_and_the_others_go_on(server: Server, alone: dict[str, str], tmp_path: Path):
    nobody, closed = board(server), f"me@127.0.0.1:{free_port()}"
    ran = run("profile", nobody, closed, "local", *FEW, **alone)
    assert ran.returncode == 2
    refused, away = ran.stderr.splitlines()
    assert refused.startswith(f"bgnn-studio: {nobody} is not trusted: its key is ssh-ed25519 {fingerprint(server)}.")
    assert "--trust" in refused
    assert away == f"bgnn-studio: Could not reach {closed} (Connection refused). Check the address, and that the board is on."
    assert f"{closed}: no runs" in ran.stdout
    assert "bf2" in ran.stdout.partition("local: ")[2]
    assert len(History(tmp_path / "history.sqlite3").entries()) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["local", "local"], "Expected each board once"),
        (["a b"], "Expected a board as user@host"),
        (["local", "--prefix", "'"], "Expected a launch prefix such as 'taskset -c 3'"),
        (["local", "--model", "none.gguf"], "none.gguf: "),
        (["local", "--cpus", "x", *FEW], "local: Expected a list of CPUs such as 3 or 0-1,4 after --cpus (got 'x')."),
        (["local", "--soak", "3", *FEW], "Expected --soak or --repeat (got both)"),
        (["local", "--threads", "65", *FEW], "local: Expected 1 to 64 after --threads (got '65')."),
        (["local", "--k", "65", *FEW], "but k is 65. Use a cloud of at least 65 points"),
    ],
)
def test_refusals(
    arguments: list[object], message: str, alone: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    for name, value in alone.items():
        monkeypatch.setenv(name, value)
    assert main(["profile", *map(str, arguments)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert message in said


def test_a_history_that_cannot_be_written_keeps_the_figures(alone: dict[str, str], tmp_path: Path):
    (tmp_path / "history.sqlite3").mkdir()
    ran = run("profile", "local", *FEW, **alone)
    assert ran.returncode == 2
    assert "history.sqlite3" in ran.stderr
    assert "bf2" in ran.stdout


def test_a_soak_and_a_pause(alone: dict[str, str]):
    options = ("--model", MODELS["bf2"], "--points", 64, "--soak", 0.5, "--cool-down", 0.2)
    (report,) = json.loads(run("profile", "local", *options, "--json", **alone).stdout)
    (one,) = report["runs"]
    assert (one["stopped_by"], one["settings"]["soak"], one["cool"]["reached"]) == ("soak", 0.5, True)
    assert one["n"] <= one["passes"]
    assert (one["instructions"] is None) == (one["instructions_absent"] is not None)
    stored = History(Path(alone["BGNN_HISTORY"]))
    record = stored.get(stored.entries()[0].id).run
    assert (record.details["passes"], record.instructions) == (one["passes"], one["instructions"])
    ran = run("profile", "local", *FEW, "--threads", 1, 2, "--no-history", **alone)
    assert "speed-up" in ran.stdout
    assert " 1.00  equal " in ran.stdout


def on_terminal(arguments: list[object], environment: dict[str, str], answers: dict[bytes, bytes]) -> tuple[int, str]:
    """Run a command on a terminal, and answer when it asks; return its exit code and what the terminal showed."""
    command = [sys.executable, "-m", "bgnn_studio", *map(str, arguments)]
    interrupted = False
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(ROOT)
        os.execve(sys.executable, command, {**os.environ, **environment})
    shown, end = b"", time.monotonic() + 60
    while time.monotonic() < end:
        if select.select([terminal], [], [], 1)[0]:
            try:
                shown += os.read(terminal, 4096)
            except OSError:  # the other side has closed
                break
        elif interrupted:  # a Ctrl-C just before Python begins to read is only seen at the next key
            os.write(terminal, b"\x03")
        for question in [question for question in answers if question in shown]:
            interrupted = answers[question] == b"\x03"
            os.write(terminal, answers.pop(question))
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), shown.decode()


def test_a_new_host_on_a_terminal(server: Server, alone: dict[str, str]):
    arguments: list[object] = ["profile", board(server), "--key", server.key, *FEW]
    status, shown = on_terminal(arguments, alone, {b"[yes/no]": b"no\n"})
    assert (status, "is not trusted" in shown) == (2, True)
    status, shown = on_terminal(arguments, alone, {b"[yes/no]": b"yes\n"})
    assert status == 0, shown
    assert fingerprint(server) in shown
    status, shown = on_terminal(arguments, alone, {})
    assert (status, "[yes/no]" in shown) == (0, False), shown


def test_ctrl_c_while_it_asks_and_while_it_runs(server: Server, alone: dict[str, str]):
    arguments: list[object] = ["profile", board(server), "--key", server.key, "--model", MODELS["bf2"], "--repeat", 100_000]
    assert on_terminal(arguments, alone, {b"[yes/no]": b"\x03"})[0] == 130
    command = [sys.executable, "-m", "bgnn_studio", *map(str, arguments), "--trust", fingerprint(server)]
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ, **alone}, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        while not server.processes():
            time.sleep(0.02)
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=20)
    assert (process.returncode, said) == (130, (b"", b"bgnn-studio: interrupted.\n"))
    for _ in range(100):
        if not server.processes():
            break
        time.sleep(0.02)
    assert server.processes() == []


def test_passwords_of_the_environment_reach_no_list_of_processes(alone: dict[str, str]):
    said = run("profile", "--help", **alone).stdout
    assert "--password" not in said
    assert "BGNN_SSH_PASSWORD" in said
