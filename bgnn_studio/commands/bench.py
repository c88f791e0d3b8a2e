"""`bgnn-studio bench`: latency of the engine, and of the torch module of the same network in the same run."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bgnn_studio.commands.arguments import add_repeat, add_threads, positive
from bgnn_studio.commands.text import table
from bgnn_studio.core.clouds import Cloud, preprocess
from bgnn_studio.core.resources import bundled_clouds, bundled_models
from bgnn_studio.core.spec import VARIANTS
from bgnn_studio.core.timing import WARMUP, Latency, LayerTime, layer_times, measure
from bgnn_studio.core.units import size_text
from bgnn_studio.errors import BgnnError
from bgnn_studio.io.readers import read_cloud
from bgnn_studio.native import Model

if TYPE_CHECKING:
    from bgnn_studio.training.networks import Network


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    command.add_argument("--model", type=Path, action="append", default=[], help="model file, repeatable; default: the bundled ones")
    command.add_argument("--cloud", type=Path, help="point cloud to measure on; default: a bundled one")
    command.add_argument("--full", action="store_true", help="every variant at its published size, random weights")
    command.add_argument("--points", type=positive, metavar="N", help="resample to N points; default: what each model was trained with")
    add_threads(command)
    add_repeat(command, 20)
    command.add_argument("--against", choices=("torch",), help="measure the torch module too, with as many threads")
    alone = command.add_argument_group("instead of networks")
    alone.add_argument(
        "--knn", action="append", default=[], metavar="N,D,K", help="a k-NN graph of D real channels, or D bits: 1024,128b,20"
    )
    alone.add_argument("--gemm", action="append", default=[], metavar="M,N,BITS", help="a binary matrix product: 1024,1024,512")
    alone.add_argument("--growth", action="store_true", help="bf2 at its published size for N = 256 to 65,536 and k = 5 to 40")
    command.add_argument("--json", action="store_true", help="write JSON")


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
    kernels = bool(options.knn or options.gemm)
    if kernels + options.growth + bool(options.full or options.model) > 1 or ((kernels or options.growth) and options.against):
        raise BgnnError("Expected one of networks, kernels (--knn, --gemm) and --growth. Ask for the others in a run of their own.")
    if kernels:
        from bgnn_studio.commands import bench_kernels

        times = [
            *(bench_kernels.bench_knn(t, options.repeat) for t in options.knn),
            *(bench_kernels.bench_gemm(t, options.repeat) for t in options.gemm),
        ]
        print(bench_kernels.as_json(times) if options.json else bench_kernels.as_text(times))
        return 0
    if options.growth:
        from bgnn_studio.commands import bench_growth

        rows = bench_growth.grow(options.threads, options.repeat)
        print(bench_growth.as_json(rows, options.threads) if options.json else bench_growth.as_text(rows, options.threads))
        return 0
    report = bench(
        options.model,
        cloud_path=options.cloud,
        full=options.full,
        count=options.points,
        threads=options.threads,
        repeat=options.repeat,
        against_torch=options.against == "torch",
    )
    print(as_json(report) if options.json else as_text(report))
    return 0


@dataclass(frozen=True)
class Row:
    """One model's latency: of the engine, in all and by layer, and of torch if asked."""

    model: Model
    points: int
    isa: str
    engine: Latency
    layers: list[LayerTime]
    torch: Latency | None


@dataclass(frozen=True)
class BenchReport:
    """All rows, with what they have in common."""

    rows: list[Row]
    cloud: Cloud
    threads: int
    torch_weights: str  # "the same" as the engine's, "random", or empty without torch


def bench(
    model_paths: Sequence[Path],
    *,
    cloud_path: Path | None = None,
    full: bool = False,
    count: int | None = None,
    threads: int = 1,
    repeat: int = 20,
    against_torch: bool = False,
) -> BenchReport:
    """Measure models (bundled ones by default; with `full`, random weights at the published sizes) on one cloud, bundled by default."""
    if full and model_paths:
        raise BgnnError("Expected --full or --model, not both. Drop one of them.")
    if full:
        from bgnn_studio.training.timing import write_full_size
    cloud = read_cloud(cloud_path or bundled_clouds()[0])
    with TemporaryDirectory() as folder:
        models = (write_full_size(v, Path(folder)) for v in VARIANTS) if full else ((p, None) for p in model_paths or bundled_models())
        rows = [_row(path, net, cloud, count, threads=threads, repeat=repeat, against_torch=against_torch) for path, net in models]
    if not rows:
        raise BgnnError("No model to measure: none is bundled. Give --model, or --full.")
    return BenchReport(rows, cloud, threads, ("the same" if full else "random") if against_torch else "")


def _row(path: Path, network: "Network | None", cloud: Cloud, count: int | None, *, threads: int, repeat: int, against_torch: bool) -> Row:
    model = Model.open(path)
    points = preprocess(cloud.points, count or model.spec.points)
    engine, runs = measure(lambda: model.infer(points, threads=threads), repeat)
    torch = None
    if against_torch:
        from bgnn_studio.training.timing import calibrated_network, torch_latency

        torch = torch_latency(network or calibrated_network(model.spec), points, threads, repeat)
    return Row(model, len(points), runs[-1].isa, engine, layer_times(runs), torch)


def as_json(report: BenchReport) -> str:
    """Write a report for programs."""
    return json.dumps(
        {
            "cloud": str(report.cloud.path),
            "threads": report.threads,
            "warmup": WARMUP,
            "torch_weights": report.torch_weights or None,
            "models": [
                {
                    "model": row.model.name,
                    "variant": row.model.spec.variant,
                    "points": row.points,
                    "k": row.model.spec.k,
                    "isa": row.isa,
                    "file_bytes": row.model.file_bytes,
                    "repeats": len(row.engine.samples_ns),
                    "engine_ms": {**_figures(row.engine), "layers": [vars(layer) for layer in row.layers]},
                    "torch_ms": row.torch and _figures(row.torch),
                    "torch_over_engine": row.torch and row.torch.p50_ms / row.engine.p50_ms,
                }
                for row in report.rows
            ],
        },
        indent=2,
    )


def _figures(latency: Latency) -> dict[str, float]:
    return {"p50": latency.p50_ms, "p90": latency.p90_ms, "min": latency.min_ms}


def as_text(report: BenchReport) -> str:
    """Write a report for people."""
    rows = [
        [
            "model",
            "variant",
            "file",
            "N",
            "k",
            "median [ms]",
            "min",
            "p90",
            *(["torch median", "torch / engine"] if report.torch_weights else []),
        ]
    ]
    for row in report.rows:
        figures = [f"{ms:.3f}" for ms in (row.engine.p50_ms, row.engine.min_ms, row.engine.p90_ms)]
        if row.torch is not None:
            figures += [f"{row.torch.p50_ms:.3f}", f"{row.torch.p50_ms / row.engine.p50_ms:.1f}x"]
        spec = row.model.spec
        rows.append([row.model.name, spec.variant, size_text(row.model.file_bytes), str(row.points), str(spec.k), *figures])
    runs, isas = len(report.rows[0].engine.samples_ns), ", ".join(sorted({row.isa for row in report.rows}))
    ran = f"{runs} runs after {WARMUP} to warm up; {report.threads} thread{'s' if report.threads > 1 else ''}; engine on {isas}"
    notes = [f"{report.cloud.name}; {ran}"]
    if report.torch_weights:
        notes.append(f"torch: the module of the same spec with {report.torch_weights} weights, one cloud, as many threads")
    return "\n".join([table(rows, right=range(2, len(rows[0]))), "", *notes])
