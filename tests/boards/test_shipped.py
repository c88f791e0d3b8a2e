"""The shipped runners: built from these very sources, right programs for their machines, refused when damaged."""

import json
import runpy
import struct
from pathlib import Path
from types import SimpleNamespace

import pytest

from bgnn_studio.boards import shipped
from bgnn_studio.boards.shipped import architecture_of, emulated_architecture, shipped_runner
from bgnn_studio.errors import BgnnError, RemoteError
from tests.requirements import ROOT

BUILD = SimpleNamespace(**runpy.run_path(str(ROOT / "native" / "runner" / "build.py")))
ELF_MACHINE = {"aarch64": 183, "x86_64": 62, "armv7": 40, "riscv64": 243}


def test_they_are_built_from_these_sources():
    record = json.loads(BUILD.RECORD.read_text())
    assert record["sources"] == BUILD.sources_sha256(), "The shipped runners are older than the sources. Run 'make runners' and commit."
    assert record == BUILD.record_of(BUILD.SHIPPED)


@pytest.mark.parametrize("architecture", ELF_MACHINE)
def test_they_are_small_static_programs_of_their_machine(architecture: str):
    data = shipped_runner(architecture).data
    kind, machine = struct.unpack_from("<HH", data, 16)
    assert (data[:4], kind, machine) == (b"\x7fELF", 2, ELF_MACHINE[architecture])
    assert b"/ld-" not in data, "a dynamic loader is named"
    assert str(ROOT).encode() not in data
    assert len(data) < 400_000


def test_a_changed_source_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    before = BUILD.sources_sha256()
    (tmp_path / "native" / "src").mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    (tmp_path / "native" / "src" / "a.c").write_text("int a;")
    monkeypatch.setitem(BUILD.sources_sha256.__globals__, "ROOT", tmp_path)
    one = BUILD.sources_sha256()
    (tmp_path / "native" / "src" / "a.c").rename(tmp_path / "native" / "src" / "b.c")
    assert len({before, one, BUILD.sources_sha256()}) == 3


@pytest.mark.parametrize(
    ("system", "machine", "architecture"),
    [("Linux", "aarch64", "aarch64"), ("Linux", "armv7l", "armv7"), ("Linux", "armv8l", "armv7"), ("Linux", "x86_64", "x86_64")],
)
def test_the_machine_chooses(system: str, machine: str, architecture: str):
    assert architecture_of(system, machine) == architecture


@pytest.mark.parametrize(("system", "machine"), [("Linux", "armv6l"), ("Darwin", "arm64"), ("Linux", "mips"), ("FreeBSD", "amd64")])
def test_other_machines_are_refused(system: str, machine: str):
    with pytest.raises(RemoteError, match=f"No runner for {system} on {machine}: there are some for Linux on aarch64, armv7"):
        architecture_of(system, machine)


@pytest.mark.parametrize(
    ("prefix", "architecture"),
    [
        (["qemu-aarch64", "-cpu", "cortex-a72"], "aarch64"),
        (["taskset", "-c", "0", "/usr/bin/qemu-arm-static"], "armv7"),
        (["taskset", "-c", "3"], None),
        ([], None),
    ],
)
def test_the_prefix_chooses(prefix: list[str], architecture: str | None):
    assert emulated_architecture(prefix) == architecture


def test_a_damaged_or_missing_runner_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    with pytest.raises(BgnnError, match="the runner of riscv64 is missing"):
        shipped_runner("riscv64")
    (tmp_path / "runners.json").write_bytes(BUILD.RECORD.read_bytes())
    (tmp_path / "bgnn-runner-riscv64").write_bytes(BUILD.program("riscv64").read_bytes()[:-1])
    with pytest.raises(BgnnError, match=r"expected the SHA-256 .* Install bgnn-studio again"):
        shipped_runner("riscv64")
