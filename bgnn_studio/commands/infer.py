"""`bgnn-studio infer`: one cloud through one model, with its class, times and memory."""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bgnn_studio.commands.arguments import add_input, add_repeat
from bgnn_studio.commands.inputs import describe_points, open_points, write_file
from bgnn_studio.commands.text import table
from bgnn_studio.core.bits import unpack_signs
from bgnn_studio.core.clouds import Cloud
from bgnn_studio.core.graphs import are_bits
from bgnn_studio.core.inference import Inference
from bgnn_studio.core.timing import WARMUP, Latency, LayerTime, layer_times, measure
from bgnn_studio.core.units import size_text
from bgnn_studio.native import Model


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_input(command)
    command.add_argument("--model", type=Path, required=True, metavar="MODEL", help="model file (*.gguf)")
    add_repeat(command, 10)
    command.add_argument("--json", action="store_true", help="write JSON")
    command.add_argument("--trace", type=Path, metavar="NPZ", help="write graphs, features and logits of every layer")


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
    report = infer(
        options.cloud,
        options.model,
        raw=options.raw,
        count=options.points,
        k=options.k,
        threads=options.threads,
        repeat=options.repeat,
        trace_path=options.trace,
    )
    print(as_json(report) if options.json else as_text(report))
    return 0


@dataclass(frozen=True)
class InferenceReport:
    """What `infer` found: the cloud and the points (N, 3) that went in, the last inference, wall times of all of them."""

    cloud: Cloud
    points: NDArray[np.float32]
    raw: bool
    model: Model
    k: int
    inference: Inference
    latency: Latency
    layers: list[LayerTime]


def infer(
    cloud_path: Path,
    model_path: Path,
    *,
    raw: bool = False,
    count: int | None = None,
    k: int | None = None,
    threads: int = 1,
    repeat: int = 10,
    trace_path: Path | None = None,
) -> InferenceReport:
    """Run a cloud through a model `repeat` times, warm-up apart; write the trace of one more run if asked."""
    model = Model.open(model_path)
    cloud, points = open_points(cloud_path, model, raw=raw, count=count)
    latency, runs = measure(lambda: model.infer(points, k=k, threads=threads), repeat)
    if trace_path is not None:
        write_trace(trace_path, points, model.infer(points, k=k, threads=threads, trace=True), model)
    return InferenceReport(cloud, points, raw, model, k or model.spec.k, runs[-1], latency, layer_times(runs))


def write_trace(path: Path, points: NDArray[np.float32], inference: Inference, model: Model) -> None:
    """Write ``points``, ``knn1`` ..., ``features2`` ... (int8 or float32), ``winners`` and ``logits``, each with a batch axis of 1."""
    trace, spec = inference.trace, model.spec
    if trace is None:
        raise ValueError("Expected an inference with its trace.")
    arrays: dict[str, Any] = {"points": points, "logits": inference.logits, "winners": trace.winners}
    arrays |= {f"knn{layer}": knn for layer, knn in enumerate(trace.knn, 1)}
    for layer, features in enumerate(trace.features, 2):
        arrays[f"features{layer}"] = unpack_signs(features, spec.in_channels[layer - 1]) if are_bits(features) else features
    write_file(path, lambda file: np.savez_compressed(file, **{name: array[None] for name, array in arrays.items()}))


def as_json(report: InferenceReport) -> str:
    """Write a report for programs."""
    inference, model, latency = report.inference, report.model, report.latency
    best = int(inference.logits.argmax())
    return json.dumps(
        {
            "class": model.spec.classes[best],
            "classes": model.spec.classes,
            "probabilities": inference.probabilities.tolist(),
            "logits": inference.logits.tolist(),
            "cloud": str(report.cloud.path),
            "cloud_points": len(report.cloud.points),
            "points": len(report.points),
            "raw": report.raw,
            "k": report.k,
            "model": str(model.path),
            "variant": model.spec.variant,
            "isa": inference.isa,
            "threads": inference.threads,
            "repeats": len(latency.samples_ns),
            "warmup": WARMUP,
            "latency_ms": {
                "p50": latency.p50_ms,
                "p90": latency.p90_ms,
                "min": latency.min_ms,
                "layers": [{"name": layer.name, "ms": layer.ms, "steps": layer.steps} for layer in report.layers],
            },
            "memory_bytes": {
                "file": model.file_bytes,
                "tensors": model.tensor_bytes,
                "prepared": model.prepared_bytes,
                "arena": inference.arena_bytes,
            },
        },
        indent=2,
    )


def as_text(report: InferenceReport) -> str:
    """Write a report for people: class, top five, times per layer, memory."""
    inference, model, latency = report.inference, report.model, report.latency
    spec, p = model.spec, inference.probabilities
    trained = "" if len(report.points) == spec.points and report.k == spec.k else f" (trained with {spec.points} points, k = {spec.k})"
    top = sorted(range(len(p)), key=lambda i: (-p[i], i))[:5]
    ran = f"{len(latency.samples_ns)} runs after {WARMUP} to warm up"
    total = sum(layer.ms for layer in report.layers)
    times = [["layer", "ms", "%", "steps [ms]"]]
    for layer in report.layers:
        steps = ", ".join(f"{name} {ms:.3f}" for name, ms in layer.steps.items())
        times.append([layer.name, f"{layer.ms:.3f}", f"{100 * layer.ms / total if total else 0:.0f}", steps])
    return "\n".join(
        [
            f"{spec.classes[top[0]]}  {100 * p[top[0]]:.1f} %",
            "",
            table([[f"{rank}.", spec.classes[i], f"{100 * p[i]:.1f} %"] for rank, i in enumerate(top, 1)], right=(2,)),
            "",
            f"cloud    {report.cloud.path}: {describe_points(report.cloud, report.points, raw=report.raw)}",
            f"model    {model.path}: {spec.title}, k = {report.k}{trained}",
            f"latency  {latency.p50_ms:.3f} ms median, {latency.min_ms:.3f} ms best of {ran}",
            f"ran on   {inference.isa}, {inference.threads} thread{'s' if inference.threads > 1 else ''}",
            (
                f"memory   file {size_text(model.file_bytes)}, prepared {size_text(model.prepared_bytes)}, "
                f"arena {size_text(inference.arena_bytes)}"
            ),
            "",
            table(times, right=(1, 2)),
        ]
    )
