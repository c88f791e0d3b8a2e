"""Exact k-NN graphs, k = 20, one thread: points on a sphere, and random bits."""

from pathlib import Path

import numpy as np

from bgnn_studio import native
from tests.bench import peer_kernels as peers
from tests.bench.contest import Contender, figures, hold, table

K, SEED = 20, 0
HEAD = ["N", "", "p50 [ms]", "min", "n", "x"]


def run(folder: Path) -> None:
    """Print both tables."""
    rng = np.random.default_rng(SEED)
    rows = []
    for N in (1024, 4096, 16384, 65536):
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
    table(f"k-NN of 3-D points on a sphere, k = {K}, 1 thread", HEAD, rows)

    rows = []
    for N in (1024, 4096, 16384):
        for d in (64, 128):
            octets = rng.integers(0, 256, (N, d // 8), dtype=np.uint8)
            words = octets.view(np.uint64)
            contest = [
                Contender("**engine**", lambda x=words: native.knn_hamming(x, K)),
                Contender("FAISS IndexBinaryFlat, heaps", peers.faiss_hamming_run(octets, K, heap=True)),
                Contender("FAISS IndexBinaryFlat, counting", peers.faiss_hamming_run(octets, K, heap=False)),
                Contender("usearch, exact", peers.usearch_run(octets, K)),
            ]
            hold(contest, budget_s=2)
            rows += [[f"{N}, {d} bits", c.name, *figures(c, contest[0])] for c in contest]
    table(f"Hamming k-NN of random bits, k = {K}, 1 thread", HEAD, rows)
