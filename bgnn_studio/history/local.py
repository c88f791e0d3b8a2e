"""Runs of this machine: from what the timing gave to what the history keeps."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bgnn_studio.core.digests import file_sha256
from bgnn_studio.core.machine import this_machine
from bgnn_studio.core.opened import OpenModel
from bgnn_studio.core.timing import LayerTime, Measurement
from bgnn_studio.history.runs import Conditions, Engine, LayerRecord, Run, StepRecord


def local_run(
    measured: Measurement[Any],
    model: OpenModel,
    *,
    cloud: str,
    points: int,
    threads: int,
    isa: str,
    engine: Engine = "native",
    layers: Sequence[LayerTime] = (),
    details: Mapping[str, Any] | None = None,
) -> Run:
    """Return the run to record for a model measured in this process or a child of it; raises `BgnnError` when its file is gone."""
    machine = this_machine()
    conditions = Conditions(
        kind="local",
        engine=engine,
        badge="measured",
        model_name=model.name,
        variant=model.spec.variant,
        model_sha256="" if model.path is None else file_sha256(model.path),
        cloud=cloud,
        points=points,
        k=model.spec.k,
        threads=threads,
        isa=isa,
        machine=machine.name,
    )
    known = {"first_ns": measured.first_ns, "stopped_by": measured.stopped_by, "noise": measured.latency.noise}
    samples = np.array(measured.latency.samples_ns, np.int64)
    records = tuple(LayerRecord(layer.name, layer.ms * 1e6, _steps(layer)) for layer in layers)
    return Run(conditions, samples, records, machine.facts, known | dict(details or {}))


def _steps(layer: LayerTime) -> tuple[StepRecord, ...]:
    return tuple(StepRecord(name, ms * 1e6) for name, ms in layer.steps.items())
