"""The passes of training against loops that do one thing after the other (training_parity.c), and their wrappers' errors."""

from pathlib import Path

import numpy as np
import pytest

from bgnn_studio import native
from bgnn_studio.errors import KernelError
from bgnn_studio.native import training
from tests.native.c_program import compile_training_parity, run_training_parity
from tests.requirements import needs

FAST = ("-O3", "-ffp-contract=fast", "-fno-trapping-math")  # as native/CMakeLists.txt
DEBUG = ("-O1", "-g", "-fno-sanitize-recover=all")
X, WEIGHT = np.ones((4, 3, 5), np.float32), np.ones((2, 5), np.float32)


@pytest.mark.parametrize(
    "flags", [FAST, (*DEBUG, "-fsanitize=address,undefined"), (*DEBUG, "-fsanitize=thread")], ids=lambda flags: flags[-1]
)
def test_passes_are_right_on_every_instruction_set(flags: tuple[str, ...], tmp_path: Path):
    needs("cc")
    assert run_training_parity(compile_training_parity("cc", tmp_path / "parity", *flags)) == list(native.isas())


def test_passes_are_right_on_emulated_arm(tmp_path: Path):
    needs("qemu-aarch64", "aarch64-linux-gnu-gcc")
    program = compile_training_parity("aarch64-linux-gnu-gcc", tmp_path / "parity", *FAST, "-static")
    assert run_training_parity("qemu-aarch64", "-cpu", "cortex-a53", program) == ["scalar", "neon"]


@pytest.mark.parametrize(
    ("x", "weight", "threads", "message"),
    [
        (X.astype(np.float64), WEIGHT, 1, "Expected 'x' as contiguous float32 of 3 axes"),
        (X[:, ::2], WEIGHT, 1, "Expected 'x' as contiguous float32 of 3 axes"),
        (X[:0], WEIGHT, 1, "Expected 'x' as contiguous float32 of 3 axes"),
        (X, WEIGHT[0], 1, "Expected 'weight' as contiguous float32 of 2 axes"),
        (X, np.ones((2, 4), np.float32), 1, r"Expected 'weight' as contiguous float32 of shape \(2, 5\)"),
        (X, WEIGHT, 0, "bad argument"),
        (X, WEIGHT, 65, "bad argument"),
    ],
)
def test_wrong_products_are_refused(x: np.ndarray, weight: np.ndarray, threads: int, message: str):
    with pytest.raises(KernelError, match=message):
        training.linear_extremes(x, weight, lowest=False, threads=threads)


def test_wrong_parts_of_a_prelu_are_refused():
    ends = [np.zeros((4, 5), np.float32) for _ in range(2)]
    summary = training.Summary(ends[0], None, ends[1], None, *np.zeros((2, 5), np.float32))
    slope, own = np.zeros(5, np.float32), np.zeros((4, 5), np.float32)
    training.prelu_summary(X, own, slope, summary, threads=1)
    wrong = [(X, own, slope[1:], summary), (X, own[1:], slope, summary), (X, own, slope, summary._replace(top=ends[0][1:]))]
    for case in wrong:
        with pytest.raises(KernelError, match="Expected"):
            training.prelu_summary(*case, threads=1)
