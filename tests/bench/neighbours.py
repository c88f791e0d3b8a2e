"""Exact k-NN graphs, k = 20, one thread: points on a sphere, and random bits."""

from pathlib import Path

import numpy as np

from bgnn_studio import native
from tests.bench import peer_kernels as peers
from tests.bench.contest import Contender, Short, figures, hold, table

K, SEED = 20, 0
MODES = ("heaps", "counting")
HEAD = ["N", "", "p50 [ms]", "min", "n", "x"]


def run(folder: Path, short: Short) -> None:
    """Print both tables."""
    in_space(short)
    of_bits(short)


def in_space(short: Short) -> None:
    """Points on a sphere."""
    rng, rows, ours, trees = np.random.default_rng(SEED), [], [], []
    sizes = (1024, 4096, 16384, 65536)
    for N in sizes:
        points = rng.normal(size=(N, 3))
        points = (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)
        contest = [
            Contender("**engine**", lambda x=points: native.knn_l2(x, K)),
            Contender("pykdtree, build and query", peers.pykdtree_run(points, K)),
        ]
        if N <= 16384:
            contest.append(Contender("FAISS IndexFlatL2", peers.faiss_l2_run(points, K)))
        hold(contest, budget_s=2)
        rows += [[str(N), c.name, *figures(c, contest[0])] for c in contest]
        ours.append(contest[0])
        trees.append(contest[1])
    table(f"k-NN of 3-D points on a sphere, k = {K}, 1 thread", HEAD, rows)
    ratios = short.add_kernel(f"k-NN of 3-D points, N = {', '.join(map(str, sizes))}", ours, "pykdtree", trees)
    short.figures.append(["pykdtree over the engine, N = 1024 to 65536", "1x", ", ".join(ratios)])


def of_bits(short: Short) -> None:
    """Random bits."""
    rng, rows, sizes = np.random.default_rng(SEED), [], (1024, 4096, 16384)
    for d in (64, 128):
        ours, rivals = [], []
        for N in sizes:
            octets = rng.integers(0, 256, (N, d // 8), dtype=np.uint8)
            words = octets.view(np.uint64)
            faiss = [
                Contender(f"FAISS IndexBinaryFlat, {mode}", peers.faiss_hamming_run(octets, K, heap=mode == "heaps")) for mode in MODES
            ]
            contest = [
                Contender("**engine**", lambda x=words: native.knn_hamming(x, K)),
                *faiss,
                Contender("usearch, exact", peers.usearch_run(octets, K)),
            ]
            hold(contest, budget_s=2)
            rows += [[f"{N}, {d} bits", c.name, *figures(c, contest[0])] for c in contest]
            ours.append(contest[0])
            rivals.append(min(faiss, key=lambda c: c.p50_ms))
        ratios = short.add_kernel(f"Hamming k-NN, {d} bits, N = {', '.join(map(str, sizes))}", ours, "FAISS, its better mode", rivals)
        short.figures.append([f"FAISS's better mode over Hamming k-NN, {d} bits, N = 1024, 4096, 16384", "4x, 3x, 3x", ", ".join(ratios)])
    table(f"Hamming k-NN of random bits, k = {K}, 1 thread", HEAD, rows)
