"""isa_parity.c under the address, undefined-behaviour and thread sanitizers."""

from pathlib import Path

from bgnn_studio import native
from tests.native.c_program import CHECKSUM, compile_isa_parity, run_isa_parity
from tests.requirements import needs

DEBUG = ("-O1", "-g", "-fno-sanitize-recover=all")


def test_kernels_and_networks_touch_only_their_own_memory(tmp_path: Path):
    needs("cc")
    program = compile_isa_parity("cc", tmp_path / "isa_parity", *DEBUG, "-fsanitize=address,undefined")
    assert run_isa_parity(program) == (CHECKSUM, list(native.isas()))


def test_threads_do_not_race(tmp_path: Path):
    needs("cc")
    program = compile_isa_parity("cc", tmp_path / "isa_parity", *DEBUG, "-fsanitize=thread")
    _, isas = run_isa_parity(program, "networks")
    assert isas == list(native.isas())
