"""allocations.c: after its first call no pass and no kernel allocates, on any number of threads."""

import subprocess
from pathlib import Path

from bgnn_studio import native
from tests.native.c_program import NATIVE
from tests.random_model import random_model, small_spec
from tests.requirements import ROOT, needs


def test_nothing_is_allocated_after_the_first_call(tmp_path: Path) -> None:
    needs("cc", "glibc")
    program = tmp_path / "allocations"
    sources = [*(NATIVE / "src").glob("*.c"), NATIVE / "tests" / "allocations.c", NATIVE / "tests" / "fixture.c"]
    includes = [f"-I{NATIVE / 'include'}", f"-I{NATIVE / 'src'}"]
    subprocess.run(["cc", "-std=c11", "-O1", *includes, *sources, "-o", program, "-lm", "-pthread"], check=True)
    models = sorted((ROOT / "models").glob("*.gguf"))
    for variant, stage in (("rf", "tanh"), ("rf", "sign"), ("bf2", "sign"), ("bfr", "tanh")):
        models.append(random_model(tmp_path / f"{variant}-{stage}.gguf", small_spec(variant, stage=stage, widths=(16, 32))))
    for isa in native.isas():
        ran = subprocess.run([program, *models], env={"BGNN_ISA": isa}, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout
        assert len(ran.stdout.splitlines()) == 3 * len(models) + 4
