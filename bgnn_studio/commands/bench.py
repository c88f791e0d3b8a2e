"""`bgnn-studio bench`: latency of the engine, and of the torch module of the same network in the same run."""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from bgnn_studio.commands.arguments import add_threads, positive, seconds
from bgnn_studio.commands.text import table
from bgnn_studio.core.clouds import Cloud, preprocess
from bgnn_studio.core.inference import Inference
from bgnn_studio.core.resources import bundled_clouds, bundled_models
from bgnn_studio.core.spec import VARIANTS
from bgnn_studio.core.timing import RULE, WARMUP, LayerTime, Measurement, Rule, exactly, layer_times, measure_until
from bgnn_studio.core.units import size_text
from bgnn_studio.errors import BgnnError, HistoryError
from bgnn_studio.history import History, Run
from bgnn_studio.history.local import local_run
from bgnn_studio.io.readers import read_cloud
from bgnn_studio.native import Model

if TYPE_CHECKING:
    from bgnn_studio.training.networks import Network


KERNEL_RUNS = 20  # of each, unless --repeat says otherwise


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    command.add_argument("--model", type=Path, action="append", default=[], help="model file, repeatable; default: the bundled ones")
    command.add_argument("--cloud", type=Path, help="point cloud to measure on; default: a bundled one")
    command.add_argument("--full", action="store_true", help="every variant at its published size, random weights")
    command.add_argument("--points", type=positive, metavar="N", help="resample to N points; default: what each model was trained with")
    add_threads(command)
    command.add_argument(
        "--repeat", type=positive, metavar="R", help="measured runs, warm-up apart; default: until the median is known to 1 %%"
    )
    command.add_argument("--seconds", type=seconds, default=RULE.seconds, metavar="S", help=f"time for each (default: {RULE.seconds:g})")
    command.add_argument("--against", choices=("torch",), help="measure the torch module too, with as many threads")
    command.add_argument("--save", action="store_true", help="store the runs; 'bgnn-studio history' lists them")
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
    if kernels + options.growth + bool(options.full or options.model) > 1 or (
        (kernels or options.growth) and (options.against or options.save)
    ):
        raise BgnnError("Expected one of networks, kernels (--knn, --gemm) and --growth. Ask for the others in a run of their own.")
    if kernels:
        from bgnn_studio.commands import bench_kernels

        times = [
            *(bench_kernels.bench_knn(t, options.repeat or KERNEL_RUNS) for t in options.knn),
            *(bench_kernels.bench_gemm(t, options.repeat or KERNEL_RUNS) for t in options.gemm),
        ]
        print(bench_kernels.as_json(times) if options.json else bench_kernels.as_text(times))
        return 0
    if options.growth:
        from bgnn_studio.commands import bench_growth

        rows = bench_growth.grow(options.threads, options.repeat or KERNEL_RUNS)
        print(bench_growth.as_json(rows, options.threads) if options.json else bench_growth.as_text(rows, options.threads))
        return 0
    report = bench(
        options.model,
        cloud_path=options.cloud,
        full=options.full,
        count=options.points,
        threads=options.threads,
        rule=Rule(seconds=options.seconds) if options.repeat is None else exactly(options.repeat),
        against_torch=options.against == "torch",
    )
    saved, failure = [], None
    try:
        saved = [History().add(found) for found in report.runs] if options.save else []
    except HistoryError as error:  # what was measured is still told
        failure = error
    print(as_json(report, saved) if options.json else as_text(report, saved))
    if failure is not None:
        raise failure
    return 0


@dataclass(frozen=True)
class Row:
    """One model's latency: of the engine, in all and by layer, and of torch if asked."""

    model: Model
    points: int
    isa: str
    engine: Measurement[Inference]
    layers: list[LayerTime]
    torch: Measurement[Any] | None


@dataclass(frozen=True)
class BenchReport:
    """All rows, with what they have in common."""

    rows: list[Row]
    cloud: Cloud
    threads: int
    torch_weights: str  # "the same" as the engine's, "random", or empty without torch
    runs: list[Run]  # as the history takes them


def bench(
    model_paths: Sequence[Path],
    *,
    cloud_path: Path | None = None,
    full: bool = False,
    count: int | None = None,
    threads: int = 1,
    rule: Rule = RULE,
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
        rows = [_row(path, net, cloud, count, threads=threads, rule=rule, against_torch=against_torch) for path, net in models]
        weights = ("the same" if full else "random") if against_torch else ""
        runs = [run for row in rows for run in _runs(row, cloud, threads, weights)]
    if not rows:
        raise BgnnError("No model to measure: none is bundled. Give --model, or --full.")
    return BenchReport(rows, cloud, threads, weights, runs)


def _row(path: Path, network: "Network | None", cloud: Cloud, count: int | None, *, threads: int, rule: Rule, against_torch: bool) -> Row:
    model = Model.open(path)
    points = preprocess(cloud.points, count or model.spec.points)
    engine = measure_until(lambda: model.infer(points, threads=threads), rule)
    torch = None
    if against_torch:
        from bgnn_studio.training.timing import calibrated_network, torch_pass

        with torch_pass(network or calibrated_network(model.spec), points, threads) as call:
            torch = measure_until(call, rule)
    assert engine is not None  # nobody cancels here
    return Row(model, len(points), engine.results[-1].isa, engine, layer_times(engine.results), torch)


def _runs(row: Row, cloud: Cloud, threads: int, weights: str) -> Iterator[Run]:
    """Return the runs to store of a row."""
    local = partial(local_run, model=row.model, cloud=cloud.name, points=row.points, threads=threads)
    yield local(row.engine, isa=row.isa, layers=row.layers)
    if row.torch is not None:
        from bgnn_studio.training.timing import torch_isa

        yield local(row.torch, isa=torch_isa(), engine="torch", details={"weights": weights})


def as_json(report: BenchReport, saved: Sequence[int] = ()) -> str:
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
                    "repeats": len(row.engine.results),
                    "engine_ms": {**_figures(row.engine), "layers": [vars(layer) for layer in row.layers]},
                    "torch_ms": row.torch and _figures(row.torch),
                    "torch_over_engine": row.torch and row.torch.latency.p50_ms / row.engine.latency.p50_ms,
                }
                for row in report.rows
            ],
            "saved_runs": list(saved),
        },
        indent=2,
    )


def _figures(measured: Measurement[Any]) -> dict[str, Any]:
    latency = measured.latency
    return {
        "p50": latency.p50_ms,
        "p50_interval": latency.interval_ms,
        "p90": latency.p90_ms,
        "p99": latency.p99_ms,
        "min": latency.min_ms,
        "first": measured.first_ns / 1e6,
        "stopped_by": measured.stopped_by,
        "noise": latency.noise,
    }


def as_text(report: BenchReport, saved: Sequence[int] = ()) -> str:
    """Write a report for people."""
    rows = [
        [
            "model",
            "variant",
            "file",
            "N",
            "k",
            "median [ms]",
            "95 %",
            "min",
            "p90",
            "p99",
            "runs",
            *(["torch median", "torch / engine"] if report.torch_weights else []),
        ]
    ]
    for row in report.rows:
        found = row.engine.latency
        figures = [f"{ms:.3f}" for ms in (found.p50_ms, found.min_ms, found.p90_ms, found.p99_ms)]
        figures.insert(1, "" if found.interval_ms is None else "{:.3f}-{:.3f}".format(*found.interval_ms))
        figures.append(str(len(row.engine.results)))
        if row.torch is not None:
            figures += [f"{row.torch.latency.p50_ms:.3f}", f"{row.torch.latency.p50_ms / found.p50_ms:.1f}x"]
        spec = row.model.spec
        rows.append([row.model.name, spec.title, size_text(row.model.file_bytes), str(row.points), str(spec.k), *figures])
    isas = ", ".join(sorted({row.isa for row in report.rows}))
    ran = f"measured here after {WARMUP} runs to warm up; {report.threads} thread{'s' if report.threads > 1 else ''}; engine on {isas}"
    notes = [f"{report.cloud.name}; {ran}"]
    notes += [f"{row.model.name}: {row.engine.latency.noise}" for row in report.rows if row.engine.latency.noise]
    notes += [f"stored as run{'s' * (len(saved) > 1)} {', '.join(map(str, saved))}"] if saved else []
    if report.torch_weights:
        notes.append(f"torch: the module of the same spec with {report.torch_weights} weights, one cloud, as many threads")
    return "\n".join([table(rows, right=range(2, len(rows[0]))), "", *notes])
