"""bgnn-runner compiled once, with sanitizers."""

from pathlib import Path

import pytest

from tests.native.runner_program import compile_runner
from tests.requirements import needs


@pytest.fixture(scope="session")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    needs("cc")
    output = tmp_path_factory.mktemp("host") / "bgnn-runner"
    return compile_runner("cc", output, "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
