"""Runs to store, each a function of a number, so that a reader can tell a whole one from a damaged one."""

from datetime import UTC, datetime, timedelta

import numpy as np

from bgnn_studio.history import Conditions, LayerRecord, Run, StepRecord

START = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)


def make_run(number: int = 0, samples: int = 40, **changes: object) -> Run:
    rng = np.random.default_rng(number)
    conditions = {
        "kind": "local",
        "engine": "native",
        "badge": "measured",
        "model_name": "bf2",
        "variant": "bf2",
        "model_sha256": f"{number % 3:064x}",
        "cloud": "chair",
        "points": 1024,
        "k": 20,
        "threads": 1 + number % 2,
        "isa": "avx2",
        "machine": "desk, a CPU",
        "time": START + timedelta(seconds=number),
    }
    others = {
        "samples_ns": rng.integers(4_000_000, 5_000_000, samples),
        "layers": (
            LayerRecord("layer1", 2e6, (StepRecord("knn", 1.5e6), StepRecord("conv", 0.5e6)), macs=number, bit_ops=2**40),
            LayerRecord("head", 1e5, (StepRecord("block", 6e4), StepRecord("block", 4e4))),
        ),
        "machine_facts": {"cores": 2, "governor": None, "name": "Größe"},
        "details": {"first_ns": number},
        "checksum": f"{number:016x}",
        "tags": frozenset({f"tag{number % 4}"}),
        "notes": f"run {number}",
        "instructions": None if number % 2 else 1_000_000 + number,
    }
    conditions |= {name: value for name, value in changes.items() if name in conditions}
    return Run(Conditions(**conditions), **(others | {name: value for name, value in changes.items() if name in others}))


def assert_same(found: Run, made: Run) -> None:
    for name in ("conditions", "layers", "machine_facts", "details", "checksum", "tags", "notes", "instructions"):
        assert getattr(found, name) == getattr(made, name), name
    np.testing.assert_array_equal(found.samples_ns, made.samples_ns)
