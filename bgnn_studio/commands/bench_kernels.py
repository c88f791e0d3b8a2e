"""`bgnn-studio bench --knn N,D,K` and `--gemm M,N,BITS`: one kernel of the engine on random data, one thread."""

import json
from dataclasses import dataclass

import numpy as np

from bgnn_studio import native
from bgnn_studio.commands.text import table
from bgnn_studio.core.tensors import words_of
from bgnn_studio.core.timing import Latency, measure
from bgnn_studio.core.units import ms_text
from bgnn_studio.errors import BgnnError


@dataclass(frozen=True)
class KernelTime:
    """What was measured, and on which instruction set."""

    kernel: str
    latency: Latency
    operations: int  # bit or float multiply-adds, all pairs
    unit: str

    @property
    def giga_per_second(self) -> float:
        """Operations of all pairs over the median; a kernel that skips pairs may exceed what the CPU can do."""
        return self.operations / self.latency.p50_ms * 1e-6


def bench_knn(text: str, repeat: int) -> KernelTime:
    """Measure a graph of N random rows with K neighbours: D is a number of real channels, or of bits with the suffix b (128b)."""
    N, channels, k = _three("--knn", text, "N,D,K as 1024,3,20 or, for bits, 1024,128b,20")
    bits, D = channels.endswith("b"), _whole("--knn", channels.removesuffix("b"))
    points, neighbours = _whole("--knn", N), _whole("--knn", k)
    rng = np.random.default_rng(0)
    if bits:
        words = _random_words(rng, points, D)
        latency, _ = measure(lambda: native.knn_hamming(words, neighbours), repeat)
    else:
        values = rng.normal(size=(points, D)).astype(np.float32)
        latency, _ = measure(lambda: native.knn_l2(values, neighbours), repeat)
    name = f"{'Hamming' if bits else 'L2'} k-NN, N = {points}, {D} {'bits' if bits else 'real channels'}, k = {neighbours}"
    return KernelTime(name, latency, points * points * D, "bit" if bits else "float")


def bench_gemm(text: str, repeat: int) -> KernelTime:
    """Measure the products of M rows and N rows of BITS +-1 channels, packed words in, int32 out."""
    M, N, channels = (_whole("--gemm", part) for part in _three("--gemm", text, "M,N,BITS as 1024,1024,512"))
    rng = np.random.default_rng(0)
    a, b = _random_words(rng, M, channels), _random_words(rng, N, channels)
    latency, _ = measure(lambda: native.binary_gemm(a, b, channels), repeat)
    return KernelTime(f"binary GEMM, {M} x {channels} . {channels} x {N}", latency, M * N * channels, "bit")


def _random_words(rng: np.random.Generator, rows: int, channels: int) -> "np.ndarray[tuple[int, int], np.dtype[np.uint64]]":
    words = rng.integers(0, 1 << 64, (rows, words_of(channels)), np.uint64)
    if channels % 64:
        words[:, -1] &= np.uint64((1 << channels % 64) - 1)
    return words


def _three(option: str, text: str, form: str) -> tuple[str, str, str]:
    parts = text.split(",")
    if len(parts) != 3:
        raise BgnnError(f"Expected {option} {form} (got {text!r}).")
    return parts[0], parts[1], parts[2]


def _whole(option: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) < 1 << 24:
        raise BgnnError(f"Expected {option} sizes from 1 to {(1 << 24) - 1} (got {text!r}).")
    return int(text)


def as_json(rows: list[KernelTime]) -> str:
    """Write the rows for programs."""
    kernels = [
        {
            "kernel": row.kernel,
            "p50_ms": row.latency.p50_ms,
            "min_ms": row.latency.min_ms,
            "p90_ms": row.latency.p90_ms,
            "n": len(row.latency.samples_ns),
            f"giga_{row.unit}_multiply_adds_per_s": row.giga_per_second,
        }
        for row in rows
    ]
    return json.dumps({"isa": native.isa(), "threads": 1, "kernels": kernels}, indent=2)


def as_text(rows: list[KernelTime]) -> str:
    """Write the rows for people."""
    head = ["kernel", "median [ms]", "min", "p90", "all pairs"]
    cells = [
        [
            row.kernel,
            *(ms_text(ms) for ms in (row.latency.p50_ms, row.latency.min_ms, row.latency.p90_ms)),
            f"{row.giga_per_second:.0f} G {row.unit} multiply-adds/s",
        ]
        for row in rows
    ]
    runs = len(rows[0].latency.samples_ns)
    return f"{table([head, *cells], right=range(1, 4))}\n\nrandom data; {runs} runs after 2 to warm up; 1 thread; engine on {native.isa()}"
