"""A run on a board as the history keeps it, and as JSON."""

import platform
from dataclasses import asdict
from typing import Any

import numpy as np

from bgnn_studio import history
from bgnn_studio.boards.board import Run
from bgnn_studio.boards.target import LOCAL


def record(run: Run) -> history.Run:
    """Return a run for the history; a machine is known by the address that the user gave, this one by its name."""
    task, result = run.task, run.result
    conditions = history.Conditions(
        kind="board",
        engine="native",
        badge=run.badge,
        model_name=task.model,
        variant=run.model.variant,
        model_sha256=task.model_sha256,
        cloud=task.cloud,
        points=run.init.points,
        k=run.init.k,
        threads=run.init.threads,
        isa=run.identity.isa,
        machine=platform.node() if run.board == LOCAL else run.board,
        time=run.started,
    )
    steps = [tuple(history.StepRecord(step.step, step.p50_ns) for step in layer.steps) for layer in result.layers]
    layers = (
        history.LayerRecord(layer.layer, layer.p50_ns, parts, layer.macs, layer.bit_ops)
        for layer, parts in zip(result.layers, steps, strict=True)
    )
    facts = asdict(run.identity)
    samples = np.array(result.samples_ns, np.int64)
    return history.Run(conditions, samples, tuple(layers), facts, details(run), result.checksum, instructions=result.instructions)


def details(run: Run) -> dict[str, Any]:
    """Return what is known of a run beside its conditions, times and machine, for JSON."""
    result = run.result
    return {
        "settings": asdict(run.task.settings),
        "runner_sha256": run.place.runner_sha256,
        "architecture": run.place.architecture,
        "open_ns": run.init.open_ns,
        "first_ns": run.first.ns,
        "cool": run.cool and asdict(run.cool),
        "passes": result.passes,
        "stopped_by": result.stopped_by,
        "spread": result.spread,
        "instructions_absent": result.instructions_absent,
        "memory_bytes": {
            "peak_rss": result.peak_rss_bytes,
            "arena": result.arena_bytes,
            "model": result.model_bytes,
            "file": run.model.file_bytes,
            "prepared": run.model.prepared_bytes,
        },
        "logits": result.logits,
        "checksum_here": run.task.checksum,
        "equal": run.is_equal,
        "throttling": asdict(run.throttling),
        "heartbeats": [asdict(beat) for beat in run.heartbeats],
    }
