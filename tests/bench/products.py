"""Binary products, one thread; one operation is one bit multiply-add."""

from pathlib import Path

import numpy as np

from bgnn_studio import native
from bgnn_studio.core.bits import pack_signs
from bgnn_studio.core.units import ms_text
from tests.bench import peer_kernels as peers
from tests.bench.contest import Contender, Short, figures, hold, table

SHAPES = ((1024, 512, 1024), (20480, 256, 256))


def run(folder: Path, short: Short) -> None:
    """Print the table."""
    rng, rows = np.random.default_rng(0), []
    for M, C, N in SHAPES:
        a, b = (rng.choice(np.float32([-1, 1]), (n, C)) for n in (M, N))
        words_a, words_b = pack_signs(a), pack_signs(b)
        binary, node_ms = peers.openvino_binary_run(a, b)
        out = np.empty((M, N), np.float32)
        node: list[float] = []
        contest = [
            Contender("**engine**, packed to int32", lambda x=words_a, y=words_b, c=C: native.binary_gemm(x, y, c)),
            Contender("OpenVINO BinaryConvolution, f32 to f32", lambda run=binary, ms=node_ms, to=node: (run(), to.append(ms()))),
            Contender("ONNX Runtime MatMulInteger, int8 to int32", peers.int8_run(a, b)),
            Contender("numpy sgemm, f32 to f32", lambda x=a, y=b, to=out: np.matmul(x, y.T, out=to)),
        ]
        hold(contest, budget_s=2)
        own, alone = contest[0], Contender("its node alone (wall time)", binary, [round(1e6 * ms) for ms in node])
        peers_of_it = [contest[1], alone, *contest[2:]]
        rows += [[f"{M}x{C} . {C}x{N}", c.name, *figures(c, own), f"{M * C * N / c.p50_ms * 1e-6:.0f}"] for c in (own, *peers_of_it)]
        rate = f"{M * C * N / own.p50_ms * 1e-6:.0f} Gop/s"
        others = ", ".join(f"{c.name.split(',')[0]}: {ms_text(c.p50_ms)}" for c in peers_of_it)
        ratios = ", ".join(f"{c.p50_ms / own.p50_ms:.1f}x" for c in peers_of_it)
        short.kernels.append([f"binary product {M} x {C} . {C} x {N}", f"{ms_text(own.p50_ms)} ({rate})", others, ratios])
        if SHAPES[0] == (M, C, N):
            short.figures.append([f"binary product {M} x {C} . {C} x {N}, 1 thread", "400 Gop/s", rate])
    table("Binary products, 1 thread", ["", "", "p50 [ms]", "min", "n", "x", "Gop/s"], rows)
